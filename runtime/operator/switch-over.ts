/**
 * A person's switchover: a pin that expires. The pinned cluster's own checker claims by the normal rules, and once the tags have
 * followed, the pin is removed. Nothing here writes a term or a tag.
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
  /** The pin was not written, or it is unknown whether it was. */
  | { readonly kind: 'not-asked'; readonly why: string }
  /** The tags did not move in time. `left` says what remains of the request, if anything does. */
  | { readonly kind: 'late'; readonly why: string; readonly left: string | undefined };

/** The gaps before two rounds, for the first round may be cut short, and the budget of a round. */
export const moveSeconds = (timing: Timing): number => 2 * longestGapSeconds(timing) + timing.budgetSeconds;

/** With the default times a wait is measured to about a second. */
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
        return { kind: 'waits', why: `${standing.holder ?? 'no cluster'} holds them since term ${standing.term}` };
      if (!standing.reconciled)
        return { kind: 'waits', why: `term ${standing.term} names ${to}; waiting for the tags to follow` };
      return { kind: 'done', value: standing.term };
  }
}

/** Removes this pin and no other. A sentence if it may still exist. */
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
    ? `the pin to ${pin.cluster} may remain until ${pin.until} and then expires`
    : undefined;
}
