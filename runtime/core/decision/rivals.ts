/** What the facts say of the other clusters: whose lease is fresh, who may challenge, whose turn it is. */
import { isoOf, type GitLabSeconds } from '../model/time.ts';
import { isRetired, type Control } from '../model/control.ts';
import type { Facts, MemberLease } from '../model/facts.ts';
import { ageOf, type Lease } from '../model/lease.ts';
import { rankBefore, shareOf, type Challenger } from './strength.ts';
import { longestGapSeconds, type Timing } from '../../timing.ts';

/** True while a lease is younger than L by GitLab's time at the moment it was read. */
export const isFresh = (
  read: MemberLease,
  timing: Timing,
): read is { readonly kind: 'lease'; readonly lease: Lease; readonly readAt: GitLabSeconds } =>
  read.kind === 'lease' && ageOf(read) <= timing.leaseSeconds;

/** The pin that stands at `now`, for a pin may expire. */
export function pinnedCluster(control: Control, now: GitLabSeconds): string | undefined {
  const { pin } = control;
  if (!pin) return undefined;
  return pin.until !== undefined && pin.until <= isoOf(now) ? undefined : pin.cluster;
}

/**
 * The rivals that could claim in this moment, by their own fresh leases. Who cannot act is not waited for – but before the
 * first term a rival that is not yet in touch for a lease counts too: nothing is displaced, so it only costs a wait.
 */
export function challengers(
  facts: Pick<Facts, 'rivals' | 'term' | 'now'>,
  control: Control,
  timing: Timing,
  holder: string | undefined,
): Challenger[] {
  const pinned = pinnedCluster(control, facts.now);
  return facts.rivals.flatMap((rival) => {
    if (rival.name === holder || isRetired(control, rival.name)) return [];
    if (pinned !== undefined && pinned !== rival.name) return [];
    const { name, lease: read, minOnline, preferred } = rival;
    if (!isFresh(read, timing) || read.lease.online < minOnline) return [];
    const heard = notHeard(read.lease, timing) === undefined;
    if (!heard && facts.term.kind !== 'none') return [];
    return [{ name, preferred, share: shareOf(read.lease) }];
  });
}

/**
 * Why a cluster must not claim yet by its own lease, or undefined: for a whole lease GitLab must have taken its stamps and
 * heard its runners. So an outage, of all of GitLab or of what runners need, moves nothing, and neither does its end.
 */
export function notHeard({ at, inTouchSince, heardSince }: Lease, { leaseSeconds }: Timing): string | undefined {
  const touch = at - inTouchSince;
  if (touch < leaseSeconds) return `in touch with GitLab for ${touch} s of ${leaseSeconds}`;
  const heard = heardSince === 0 ? 0 : at - heardSince;
  if (heard < leaseSeconds) return `GitLab has heard its runners for ${heard} s of ${leaseSeconds}`;
  return undefined;
}

/** How long this cluster leaves the first move to those ranked before it: (k − 1) · G. */
export function turnSeconds(facts: Facts, others: readonly Challenger[], timing: Timing): number {
  const me = { name: facts.self.name, preferred: facts.self.preferred, share: shareOf(facts.self) };
  return others.filter((other) => rankBefore(other, me)).length * longestGapSeconds(timing);
}
