/**
 * A person's switchover: a pin that ends by itself. The pinned cluster's own checker claims by the protocol's rules, and once
 * the tags have followed the pin is taken back. Nothing here writes a term or a tag.
 */
import { isoOf, type GitLabSeconds } from '../core/model/time.ts';
import type { Control } from '../core/model/control.ts';
import type { FleetFacts } from '../core/model/facts.ts';
import { standingOf } from '../core/outlook/succession.ts';
import { longestGapSeconds, type Timing } from '../timing.ts';
import { editControl } from '../fleet/edit-control.ts';
import type { FleetAccess } from '../fleet/access.ts';
import { waitFor, type Progress } from './wait.ts';

export type SwitchedOver =
  | { readonly kind: 'done'; readonly term: number; readonly seconds: number; readonly left: string | undefined }
  /** The pin was not written, as far as is known. */
  | { readonly kind: 'not-asked'; readonly why: string }
  /** It did not come about in time. `left` says what of the request still stands, if anything does. */
  | { readonly kind: 'late'; readonly why: string; readonly left: string | undefined };

/** A checker's next round, one that was just cut short before it, and all that a round may take. */
export const moveSeconds = (timing: Timing): number => 2 * longestGapSeconds(timing) + timing.budgetSeconds;

/** So that a wait is measured to about a second with the default times. */
export const pollSeconds = (timing: Timing): number => timing.roundSeconds / 15;

/** `now` is GitLab's time of the read that the plan is based on. The seconds are counted from before the pin. */
export async function switchOver(
  access: FleetAccess,
  move: { readonly from: string; readonly to: string; readonly now: GitLabSeconds; readonly message: string },
  interrupted: AbortSignal,
): Promise<SwitchedOver> {
  const { timing } = access.config;
  const boundSeconds = moveSeconds(timing);
  const pin = { cluster: move.to, until: isoOf(Math.ceil(move.now + boundSeconds)) };
  const start = access.clock.now();
  const asked = await editControl(access, (control) => ({ ...control, pin }), move.message);
  if (asked.kind === 'failed') return { kind: 'not-asked', why: asked.why };
  const waited = await waitFor<number>(
    access,
    { boundSeconds, everySeconds: pollSeconds(timing), interrupted },
    (facts) => hasMoved(facts, move.from, move.to),
  );
  const seconds = (access.clock.now() - start) / 1000;
  const left = await takeBack(access, pin, move);
  return waited.kind === 'done'
    ? { kind: 'done', term: waited.value, seconds, left }
    : { kind: 'late', why: waited.why, left };
}

/** Done once the newest term names `to` and the records agree. */
export function hasMoved(facts: FleetFacts, from: string, to: string): Progress<number> {
  const standing = standingOf(facts, from);
  switch (standing.kind) {
    case 'unknown':
      return { kind: 'waits', why: standing.why };
    case 'holds':
      return { kind: 'waits', why: `waiting for the term of ${to}` };
    case 'free':
      if (standing.holder !== to)
        return { kind: 'waits', why: `${standing.holder ?? 'no cluster'} holds them by term ${standing.term}` };
      if (!standing.converged)
        return { kind: 'waits', why: `term ${standing.term} names ${to}; waiting for the tags to follow` };
      return { kind: 'done', value: standing.term };
  }
}

/** Takes this pin back and no other. A sentence where it may still stand. */
async function takeBack(
  access: FleetAccess,
  pin: { readonly cluster: string; readonly until: string },
  { from, to }: { readonly from: string; readonly to: string },
): Promise<string | undefined> {
  const isOurs = (control: Control): boolean => control.pin?.cluster === pin.cluster && control.pin.until === pin.until;
  const edited = await editControl(
    access,
    (control) => (isOurs(control) ? { ...control, pin: null } : control),
    `Unpinned: the switchover from ${from} to ${to} is over`,
  );
  return edited.kind === 'failed'
    ? `the pin to ${pin.cluster} may remain until ${pin.until} and then ends by itself`
    : undefined;
}
