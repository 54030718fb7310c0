/**
 * The files of the status project: report, term and control. Each is parsed once, here, into plain data; a file that
 * cannot be parsed says why in a clause, and nothing is decided on it.
 */
import * as z from 'zod';
import { clusterName } from '../../config.ts';
import type { Parsed } from './read.ts';

const recordId = z.number().int().positive();
const isoTime = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

/** status/<cluster>.json: what a cluster says of itself, committed when it changes. */
export const reportSchema = z.object({
  version: z.literal(1),
  cluster: clusterName,
  /** For people: `Online 2 / Total 2`. */
  summary: z.string(),
  online: z.number().int().min(0),
  total: z.number().int().min(0),
  minOnline: z.number().int().min(1),
  preferred: z.boolean(),
  records: z.array(recordId),
  ownTags: z.array(z.string()),
  mainTags: z.array(z.string()),
  holder: z.string(),
  term: z.number().int().min(0),
  /** What people should do before it is too late, a sentence each; absent where there is nothing. */
  warnings: z.array(z.string()).optional(),
});
export type Report = z.infer<typeof reportSchema>;

/** terms/<number>.json: a claim. Append-only: it is created once and never written again. */
export const termSchema = z.object({
  version: z.literal(1),
  number: z.number().int().min(1),
  holder: clusterName,
  previous: z.string(),
  at: isoTime,
  ground: z.string(),
  reason: z.string(),
  /** The last that was heard of a holder that fell silent: from then on nobody may have served the main tags. */
  downSince: isoTime.optional(),
  /** The runner records of every cluster that the author knew, so that a lost report loses no record. */
  records: z.record(clusterName, z.array(recordId)),
  /** What the decision was made from (core/replay.ts); `hadr explain` replays it. */
  evidence: z.unknown(),
});
export type Term = z.infer<typeof termSchema>;

/** control.json: what people have asked for. A project without it asks for nothing. */
export const controlSchema = z.strictObject({
  version: z.literal(1),
  paused: z.boolean().default(false),
  pin: z.strictObject({ cluster: clusterName, until: isoTime.optional() }).nullable().default(null),
  retired: z.array(clusterName).default([]),
  /**
   * Clusters whose stack is being destroyed, or was. As good as retired; but Pulumi wrote it, and takes it back when the
   * stack is made anew. What people retire, only people bring back.
   */
  destroyed: z.array(clusterName).default([]),
  note: z.string().optional(),
});
export type Control = z.infer<typeof controlSchema>;
export const NO_CONTROL: Control = Object.freeze({ version: 1, paused: false, pin: null, retired: [], destroyed: [] });

/** This cluster may not hold the main tags: people say so, or its stack is going. */
export const isRetired = (control: Control, cluster: string): boolean =>
  control.retired.includes(cluster) || control.destroyed.includes(cluster);

/** drills/<number>.json: a switchover there and back, by the number of its first term. Created once, for people. */
export interface Drill {
  readonly version: 1;
  readonly at: string;
  readonly by: string;
  readonly from: string;
  readonly to: string;
  readonly there: DrillLeg;
  readonly back: DrillLeg;
}

export interface DrillLeg {
  readonly term: number;
  /** From the request until the main tags were on the other cluster. */
  readonly seconds: number;
}

export const reportPath = (cluster: string): string => `status/${cluster}.json`;
export const termPath = (number: number): string => `terms/${number}.json`;
export const drillPath = (number: number): string => `drills/${number}.json`;
export const CONTROL_PATH = 'control.json';

const versionOnly = z.object({ version: z.number() });

function parseFile<T>(path: string, text: string, schema: z.ZodType<T>): Parsed<T> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, why: `${path} is not JSON` };
  }
  const version = versionOnly.safeParse(json);
  if (version.success && version.data.version > 1)
    return {
      ok: false,
      why: `${path} was written by a newer release (version ${version.data.version}); upgrade this one`,
    };
  const parsed = schema.safeParse(json);
  if (parsed.success) return { ok: true, value: parsed.data };
  const first = parsed.error.issues[0];
  return { ok: false, why: `${path} is not valid at "${first?.path.map(String).join('.') ?? ''}"` };
}

/** A report is of the cluster that its path names, or it is nonsense. */
export function parseReport(cluster: string, text: string): Parsed<Report> {
  const parsed = parseFile(reportPath(cluster), text, reportSchema);
  if (parsed.ok && parsed.value.cluster !== cluster)
    return { ok: false, why: `${reportPath(cluster)} speaks of another cluster` };
  return parsed;
}

export function parseTerm(number: number, text: string): Parsed<Term> {
  const parsed = parseFile(termPath(number), text, termSchema);
  if (parsed.ok && parsed.value.number !== number)
    return { ok: false, why: `${termPath(number)} holds another number` };
  return parsed;
}

export const parseControl = (text: string): Parsed<Control> => parseFile(CONTROL_PATH, text, controlSchema);

/** The text of a file: stable, so that equal content is equal text and commits nothing. */
export const fileText = (value: Report | Term | Control | Drill): string => `${JSON.stringify(value, null, 2)}\n`;

export const summaryOf = (online: number, total: number): string => `Online ${online} / Total ${total}`;
