/** terms/<number>.json: a claim. Append-only: a term's file is created once and never written again. */
import * as z from 'zod';
import { clusterName } from '../../values.ts';
import { currentGround } from './lease.ts';
import type { Parsed } from './read.ts';
import { isoTime, MAX_CLUSTERS, MAX_SENTENCE, MAX_TERM, parseFile, recordIds } from './stored-file.ts';

export const termSchema = z
  .object({
    version: z.literal(1),
    number: z.number().int().min(1).max(MAX_TERM),
    holder: clusterName,
    /** `nobody` in the first term. */
    previous: clusterName,
    at: isoTime,
    ground: z
      .string()
      .regex(/^[a-z-]{1,40}$/)
      .transform(currentGround),
    reason: z.string().max(MAX_SENTENCE),
    /** The last stamp of a holder that went silent: from then on the main tags may have been without a working cluster. */
    downSince: isoTime.optional(),
    /** The runner records of every cluster that the author knew, so that a lost report loses no record. */
    records: z.record(clusterName, recordIds).refine((records) => Object.keys(records).length <= MAX_CLUSTERS),
    /** What the decision was made from (core/decision/decision-record.ts); `hadr explain` replays it. */
    evidence: z.unknown(),
  })
  .refine(({ holder, records }) => Object.hasOwn(records, holder), { path: ['records'] });
export type Term = z.infer<typeof termSchema>;

/** The records that a term names for a cluster. Own keys only: `constructor` is a cluster's name like any other. */
export const recordsIn = ({ records }: Term, cluster: string): readonly number[] =>
  Object.hasOwn(records, cluster) ? (records[cluster] ?? []) : [];

export const termPath = (number: number): string => `terms/${number}.json`;

export function parseTerm(number: number, text: string): Parsed<Term> {
  const parsed = parseFile(termPath(number), text, termSchema);
  if (parsed.ok && parsed.value.number !== number)
    return { ok: false, why: `${termPath(number)} holds another number` };
  return parsed;
}
