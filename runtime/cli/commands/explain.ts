/** `hadr explain`: makes a term's decision again, only from what the term recorded. */
import * as z from 'zod';
import { isoOf, moment } from '../../core/model/time.ts';
import type { Facts, MemberFacts } from '../../core/model/facts.ts';
import type { Term } from '../../core/model/term.ts';
import { ageOf } from '../../core/model/lease.ts';
import { replay, type Replay } from '../../core/decision/replay.ts';
import type { Decision } from '../../core/decision/decide.ts';
import type { DecisionRecord } from '../../core/decision/decision-record.ts';
import { readFleet } from '../../fleet/read-fleet.ts';
import type { FleetAct, FleetContext, Usage } from '../context.ts';
import { EXIT, notKnown, wrongUsage, type ExitCode } from '../exit.ts';
import { present } from '../present/output.ts';
import { table, type Paint } from '../present/table.ts';
import { readTerm } from '../../fleet/read-terms.ts';
import { newestNumber } from './newest-number.ts';

export const explainSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal('explain'),
  term: z.strictObject({
    number: z.number().int(),
    holder: z.string(),
    previous: z.string(),
    at: z.string(),
    ground: z.string(),
    reason: z.string(),
  }),
  result: z
    .enum(['same', 'differs', 'forced', 'earlier-rule'])
    .describe(
      'same: the recorded facts give the same claim. forced: a person claimed it. earlier-rule: a release that measured strength in another way claimed it.',
    ),
  decision: z
    .strictObject({ kind: z.string(), reason: z.string() })
    .describe(
      'What this release decides on the recorded facts; for a forced term what the checker would have decided.',
    ),
  saw: z
    .array(z.strictObject({ what: z.string(), value: z.string() }))
    .describe('The most important facts, for people.'),
});
type Explained = z.infer<typeof explainSchema>;

export function explain({ given }: Usage): FleetAct {
  const text = given.argument ?? '';
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw wrongUsage(`${text} is not the number of a term; give one that hadr history shows`);
  return (context) => explainTerm(context, Number(text));
}

async function explainTerm(context: FleetContext, number: number): Promise<ExitCode> {
  const newest = newestNumber(await readFleet(context.access));
  if (number > newest) throw wrongUsage(`there is no term ${number}; the newest is ${newest}`);
  const read = await readTerm(context.access.project, number);
  if (read.kind === 'unknown') throw notKnown(`${read.why}; hadr history shows the others`);
  const explained = explanationOf(read.value, replay(read.value));
  present(context.terminal, context.format, explained, { schema: explainSchema, text: explainText });
  return explained.result === 'differs' ? EXIT.degraded : EXIT.ok;
}

/** Throws a Refusal where the term did not record enough. */
function explanationOf(term: Term, replayed: Replay): Explained {
  if (replayed.kind === 'unreadable') throw notKnown(`${replayed.why}: this release cannot replay it`);
  const { number, holder, previous, at, ground, reason } = term;
  return {
    version: 1,
    kind: 'explain',
    term: { number, holder, previous, at, ground, reason },
    result: replayed.kind,
    decision: replayed.kind === 'same' ? { kind: 'claim', reason } : decisionOf(replayed.decision),
    saw: sawOf(replayed.record),
  };
}

const decisionOf = ({ kind, reason }: Decision): Explained['decision'] => ({ kind, reason });

function sawOf({ facts, policy }: DecisionRecord): Explained['saw'] {
  const { self, roll } = facts;
  const { memory } = self.lease;
  return [
    { what: 'GitLab’s time', value: moment(isoOf(facts.now)) },
    {
      what: self.name,
      value: `${self.online}/${self.total} online, ${policy.minOnline} needed${self.preferred ? ', preferred' : ''}`,
    },
    ...facts.rivals.map((rival) => ({ what: rival.name, value: rivalText(rival) })),
    { what: 'newest term', value: termText(facts) },
    { what: 'control', value: controlText(facts) },
    ...(memory.ground === 'none'
      ? []
      : [{ what: 'ground', value: `${memory.ground} since ${moment(isoOf(memory.since))}` }]),
    ...(roll
      ? [
          {
            what: 'roll call',
            value:
              roll.kind === 'called'
                ? `${roll.answered} of the holder’s managers answered, ${roll.ownAnswered} of ${self.name}’s own`
                : roll.why,
          },
        ]
      : []),
  ];
}

function rivalText({ lease: read, records }: MemberFacts): string {
  switch (read.kind) {
    case 'unknown':
      return read.why;
    case 'gone':
      return records.length === 0 ? 'no runner record is known' : 'all its runner records are gone from GitLab';
    case 'none':
      return read.why;
    case 'lease':
      return `${read.lease.online}/${read.lease.total} online, lease renewed ${ageOf(read)} s before`;
  }
}

function termText({ term }: Facts): string {
  switch (term.kind) {
    case 'none':
      return 'none yet';
    case 'term':
      return `${term.term.number}, held by ${term.term.holder} since ${moment(term.term.at)}`;
    case 'damaged':
    case 'unknown':
      return term.why;
  }
}

const NOTHING_ASKED = 'nothing paused, pinned or retired';

function controlText({ control }: Facts): string {
  if (control.kind === 'unknown') return control.why;
  if (control.kind === 'absent') return NOTHING_ASKED;
  const { paused, pin, retired, destroyed } = control.value;
  const asked = [
    ...(paused ? ['paused'] : []),
    ...(pin ? [`pinned to ${pin.cluster}${pin.until === undefined ? '' : ` until ${moment(pin.until)}`}`] : []),
    ...[...retired, ...destroyed].map((name) => `${name} retired`),
  ];
  return asked.length === 0 ? NOTHING_ASKED : asked.join(', ');
}

function explainText({ term, result, decision, saw }: Explained, paint: Paint): string {
  const head = `${paint.bold(`term ${term.number}: ${term.holder} took the main tags from ${term.previous}`)} at ${moment(term.at)}\n${term.ground}: ${term.reason}`;
  const facts = table(saw.map(({ what, value }) => [`  ${paint.dim(what)}`, value]));
  return `${head}\n\n${facts}\n\n${verdictText(result, decision, term.holder, paint)}`;
}

function verdictText(
  result: Explained['result'],
  decision: Explained['decision'],
  holder: string,
  paint: Paint,
): string {
  switch (result) {
    case 'same':
      return paint.good('replayed: the same facts give the same decision');
    case 'differs':
      return paint.bad(
        `replayed: this release decides differently on the same facts: ${decision.kind}: ${decision.reason}`,
      );
    case 'earlier-rule':
      return paint.fair(
        `not compared: an earlier release measured strength as a share of all runners; this one would have decided: ${decision.kind}: ${decision.reason}`,
      );
    case 'forced':
      return paint.fair(
        `forced by a person; the checker of ${holder} would have decided: ${decision.kind}: ${decision.reason}`,
      );
  }
}
