/**
 * The decision of a round: a pure function from what was observed to nothing, a roll call, a claim or a reconcile, with its
 * reason in a sentence that people read in the log and in the term.
 *
 * Guaranteed: a claim is only ever for this cluster, never on anything unknown, never under a pause, and never for equal
 * strength. Not guaranteed here: that only one cluster claims – that is the atomic creation of the term's file – and that no
 * write of an earlier decision lands late – the next round heals that.
 */
import { longestGapSeconds, type Timing } from '../../timing.ts';
import { isRetired, NO_CONTROL, type Control } from '../model/control.ts';
import type { Facts } from '../model/facts.ts';
import { ageOf, type Ground } from '../model/lease.ts';
import { MAX_TERM } from '../model/stored-file.ts';
import type { GitLabSeconds } from '../model/time.ts';
import type { Rules } from '../model/rules.ts';
import type { GroundResult } from './ground.ts';
import { challengers, notHeard, pinnedCluster, turnSeconds } from './rivals.ts';
import { roomForMainTags } from './tags.ts';

export type Decision =
  | { readonly kind: 'nothing'; readonly reason: string }
  /** The records are to match the newest term. */
  | { readonly kind: 'reconcile'; readonly reason: string }
  /** Call the roll of the holder, wait c, and decide again with what it showed. */
  | { readonly kind: 'call'; readonly rival: string; readonly reason: string }
  | { readonly kind: 'claim'; readonly ground: Ground; readonly number: number; readonly reason: string };

/** `found` is the ground of this round (ground.ts), before a pin is considered. */
export function decide(facts: Facts, found: GroundResult, rules: Rules): Decision {
  // 1. What people ask for comes first, and what they ask for must be known.
  if (facts.control.kind === 'unknown') return nothing(`control is unknown: ${facts.control.why}`);
  const control = controlOf(facts);
  if (control.paused) return nothing('paused');
  // 2. Without the newest term nothing is known to be right.
  if (facts.term.kind === 'unknown') return nothing(`the newest term is unknown: ${facts.term.why}`);
  const stay = (reason: string): Decision =>
    facts.term.kind === 'term' ? { kind: 'reconcile', reason } : nothing(reason);
  // 3. Is there a ground to move?
  const ground = withPin(facts, control, found);
  if (ground.kind === 'unknown') return stay(`holder unknown: ${ground.why}`);
  if (ground.kind === 'keeps') return stay(ground.why);
  // 4. May this cluster act on it?
  const obstacle = claimBlocker(facts, control, rules);
  if (obstacle !== undefined) return stay(`${ground.why}; not eligible here: ${obstacle}`);
  const wait = waitFor(facts, control, ground.ground, rules);
  if (wait !== undefined) return stay(`${ground.why}; ${wait}`);
  // 5. Silence is believed only after a roll call.
  const holder = facts.holder?.name;
  if (ground.ground === 'silent' && holder !== undefined) {
    if (!facts.roll) return { kind: 'call', rival: holder, reason: ground.why };
    const doubt = silenceDoubted(facts, rules);
    if (doubt !== undefined) return stay(`${ground.why}; ${doubt}`);
  }
  const number = nextNumber(facts);
  if (number > MAX_TERM) return stay(`${ground.why}; no term above ${MAX_TERM} can be written`);
  return { kind: 'claim', ground: ground.ground, number, reason: ground.why };
}

const nothing = (reason: string): Decision => ({ kind: 'nothing', reason });

const controlOf = (facts: Facts): Control => (facts.control.kind === 'found' ? facts.control.value : NO_CONTROL);

/** A pin is a ground of its own for the pinned cluster, whatever the holder is worth, but not on anything unknown. */
function withPin({ self, term, now, holder }: Facts, control: Control, found: GroundResult): GroundResult {
  const pinned = pinnedCluster(control, now);
  if (pinned !== self.name || holder?.name === self.name || found.kind === 'unknown') return found;
  // Before the first term a claim displaces no cluster, and no other cluster may claim.
  if (term.kind === 'none') return found;
  return { kind: 'ground', ground: 'pinned', why: 'pinned to this cluster' };
}

/** Why this cluster may not claim now, or undefined. */
export function claimBlocker(facts: Facts, control: Control, { policy, timing }: Rules): string | undefined {
  const { self } = facts;
  const pinned = pinnedCluster(control, facts.now);
  if (self.online < policy.minOnline) return `${self.online}/${self.total} online, ${policy.minOnline} needed`;
  if (isRetired(control, self.name)) return 'retired';
  if (pinned !== undefined && pinned !== self.name) return `pinned to ${pinned}`;
  const unheard = notHeard(self.lease, timing);
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
function waitFor(facts: Facts, control: Control, ground: Ground, { timing }: Rules): string | undefined {
  const holder = facts.holder?.name;
  if (ground === 'pinned' || (ground === 'damaged' && holder === facts.self.name)) return undefined;
  const { memory } = facts.self.lease;
  const stood =
    ground === 'first' ? eligibleFor(facts, timing) : memory.ground === ground ? facts.now - memory.since : 0;
  const turn = turnSeconds(facts, challengers(facts, control, timing, holder), timing);
  const own = ownWait(facts, ground, timing);
  if (stood < own + turn || stood < own) return `waits ${own + turn} s, of which ${Math.floor(stood)} have passed`;
  return undefined;
}

/** The first claim displaces nobody, so its wait counts from when this cluster was in touch and heard for a lease. */
const eligibleFor = ({ self: { lease } }: Facts, timing: Timing): number =>
  Math.max(0, lease.at - Math.max(lease.inTouchSince, lease.heardSince) - timing.leaseSeconds);

/** How long a ground must have stood before anybody acts on it. */
function ownWait(facts: Facts, ground: Ground, timing: Timing): number {
  switch (ground) {
    case 'gone':
    case 'damaged':
      return timing.leaseSeconds;
    case 'silent': {
      // A lease that can be read tells its own age; without one, the silence is counted from when it was first seen.
      const quiet = 2 * timing.roundSeconds;
      return facts.holder?.rival?.lease.kind === 'lease' ? Math.max(0, quiet - timing.leaseSeconds) : quiet;
    }
    case 'first':
    case 'unhealthy':
    case 'retired':
    case 'stronger':
    case 'preferred':
    case 'pinned':
      return 0;
  }
}

/** Why the holder's silence is not believed, or undefined where it is. */
function silenceDoubted(facts: Facts, { policy }: Rules): string | undefined {
  const { roll, holder } = facts;
  if (!roll) return 'its roll was not called';
  if (roll.kind === 'unknown') return `its roll call is unknown: ${roll.why}`;
  const needed = holder?.rival?.minOnline ?? policy.minOnline;
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
  const { calledAt } = self.lease.memory;
  return calledAt !== 0 && ownContact > Math.max(calledAt, contact);
}

/** One above the highest that any term or lease knows of. */
export function nextNumber({ holder, rivals, self }: Facts): number {
  const known = rivals.map(({ lease }) => (lease.kind === 'lease' ? lease.lease.term : 0));
  return Math.max(holder?.number ?? 0, self.lease.term, ...known) + 1;
}

/** For how long the holder's lease has lapsed: running jobs vouch for it only up to `busyMax` of that. */
export function lapseSeconds({ holder, self, now }: Facts, timing: Timing): number {
  const read = holder?.rival?.lease;
  if (read?.kind === 'lease') return Math.max(0, ageOf(read) - timing.leaseSeconds);
  const { memory } = self.lease;
  return memory.ground === 'silent' ? now - memory.since : longestGapSeconds(timing);
}
