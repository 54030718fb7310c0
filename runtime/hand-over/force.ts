/**
 * A person's forced term. Its file is created by the same code, and as atomically, as a checker's claim; the living checkers
 * converge on it as on any other. The person's word takes the place of the evidence, and of nothing else.
 */
import { claim } from '../checker/claim.ts';
import { startBudget } from '../checker/context.ts';
import type { ForcedMove } from '../core/move.ts';
import { FORCED } from '../core/term-evidence.ts';
import type { FleetAccess } from './member.ts';
import { hasMoved, lookSeconds, moveSeconds } from './switch-over.ts';
import { watch } from './watch.ts';

export type Forced =
  | { readonly kind: 'done'; readonly term: number; readonly seconds: number }
  | { readonly kind: 'not-claimed'; readonly why: string }
  /** The term stands; the tags have not followed yet. */
  | { readonly kind: 'late'; readonly term: number; readonly why: string };

export async function force(
  access: FleetAccess,
  move: ForcedMove,
  reason: string,
  random: () => number,
  interrupted: AbortSignal,
): Promise<Forced> {
  const { project, clock, config } = access;
  const { timing, policy } = config;
  const start = clock.now();
  const claimant = { project, clock, random, config: { cluster: move.to, policy, timing } };
  const wanted = { ground: FORCED, number: move.number, reason } as const;
  const claimed = await claim(claimant, move.facts, wanted, startBudget(clock, timing.budgetSeconds));
  if (claimed.kind === 'failed') return { kind: 'not-claimed', why: claimed.why };
  const { term } = claimed;
  if (term.holder !== move.to || term.reason !== reason)
    return { kind: 'not-claimed', why: `term ${term.number} was claimed meanwhile: ${term.holder} holds by it` };
  const waited = await watch<number>(
    access,
    { boundSeconds: moveSeconds(timing), everySeconds: lookSeconds(timing), interrupted },
    (facts) => hasMoved(facts, move.from, move.to),
  );
  const seconds = (clock.now() - start) / 1000;
  return waited.kind === 'done'
    ? { kind: 'done', term: term.number, seconds }
    : { kind: 'late', term: term.number, why: waited.why };
}
