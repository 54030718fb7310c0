/** status/<cluster>.json: the report of a cluster's checker, committed when it changes. */
import * as z from 'zod';
import { clusterName } from '../../values.ts';
import type { Parsed } from './read.ts';
import {
  MAX_CLUSTERS,
  MAX_RECORDS,
  MAX_RUNNERS,
  MAX_TERM,
  parseFile,
  recordIds,
  runnerCount,
  tags,
} from './stored-file.ts';

export const reportSchema = z.object({
  version: z.literal(1),
  cluster: clusterName,
  /** For people: `Online 2 / Total 2`. */
  summary: z.string().max(100),
  online: runnerCount,
  total: runnerCount,
  minOnline: z.number().int().min(1).max(MAX_RUNNERS),
  preferred: z.boolean(),
  records: recordIds,
  /** Kubernetes' uids of the cluster's Deployments: they tell two stacks of one name apart. Absent in earlier releases. */
  deployments: z.array(z.string().max(100)).max(MAX_RECORDS).optional(),
  ownTags: tags,
  mainTags: tags,
  /** `nobody` before the first term. */
  holder: clusterName,
  term: z.number().int().min(0).max(MAX_TERM),
  /**
   * The records of each other cluster, as this one last knew them: then a lost report makes no cluster unknown. Absent
   * where none is known, and in reports of earlier releases.
   */
  rivals: z
    .record(clusterName, recordIds)
    .refine((rivals) => Object.keys(rivals).length <= MAX_CLUSTERS)
    .optional(),
  /** What people should do soon, a sentence each; absent if there is nothing. */
  warnings: z.array(z.string().max(1000)).max(20).optional(),
});
export type Report = z.infer<typeof reportSchema>;

export const reportPath = (cluster: string): string => `status/${cluster}.json`;

export const summaryOf = (online: number, total: number): string => `Online ${online} / Total ${total}`;

/** A report of another cluster than the one in its path is not valid. */
export function parseReport(cluster: string, text: string): Parsed<Report> {
  const parsed = parseFile(reportPath(cluster), text, reportSchema);
  if (parsed.ok && parsed.value.cluster !== cluster)
    return { ok: false, why: `${reportPath(cluster)} names another cluster` };
  return parsed;
}
