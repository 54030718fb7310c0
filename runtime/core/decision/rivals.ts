/** What the facts show of the other clusters: which leases are fresh, which clusters may challenge, whose turn it is. */
import { isoOf, type GitLabSeconds } from '../model/time.ts';
import { isRetired, type Control } from '../model/control.ts';
import type { Facts, MemberLease } from '../model/facts.ts';
import { ageOf, type Lease } from '../model/lease.ts';
import { rankBefore, type Challenger } from './strength.ts';
import { longestGapSeconds, type Timing } from '../../timing.ts';

/** True while a lease is younger than L by GitLab's time at the moment it was read. */
export const isFresh = (
  read: MemberLease,
  timing: Timing,
): read is { readonly kind: 'lease'; readonly lease: Lease; readonly readAt: GitLabSeconds } =>
  read.kind === 'lease' && ageOf(read) <= timing.leaseSeconds;

/** `has no valid lease (expired 30 s ago)`, in whole seconds: the lab's times have fractions. */
export const expiredLease = (read: Parameters<typeof ageOf>[0], { leaseSeconds }: Timing): string =>
  `has no valid lease (expired ${Math.ceil(ageOf(read) - leaseSeconds)} s ago)`;

/** The pinned cluster at `now`; a pin may have expired. */
export function pinnedCluster(control: Control, now: GitLabSeconds): string | undefined {
  const { pin } = control;
  if (!pin) return undefined;
  return pin.until !== undefined && pin.until <= isoOf(now) ? undefined : pin.cluster;
}

/**
 * The rivals that could claim now, by their own fresh leases. This cluster waits only for rivals that can act. Before the
 * first term it also waits for a rival that has not been in touch for a lease yet: no cluster is without its tags meanwhile.
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
    return [{ name, preferred, online: read.lease.online }];
  });
}

/**
 * Why a cluster must not claim yet by its own lease, or undefined: for a whole lease its renewals must have succeeded and
 * GitLab must have heard its runners. So neither an outage of GitLab, or of the part that runners need, nor its end moves the tags.
 */
export function notHeard({ at, inTouchSince, heardSince }: Lease, { leaseSeconds }: Timing): string | undefined {
  const touch = at - inTouchSince;
  if (touch < leaseSeconds) return `it has been in touch with GitLab for ${touch} s of ${leaseSeconds} s`;
  const heard = heardSince === 0 ? 0 : at - heardSince;
  if (heard < leaseSeconds) return `GitLab has heard its runners for ${heard} s of ${leaseSeconds} s`;
  return undefined;
}

/** How long this cluster leaves the first move to those ranked before it: (k − 1) · G. */
export function turnSeconds(facts: Facts, others: readonly Challenger[], timing: Timing): number {
  const { name, preferred, online } = facts.self;
  const me = { name, preferred, online };
  return others.filter((other) => rankBefore(other, me)).length * longestGapSeconds(timing);
}
