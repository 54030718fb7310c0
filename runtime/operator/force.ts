/**
 * A term that a person forces. Its file is created by the same code as a checker's claim, and as atomically. Living checkers reconcile
 * the tags with it as with any other term. Only the evidence is skipped.
 */
import { claim } from '../fleet/claim.ts';
import { startBudget } from '../fleet/budget.ts';
import type { Term } from '../core/model/term.ts';
import type { ForcedMove } from '../core/outlook/plan-move.ts';
import { FORCED } from '../core/decision/decision-record.ts';
import type { FleetAccess } from '../fleet/access.ts';
import { hasMoved, pollSeconds, moveSeconds } from './switch-over.ts';
import { waitFor } from './wait.ts';

export type Forced =
  | { readonly kind: 'done'; readonly term: number; readonly seconds: number }
  | { readonly kind: 'not-claimed'; readonly why: string }
  /** The term was created, and another cluster has claimed since. */
  | { readonly kind: 'undone'; readonly term: number; readonly holder: string; readonly by: number }
  /** The term was created; the tags have not followed yet. */
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
    return { kind: 'not-claimed', why: `term ${term.number} was claimed by ${term.holder} meanwhile` };
  const patience = { boundSeconds: moveSeconds(timing), everySeconds: pollSeconds(timing), interrupted };
  const waited = await waitFor<Term | undefined>(access, patience, (facts) => {
    const newest = facts.term.kind === 'term' ? facts.term.term : undefined;
    if (newest && newest.number > term.number) return { kind: 'done', value: newest };
    const moved = hasMoved(facts, move.from, move.to);
    return moved.kind === 'done' ? { kind: 'done', value: undefined } : moved;
  });
  if (waited.kind === 'late') return { kind: 'late', term: term.number, why: waited.why };
  const next = waited.value;
  if (next) return { kind: 'undone', term: term.number, holder: next.holder, by: next.number };
  return { kind: 'done', term: term.number, seconds: (clock.now() - start) / 1000 };
}
