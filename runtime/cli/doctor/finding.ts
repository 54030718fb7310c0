/** The result of one check: one line for people, with a fix if something is wrong. */
import * as z from 'zod';
import type { GitLabSeconds } from '../../core/model/time.ts';

export const findingSchema = z.strictObject({
  check: z.string().describe('What was checked.'),
  level: z.enum(['ok', 'note', 'wrong', 'unknown']).describe('note: no harm yet. unknown: it could not be checked.'),
  found: z.string(),
  fix: z.string().nullable(),
});
export type Finding = z.infer<typeof findingSchema>;

export const ok = (check: string, found: string): Finding => ({ check, level: 'ok', found, fix: null });
export const note = (check: string, found: string, fix: string): Finding => ({ check, level: 'note', found, fix });
export const wrong = (check: string, found: string, fix: string): Finding => ({ check, level: 'wrong', found, fix });
export const unseen = (check: string, found: string, fix: string): Finding => ({
  check,
  level: 'unknown',
  found,
  fix,
});

/** Whole days until a token ends at midnight UTC of its date; negative once it has. */
export const daysLeft = (expiresAt: string, now: GitLabSeconds): number =>
  Math.floor((Date.parse(`${expiresAt}T00:00:00Z`) / 1000 - now) / 86_400);
