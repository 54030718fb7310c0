/**
 * The decision of a round: a pure function from what was observed to nothing, a roll call, a claim or a reconcile, with its
 * reason in a sentence that people read in the log and in the term.
 *
 * Guaranteed: a claim is only ever for this cluster, never on anything unknown, never under a pause, and never for equal
 * strength. Not guaranteed here: that only one cluster claims – that is the atomic creation of the term's file – and that no
 * write of an earlier decision arrives late – the next round corrects that.
 */
import { longestGapSeconds, vouchSeconds, type Timing } from '../../timing.ts';
import { isRetired, NO_CONTROL, type Control } from '../model/control.ts';
import type { CalledRoll, Facts } from '../model/facts.ts';
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
  if (facts.control.kind === 'unknown') return nothing(`control.json is unknown: ${facts.control.why}`);
  const control = controlOf(facts);
  if (control.paused) return nothing('paused');
  // 2. Without the newest term nothing is known to be right.
  if (facts.term.kind === 'unknown') return nothing(`the newest term is unknown: ${facts.term.why}`);
  const stay = (reason: string): Decision =>
    facts.term.kind === 'term' ? { kind: 'reconcile', reason } : nothing(reason);
  // 3. Is there a ground to move?
  const ground = withPin(facts, control, found);
  if (ground.kind === 'unknown') return stay(`the holder is unknown: ${ground.why}`);
  if (ground.kind === 'keeps') return stay(ground.why);
  // 4. May this cluster act on it?
  const obstacle = claimBlocker(facts, control, rules);
  if (obstacle !== undefined) return stay(`${ground.why}; this cluster cannot take over: ${obstacle}`);
  const wait = waitFor(facts, control, ground.ground, rules);
  if (wait !== undefined) return stay(`${ground.why}; ${wait}`);
  // 5. A lapsed lease alone is no proof: a roll call must confirm that the holder is silent.
  const holder = facts.holder?.name;
  if (ground.ground === 'silent' && holder !== undefined) {
    if (!facts.roll) return { kind: 'call', rival: holder, reason: ground.why };
    const doubt = silenceNotConfirmed(facts, rules);
    if (doubt !== undefined) return stay(`${ground.why}; ${doubt}`);
  }
  const number = nextNumber(facts);
  if (number > MAX_TERM) return stay(`${ground.why}; no term above ${MAX_TERM} can be written`);
  return { kind: 'claim', ground: ground.ground, number, reason: ground.why };
}

const nothing = (reason: string): Decision => ({ kind: 'nothing', reason });

const controlOf = (facts: Facts): Control => (facts.control.kind === 'found' ? facts.control.value : NO_CONTROL);

/** A pin is a ground for the pinned cluster, even if the holder is healthy, but not while anything is unknown. */
function withPin({ self, term, now, holder }: Facts, control: Control, found: GroundResult): GroundResult {
  const pinned = pinnedCluster(control, now);
  if (pinned !== self.name || holder?.name === self.name || found.kind === 'unknown') return found;
  // Before the first term a claim displaces no cluster, and no other cluster may claim.
  if (term.kind === 'none') return found;
  return { kind: 'ground', ground: 'pinned', why: 'the main tags are pinned to this cluster' };
}

/** Why this cluster may not claim now, or undefined. */
export function claimBlocker(facts: Facts, control: Control, { policy, timing }: Rules): string | undefined {
  const { self } = facts;
  const pinned = pinnedCluster(control, facts.now);
  if (self.online < policy.minOnline) return `${self.online}/${self.total} online, ${policy.minOnline} needed`;
  if (isRetired(control, self.name)) return 'it is retired';
  if (pinned !== undefined && pinned !== self.name) return `the main tags are pinned to ${pinned}`;
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

/** Says how long this cluster still waits: for its turn, and for the time that the ground itself requires. Undefined if it need not wait. */
function waitFor(facts: Facts, control: Control, ground: Ground, { timing }: Rules): string | undefined {
  const holder = facts.holder?.name;
  if (ground === 'pinned' || (ground === 'damaged' && holder === facts.self.name)) return undefined;
  const { memory } = facts.self.lease;
  const stood =
    ground === 'first' ? eligibleFor(facts, timing) : memory.ground === ground ? facts.now - memory.since : 0;
  const turn = turnSeconds(facts, challengers(facts, control, timing, holder), timing);
  const own = ownWait(facts, ground, timing);
  if (stood < own + turn || stood < own) return `waiting: ${Math.floor(stood)} s of ${Math.ceil(own + turn)} s`;
  return undefined;
}

/** The first claim takes the tags from no cluster, so its wait starts when this cluster has been in touch and heard for a lease. */
const eligibleFor = ({ self: { lease } }: Facts, timing: Timing): number =>
  Math.max(0, lease.at - Math.max(lease.inTouchSince, lease.heardSince) - timing.leaseSeconds);

/** How long a ground must have lasted before a cluster acts on it. */
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

/** Why the roll call does not confirm that the holder is silent; undefined if it does. */
function silenceNotConfirmed(facts: Facts, { policy, timing }: Rules): string | undefined {
  const { roll, holder } = facts;
  if (!roll) return 'its roll call was not made';
  if (roll.kind === 'unknown') return `its roll call failed: ${roll.why}`;
  const needed = holder?.rival?.minOnline ?? policy.minOnline;
  if (roll.answered >= needed)
    return `${roll.answered} of its managers answered the roll call, so it keeps the main tags`;
  if (roll.ownAnswered === 0 && !heardLater(facts, roll.contact, roll.ownContact))
    return 'inconclusive: our own runners did not answer the roll call either';
  if (contactsLost(facts, roll, timing))
    return 'inconclusive: GitLab has lost the contacts of its managers; jobs may report';
  return undefined;
}

/**
 * The holder's lease said that runners were online, and GitLab shows no contact of any of them from that time: it has lost them
 * (its Redis was emptied). Idle runners contact it again at once, full ones with the next reports of their jobs. So where GitLab
 * shows running jobs of the holder, the silence is believed when a report and one that was lost would have come since the first
 * call; without running jobs nothing else can come, and it is believed at once.
 */
function contactsLost({ holder, self }: Facts, { at, busy, contact }: CalledRoll, timing: Timing): boolean {
  const read = holder?.rival?.lease;
  if (busy === 0 || read?.kind !== 'lease' || read.lease.online === 0) return false;
  if (contact === 0 || contact >= read.lease.at - vouchSeconds(timing)) return false;
  const { calledAt } = self.lease.memory;
  return calledAt === 0 || at - calledAt < vouchSeconds(timing);
}

/**
 * Our runners that are full of jobs contact GitLab only with their jobs' reports, once a minute, so they may not answer in time.
 * A contact of theirs proves as much if it came after the first call of the holder's roll and after the holder's last contact:
 * until then a living runner of the holder would have contacted GitLab too.
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

/** How long ago the holder's lease lapsed: its running jobs count as answers only up to `busyMax` after that. */
export function lapseSeconds({ holder, self, now }: Facts, timing: Timing): number {
  const read = holder?.rival?.lease;
  if (read?.kind === 'lease') return Math.max(0, ageOf(read) - timing.leaseSeconds);
  const { memory } = self.lease;
  return memory.ground === 'silent' ? now - memory.since : longestGapSeconds(timing);
}
