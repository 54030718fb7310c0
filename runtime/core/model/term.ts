/** terms/<number>.json: a claim. Append-only: a term's file is created once and never written again. */
import * as z from 'zod';
import { clusterName } from '../../values.ts';
import type { Parsed } from './read.ts';
import { isoTime, parseFile, recordId } from './stored-file.ts';

export const termSchema = z.object({
  version: z.literal(1),
  number: z.number().int().min(1),
  holder: clusterName,
  previous: z.string(),
  at: isoTime,
  ground: z.string(),
  reason: z.string(),
  /** The last stamp of a holder that went silent: from then on the main tags may have been without a working cluster. */
  downSince: isoTime.optional(),
  /** The runner records of every cluster that the author knew, so that a lost report loses no record. */
  records: z.record(clusterName, z.array(recordId)),
  /** What the decision was made from (core/decision/decision-record.ts); `hadr explain` replays it. */
  evidence: z.unknown(),
});
export type Term = z.infer<typeof termSchema>;

export const termPath = (number: number): string => `terms/${number}.json`;

export function parseTerm(number: number, text: string): Parsed<Term> {
  const parsed = parseFile(termPath(number), text, termSchema);
  if (parsed.ok && parsed.value.number !== number)
    return { ok: false, why: `${termPath(number)} holds another number` };
  return parsed;
}
