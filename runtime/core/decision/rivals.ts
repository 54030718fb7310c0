/** What the facts say of the other clusters: whose lease stands, who holds the term, who else may challenge. */
import { isoOf, type GitLabSeconds } from '../model/time.ts';
import { unknown, type Unknown } from '../model/read.ts';
import { isRetired, type Control } from '../model/control.ts';
import { leaseRecord, type Facts, type RecordFacts, type MemberFacts, type MemberLease } from '../model/facts.ts';
import { ageOf, leaseFrom, type Lease } from '../model/lease.ts';
import { rankBefore, shareOf, type Challenger } from './strength.ts';
import { longestGapSeconds, type Timing } from '../../timing.ts';

/** The first record that cannot be read, as the reason of an unknown. */
export function unknownRecord(name: string, records: readonly RecordFacts[]): Unknown | undefined {
  for (const { id, read } of records)
    if (read.kind === 'unknown') return unknown(`record ${id} of ${name}: ${read.why}`);
  return undefined;
}

/** The lease on the lowest record that still exists. One record that cannot be read makes all of it unknown. */
export function memberLease(name: string, records: readonly RecordFacts[]): MemberLease {
  const failed = unknownRecord(name, records);
  if (failed) return failed;
  const living = leaseRecord(records.filter((record) => record.read.kind === 'found'));
  if (!living || living.read.kind !== 'found') return { kind: 'gone' };
  return leaseFrom(living.read.value.note, name, living.read.at);
}

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

/** `minOnline` of a rival as it reports it; a rival whose report is lost is measured by ours. */
export const minOnlineOf = (rival: MemberFacts, ours: number): number =>
  rival.report.kind === 'found' ? rival.report.value.minOnline : ours;

/**
 * The rivals that could claim in this moment, by their own fresh leases. Who cannot act is not waited for – but before the
 * first term a rival that is not yet in touch for a lease counts too: nothing is displaced, so it only costs a wait.
 */
export function challengers(
  facts: Pick<Facts, 'rivals' | 'term' | 'now'>,
  control: Control,
  timing: Timing,
  minOnline: number,
  holder: string | undefined,
): Challenger[] {
  const pinned = pinnedCluster(control, facts.now);
  return facts.rivals.flatMap((rival) => {
    if (rival.name === holder || isRetired(control, rival.name)) return [];
    if (pinned !== undefined && pinned !== rival.name) return [];
    const read = memberLease(rival.name, rival.records);
    if (!isFresh(read, timing) || read.lease.online < minOnlineOf(rival, minOnline)) return [];
    const heard = notHeard(read.lease, timing) === undefined;
    if (!heard && facts.term.kind !== 'none') return [];
    const preferred = rival.report.kind === 'found' && rival.report.value.preferred;
    return [{ name: rival.name, preferred, share: shareOf(read.lease) }];
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
