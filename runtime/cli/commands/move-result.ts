/** The result of switchover and failover. */
import * as z from 'zod';
import type { View } from '../present/output.ts';

export const moveSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal('move'),
  from: z.string(),
  to: z.string(),
  term: z.number().int(),
  seconds: z.number().min(0).describe('From the request until the main tags were on the other cluster.'),
});
export type MoveResult = z.infer<typeof moveSchema>;

const moveText = ({ from, to, term, seconds }: MoveResult): string =>
  `${to} holds the main tags (term ${term}), ${seconds} s after the request; ${from} no longer holds them`;

export const MOVE_VIEW: View<MoveResult> = { schema: moveSchema, text: moveText };
