/** control.json: what people have asked for. Without this file nothing is paused, pinned or retired. */
import * as z from 'zod';
import { clusterName } from '../../values.ts';
import type { Parsed } from './read.ts';
import { isoTime, MAX_CLUSTERS, MAX_SENTENCE, parseFile } from './stored-file.ts';

export const controlSchema = z.strictObject({
  version: z.literal(1),
  paused: z.boolean().default(false),
  pin: z.strictObject({ cluster: clusterName, until: isoTime.optional() }).nullable().default(null),
  retired: z.array(clusterName).max(MAX_CLUSTERS).default([]),
  /**
   * Clusters whose stack is being destroyed, or was. They count as retired. The difference: Pulumi wrote this entry, and
   * removes it when the stack is created again. Only people remove an entry of `retired`.
   */
  destroyed: z.array(clusterName).max(MAX_CLUSTERS).default([]),
  note: z.string().max(MAX_SENTENCE).optional(),
});
export type Control = z.infer<typeof controlSchema>;

export const CONTROL_PATH = 'control.json';
export const NO_CONTROL: Control = Object.freeze({ version: 1, paused: false, pin: null, retired: [], destroyed: [] });

/** This cluster may not hold the main tags: people retired it, or its stack is being destroyed. */
export const isRetired = (control: Control, cluster: string): boolean =>
  control.retired.includes(cluster) || control.destroyed.includes(cluster);

export const parseControl = (text: string): Parsed<Control> => parseFile(CONTROL_PATH, text, controlSchema);
