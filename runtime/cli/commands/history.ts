/** `hadr history`: which cluster held the main tags, since when, for how long and why. */
import * as z from 'zod';
import { isoOf, duration, moment } from '../../core/model/time.ts';
import type { Known } from '../../core/model/read.ts';
import { heldFor } from '../../core/decision/ground.ts';
import type { Term } from '../../core/model/term.ts';
import { readFleet } from '../../fleet/read-fleet.ts';
import type { FleetAct, FleetContext, Usage } from '../context.ts';
import { EXIT, wrongUsage, type ExitCode } from '../exit.ts';
import { present } from '../present/output.ts';
import { table, type Paint } from '../present/table.ts';
import { readTerms } from '../../fleet/read-terms.ts';
import { newestNumber } from './newest-number.ts';

export const historySchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal('history'),
  terms: z
    .array(
      z.strictObject({
        number: z.number().int(),
        holder: z.string().nullable().describe('Null if the term’s file is missing or not valid.'),
        previous: z.string().nullable().describe('The holder before; nobody before the first term.'),
        at: z.string().nullable(),
        seconds: z.number().int().min(0).nullable().describe('How long it lasted; for the newest term until now.'),
        ground: z.string().nullable(),
        reason: z.string().describe('Why the tags moved, or why the file cannot be read.'),
      }),
    )
    .describe('The newest first.'),
});
export type History = z.infer<typeof historySchema>;

const LIMIT = 10;

export function history({ given }: Usage): FleetAct {
  const limit = limitOf(given.texts.get('limit'));
  return (context) => showHistory(context, limit);
}

async function showHistory(context: FleetContext, limit: number): Promise<ExitCode> {
  const facts = await readFleet(context.access);
  const newest = newestNumber(facts);
  const terms = await readTerms(context.access.project, newest, limit);
  present(context.terminal, context.format, historyOf(terms, isoOf(facts.now)), {
    schema: historySchema,
    text: historyText,
  });
  return EXIT.ok;
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return LIMIT;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw wrongUsage(`--limit ${text} is not a number of terms; give one from 1`);
  return Number(text);
}

function historyOf(terms: readonly { number: number; term: Known<Term> }[], now: string): History {
  return {
    version: 1,
    kind: 'history',
    terms: terms.map(({ number, term }, index) => {
      if (term.kind === 'unknown')
        return { number, holder: null, previous: null, at: null, seconds: null, ground: null, reason: term.why };
      const { holder, previous, at, ground, reason } = term.value;
      const end = index === 0 ? now : endOf(terms[index - 1]?.term);
      const seconds = end === undefined ? null : heldFor(Date.parse(end) / 1000, at);
      return { number, holder, previous, at, seconds, ground, reason };
    }),
  };
}

const endOf = (next: Known<Term> | undefined): string | undefined =>
  next?.kind === 'known' ? next.value.at : undefined;

function historyText({ terms }: History, paint: Paint): string {
  if (terms.length === 0) return 'no cluster has held the main tags yet';
  const head = ['TERM', 'HOLDER', 'BEFORE', 'SINCE', 'FOR', 'GROUND', 'WHY'].map(paint.dim);
  const rows = terms.map((term, index) => [
    String(term.number),
    term.holder === null ? paint.bad('?') : index === 0 ? paint.bold(term.holder) : term.holder,
    term.previous ?? '?',
    term.at === null ? '?' : moment(term.at),
    term.seconds === null ? '?' : duration(term.seconds),
    term.ground ?? '?',
    term.reason,
  ]);
  return table([head, ...rows]);
}
