/**
 * The decision of a round: a pure function from what was observed to nothing, a roll call, a claim or a converge, with its
 * reason in a sentence that people read in the log and in the term.
 *
 * Guaranteed: a claim is only ever for this cluster, never on anything unknown, never under a pause, and never for equal
 * strength. Not guaranteed here: that only one cluster claims – that is the atomic creation of the term's file – and that no
 * write of an earlier decision lands late – the next round heals that.
 */
import type { Policy } from '../../config.ts';
import { longestGapSeconds, type Timing } from '../../timing.ts';
import { findGround, currentHolder, type GroundResult } from './ground.ts';
import { isRetired, NO_CONTROL, type Control } from '../model/control.ts';
import type { GitLabSeconds } from '../model/time.ts';
import type { Facts } from '../model/facts.ts';
import { ageOf, type Ground } from '../model/lease.ts';
import { challengers, minOnlineOf, notHeard, pinnedCluster, memberLease, turnSeconds } from './rivals.ts';
import { roomForMainTags } from './tags.ts';

export type Decision =
  | { readonly kind: 'nothing'; readonly reason: string }
  /** The records are to match the newest term. */
  | { readonly kind: 'converge'; readonly reason: string }
  /** Call the roll of the holder, wait c, and decide again with what it showed. */
  | { readonly kind: 'call'; readonly rival: string; readonly reason: string }
  | { readonly kind: 'claim'; readonly ground: Ground; readonly number: number; readonly reason: string };

export interface Rules {
  readonly policy: Policy;
  readonly timing: Timing;
}

export function decide(facts: Facts, rules: Rules): Decision {
  // 1. What people ask for comes first, and what they ask for must be known.
  if (facts.control.kind === 'unknown') return nothing(`control is unknown: ${facts.control.why}`);
  const control = controlOf(facts);
  if (control.paused) return nothing('paused');
  // 2. Without the newest term nothing is known to be right.
  if (facts.term.kind === 'unknown') return nothing(`the newest term is unknown: ${facts.term.why}`);
  const stay = (reason: string): Decision =>
    facts.term.kind === 'term' ? { kind: 'converge', reason } : nothing(reason);
  // 3. Is there a ground to move?
  const { policy, timing } = rules;
  const assessment = withPin(
    facts,
    control,
    findGround(facts, facts.self.stamped.memory, facts.self.name, policy, timing),
  );
  if (assessment.kind === 'unknown') return stay(`holder unknown: ${assessment.why}`);
  if (assessment.kind === 'keeps') return stay(assessment.why);
  // 4. May this cluster act on it?
  const obstacle = claimBlocker(facts, control, rules);
  if (obstacle !== undefined) return stay(`${assessment.why}; not eligible here: ${obstacle}`);
  const wait = waitFor(facts, control, assessment.ground, rules);
  if (wait !== undefined) return stay(`${assessment.why}; ${wait}`);
  // 5. Silence is believed only after a roll call.
  const holder = currentHolder(facts);
  if (assessment.ground === 'silent' && holder?.name !== undefined) {
    if (!facts.roll) return { kind: 'call', rival: holder.name, reason: assessment.why };
    const doubt = silenceDoubted(facts, holder.name, rules);
    if (doubt !== undefined) return stay(`${assessment.why}; ${doubt}`);
  }
  return claim(facts, assessment.ground, assessment.why);
}

const nothing = (reason: string): Decision => ({ kind: 'nothing', reason });

const controlOf = (facts: Facts): Control => (facts.control.kind === 'found' ? facts.control.value : NO_CONTROL);

/** A pin is a ground of its own for the pinned cluster, whatever the holder is worth, but not on anything unknown. */
function withPin(facts: Facts, control: Control, assessment: GroundResult): GroundResult {
  const pinned = pinnedCluster(control, facts.now);
  const holder = currentHolder(facts)?.name;
  if (pinned !== facts.self.name || holder === facts.self.name || assessment.kind === 'unknown') return assessment;
  // Before the first term nobody is displaced, and the others leave it alone.
  if (facts.term.kind === 'none') return assessment;
  return { kind: 'ground', ground: 'pinned', why: 'pinned to this cluster' };
}

/** Why this cluster may not claim now, or undefined. */
export function claimBlocker(facts: Facts, control: Control, { policy, timing }: Rules): string | undefined {
  const { self } = facts;
  const pinned = pinnedCluster(control, facts.now);
  if (self.online < policy.minOnline) return `${self.online}/${self.total} online, ${policy.minOnline} needed`;
  if (isRetired(control, self.name)) return 'retired';
  if (pinned !== undefined && pinned !== self.name) return `pinned to ${pinned}`;
  const unheard = notHeard(self.stamped, timing);
  if (unheard !== undefined) return unheard;
  for (const record of self.records) {
    if (record.read.kind === 'unknown') return `own record ${record.id} is unknown: ${record.read.why}`;
    if (record.read.kind === 'absent') return `own record ${record.id} does not exist`;
    const room = roomForMainTags(record.read.value.tags, self.ownTags, facts.mainTags);
    if (!room) return `own record ${record.id} has no room for the main tags; remove some of its tags`;
  }
  return undefined;
}

/** Whose turn it is, and the waits that a ground itself asks for; a sentence while this cluster waits. */
function waitFor(facts: Facts, control: Control, ground: Ground, rules: Rules): string | undefined {
  const { timing, policy } = rules;
  const holder = currentHolder(facts)?.name;
  if (ground === 'pinned' || (ground === 'damaged' && holder === facts.self.name)) return undefined;
  const { memory } = facts.self.stamped;
  const stood =
    ground === 'first' ? eligibleFor(facts, timing) : memory.ground === ground ? facts.now - memory.since : 0;
  const turn = turnSeconds(facts, challengers(facts, control, timing, policy.minOnline, holder), timing);
  const own = ownWait(facts, ground, timing);
  if (stood < own + turn || stood < own) return `waits ${own + turn} s, of which ${Math.floor(stood)} have passed`;
  return undefined;
}

/** The first claim displaces nobody, so its wait counts from when this cluster was in touch and heard for a lease. */
const eligibleFor = ({ self: { stamped } }: Facts, timing: Timing): number =>
  Math.max(0, stamped.at - Math.max(stamped.inTouchSince, stamped.heardSince) - timing.leaseSeconds);

/** How long a ground must have stood before anybody acts on it. */
function ownWait(facts: Facts, ground: Ground, timing: Timing): number {
  switch (ground) {
    case 'gone':
    case 'damaged':
      return timing.leaseSeconds;
    case 'silent': {
      // A lease that can be read tells its own age; without one, the silence is counted from when it was first seen.
      const holder = currentHolder(facts)?.name;
      const rival = facts.rivals.find((candidate) => candidate.name === holder);
      const read = rival && memberLease(rival.name, rival.records);
      const quiet = 2 * timing.roundSeconds;
      return read?.kind === 'lease' ? Math.max(0, quiet - timing.leaseSeconds) : quiet;
    }
    case 'first':
    case 'faint':
    case 'retired':
    case 'stronger':
    case 'preferred':
    case 'pinned':
      return 0;
  }
}

/** Why the holder's silence is not believed, or undefined where it is. */
function silenceDoubted(facts: Facts, holder: string, { policy }: Rules): string | undefined {
  const { roll } = facts;
  if (!roll) return 'its roll was not called';
  if (roll.kind === 'unknown') return `its roll call is unknown: ${roll.why}`;
  const rival = facts.rivals.find((candidate) => candidate.name === holder);
  const needed = rival ? minOnlineOf(rival, policy.minOnline) : policy.minOnline;
  if (roll.answered >= needed) return `${roll.answered} of its managers answered the roll: it keeps the main tags`;
  if (roll.ownAnswered === 0 && !heardLater(facts, roll.contact, roll.ownContact))
    return 'no manager of this cluster answered its own roll either: GitLab may hear nobody';
  return undefined;
}

/**
 * A cluster at work answers its own roll only with its jobs, once a minute. A contact of its own proves as much where the
 * holder had been called before it and was not heard since: whoever lives asks until GitLab answers.
 */
function heardLater({ self }: Facts, contact: GitLabSeconds, ownContact: GitLabSeconds): boolean {
  const { calledAt } = self.stamped.memory;
  return calledAt !== 0 && ownContact > Math.max(calledAt, contact);
}

const claim = (facts: Facts, ground: Ground, reason: string): Decision => ({
  kind: 'claim',
  ground,
  number: nextNumber(facts),
  reason,
});

/** One above the highest that any term or lease knows of. */
export function nextNumber(facts: Facts): number {
  const known = currentHolder(facts)?.number ?? 0;
  const leases = facts.rivals.map((rival) => memberLease(rival.name, rival.records));
  const highest = leases.reduce(
    (high, read) => (read.kind === 'lease' ? Math.max(high, read.lease.term) : high),
    known,
  );
  return Math.max(highest, facts.self.stamped.term) + 1;
}

/** For how long a holder's lease has lapsed: running jobs vouch for it only up to `busyMax` of that. */
export function lapseSeconds(facts: Facts, holder: string, timing: Timing): number {
  const rival = facts.rivals.find((candidate) => candidate.name === holder);
  const read = rival && memberLease(rival.name, rival.records);
  if (read?.kind === 'lease') return Math.max(0, ageOf(read) - timing.leaseSeconds);
  const { memory } = facts.self.stamped;
  return memory.ground === 'silent' ? facts.now - memory.since : longestGapSeconds(timing);
}
