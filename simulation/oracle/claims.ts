/** What a new term may be: I3, I4, I5, I6 and I10, judged at the moment when GitLab takes it. */
import { isoOf } from '../../runtime/core/model/time.ts';
import { parseTerm, termPath, type Term } from '../../runtime/core/model/term.ts';
import { replay } from '../../runtime/core/decision/replay.ts';
import type { Lease } from '../../runtime/core/model/lease.ts';
import {
  adoptedDetectionSeconds,
  busyContactSeconds,
  heardWithinSeconds,
  longestGapSeconds,
} from '../../runtime/timing.ts';
import { START } from '../world/gitlab.ts';
import type { Process } from '../world/process.ts';
import type { Seen } from './seen.ts';
import type { Knowledge } from './rounds.ts';

export function judgeClaim(oracle: Seen, process: Process, number: number, text: string): void {
  const parsed = parseTerm(number, text);
  const previous = oracle.claims.at(-1);
  const what = `${process.name} claimed term ${number}`;
  if (!parsed.ok) return oracle.violate('I6', `${what}, which cannot be read: ${parsed.why}`);
  const term = parsed.value;
  if (number !== oracle.highest + 1) oracle.violate('I6', `${what} after ${oracle.highest}`);
  if (term.holder !== process.cluster) oracle.violate('I6', `${what} for ${term.holder}`);
  oracle.highest = Math.max(oracle.highest, number);
  // The term has recorded everything: decided again, it gives the same claim.
  const replayed = replay(term);
  if (replayed.kind !== 'same') oracle.violate('term', `${what}, and replayed from its file that is ${replayed.kind}`);
  const before = { oracle, process, known: oracle.of(process), term, what, holder: previous?.term.holder };
  judgeControl(before);
  judgeKnown(before);
  judgeTouch(before);
  judgeGround(before, previous?.term);
  oracle.of(process).knownTerm = Math.max(oracle.of(process).knownTerm, number);
  oracle.claims.push({ at: oracle.now, term });
}

interface Case {
  readonly oracle: Seen;
  readonly process: Process;
  readonly known: Knowledge;
  readonly term: Term;
  readonly what: string;
  readonly holder: string | undefined;
}

function judgeControl({ oracle, process, known, what }: Case): void {
  const { control } = known.round;
  if (control?.kind !== 'found') return oracle.violate('I3', `${what}, and control was unknown to it`);
  const { paused, pin, retired } = control.value;
  if (paused) oracle.violate('I10', `${what} under a pause`);
  // A pin ends by GitLab's clock, whose nodes differ by a second.
  const now = isoOf(Math.floor((START + known.round.began) / 1000) + 2);
  if (pin && (pin.until === undefined || pin.until > now) && pin.cluster !== process.cluster)
    oracle.violate('I10', `${what} while the tags were pinned to ${pin.cluster}`);
  if (retired.includes(process.cluster)) oracle.violate('I10', `${what} while it was retired`);
}

/** No claim on anything that this round could not read. */
function judgeKnown({ oracle, process, known, term, what, holder }: Case): void {
  const { round, looks } = known;
  if (!looks.has(term.number)) oracle.violate('I3', `${what} without seeing that it was free`);
  for (const [id, seen] of round.records) {
    const owner = oracle.fleet.owners.get(id);
    if (seen.answer.kind === 'unknown' && (owner === holder || owner === process.cluster))
      oracle.violate('I3', `${what}, and record ${id} of ${owner ?? 'nobody'} was unknown to it`);
  }
  if (term.ground !== 'silent' || holder === undefined) return;
  for (const [id, seen] of round.records) {
    // A record that was deleted meanwhile has no managers to answer.
    if (oracle.fleet.owners.get(id) !== holder || seen.answer.kind !== 'found' || oracle.fleet.removedAt.has(id))
      continue;
    const call = round.called.get(id);
    const reads = round.managers.get(id) ?? [];
    const complete = reads.filter((read) => read.answer.kind !== 'unknown');
    if (!call || call.answer.kind === 'unknown' || complete.length < 2)
      oracle.violate('I3', `${what} on the silence of ${holder}, whose roll was not called completely (record ${id})`);
  }
}

function judgeTouch({ oracle, process, what }: Case): void {
  const { touch } = oracle.stampsOf(process.cluster);
  if (touch < oracle.timing.leaseSeconds) oracle.violate('I5', `${what} after ${touch} s in touch with GitLab`);
  // For so long the checker may not notice that GitLab does not hear them. After that the tags would be no better here.
  const deaf = heardWithinSeconds(oracle.timing) + longestGapSeconds(oracle.timing);
  if (oracle.truthOf(process.cluster).throughout(deaf, (_, __, ___, serving) => serving === 0))
    oracle.violate('I5', `${what} though none of its own runners had served for ${deaf} s`);
}

/** The longest that a report may lag behind the truth: a stamp's age, the rounds to read it, and the sidecar's detection. */
export const lagSeconds = ({ timing }: Seen): number =>
  timing.leaseSeconds + 2 * longestGapSeconds(timing) + timing.budgetSeconds + timing.detectionSeconds;

/** The same for a count that is too high: adopted runners that hang are counted for longer. */
const countLagSeconds = (oracle: Seen): number =>
  lagSeconds(oracle) +
  (oracle.fleet.isAdopted ? adoptedDetectionSeconds(oracle.timing) - oracle.timing.detectionSeconds : 0);

function judgeGround(claim: Case, previous: Term | undefined): void {
  const { oracle, process, known, term, what, holder } = claim;
  // While another stack had the holder's name, the runners of this one show nothing about it.
  if (oracle.twins.hadName(holder ?? '', lagSeconds(oracle))) return;
  switch (term.ground) {
    case 'first':
      if (holder !== undefined) oracle.violate('I6', `${what} as the first, and there was one before`);
      return;
    case 'silent':
      if (wasHealthy(claim, 30) && !vouchedTooLong(claim))
        oracle.violate(
          'I5',
          `${what} on the silence of ${holder ?? 'nobody'}, whose runners were well for half a minute`,
        );
      return;
    case 'gone':
      return judgeGone(claim);
    case 'unhealthy':
      return judgeUnhealthy(claim);
    case 'stronger':
      judgeHeld(claim, previous);
      return judgeStrength(claim);
    case 'preferred': {
      const { config } = oracle.fleet.cluster(process.cluster);
      judgeHeld(claim, previous);
      if (!config.preferred || oracle.fleet.policy.failback !== 'automatic')
        oracle.violate('I4', `${what}: preferred, and it is not, or failback is manual`);
      return judgeWhole(claim);
    }
    case 'retired':
      if (known.round.control?.kind === 'found' && !known.round.control.value.retired.includes(holder ?? ''))
        oracle.violate('I4', `${what}: retired, and ${holder ?? ''} is not`);
      return;
    case 'pinned':
      if (known.round.control?.kind === 'found' && known.round.control.value.pin?.cluster !== process.cluster)
        oracle.violate('I4', `${what}: pinned, and it is not`);
      return;
    case 'damaged':
      return judgeDamaged(claim);
    default:
      oracle.violate('I4', `${what} on the unknown ground ${term.ground}`);
  }
}

/** A claimant that cannot read the holder's report takes its own limit for the holder's. */
const limitOf = ({ oracle, process, holder }: Case): number =>
  Math.max(oracle.minOnlineOf(holder), oracle.minOnlineOf(process.cluster));

/** Enough runners of the holder were online during all of these seconds. */
function wasHealthy(claim: Case, seconds: number): boolean {
  const { oracle, holder } = claim;
  const minOnline = limitOf(claim);
  return holder !== undefined && oracle.truthOf(holder).throughout(seconds, (online) => online >= minOnline);
}

/** The holder before must have held for `holdForSeconds`; a term's date is two seconds off at most. */
function judgeHeld({ oracle, what }: Case, previous: Term | undefined): void {
  const held = previous ? (START + oracle.now - Date.parse(previous.at)) / 1000 : Number.POSITIVE_INFINITY;
  if (held < oracle.fleet.policy.holdForSeconds - 2) oracle.violate('I4', `${what} ${held} s after the last one`);
}

function judgeGone(claim: Case): void {
  const { oracle, what, holder } = claim;
  if (wasHealthy(claim, lagSeconds(oracle)))
    oracle.violate('I5', `${what}: records gone, and ${holder ?? ''} was well`);
  if (goneSeconds(claim) < oracle.timing.leaseSeconds - 1)
    oracle.violate('I5', `${what}: records of ${holder ?? ''} gone for only ${goneSeconds(claim)} s`);
}

function judgeUnhealthy(claim: Case): void {
  const { oracle, what, holder } = claim;
  const minOnline = limitOf(claim);
  const { confirm } = oracle.fleet.policy;
  // A pod is known to be healthy only when its sidecar could read GitLab: what no checker could see yet is no violation.
  const shown = oracle
    .truthOf(holder ?? '')
    .throughout(oracle.timing.leaseSeconds, (_, __, ready) => ready >= minOnline);
  if (wasHealthy(claim, lagSeconds(oracle)) && shown)
    oracle.violate('I5', `${what}: unhealthy, and ${holder ?? ''} was well`);
  if (!confirmed(claim, confirm, (stamp) => stamp.online < minOnline))
    oracle.violate('I4', `${what}: unhealthy, but not in ${confirm} different stamps of ${holder ?? ''}`);
}

function judgeDamaged({ oracle, term, what, holder }: Case): void {
  const newest = termPath(term.number - 1);
  const text = oracle.fleet.gitlab.files.get(newest);
  const isKnown = oracle.fleet.clusters.some(({ name }) => name === holder);
  if (text !== undefined && parseTerm(term.number - 1, text).ok && isKnown)
    oracle.violate('I4', `${what}: damaged, and ${newest} can be read`);
}

/** Two stamps, however short the time is for which the holder must be weaker. */
const STRONGER_STAMPS = 2;

/**
 * The holder has fewer runners than it settled on, and the claimant has more, all of that for `confirmSeconds`. What was
 * reported lags behind the truth, so a stretch in which the truth was otherwise must not be longer than that lag.
 */
function judgeStrength(claim: Case): void {
  const { oracle, process, what, holder } = claim;
  const { policy } = oracle.fleet;
  const lag = countLagSeconds(oracle);
  const theirs = oracle.truthOf(holder ?? '');
  const ours = oracle.truthOf(process.cluster);
  if (!confirmed(claim, STRONGER_STAMPS, ({ online, wanted }) => online < (wanted?.settled ?? 0)))
    oracle.violate('I4', `${what}: stronger, but ${holder ?? ''} was not degraded in ${STRONGER_STAMPS} of its stamps`);
  const seconds = lag + policy.confirmSeconds;
  const settled = theirs.leastWanted(policy.settleSeconds, lag);
  const whole = theirs.longest(seconds, ({ shown }) => shown >= settled);
  if (whole > lag) oracle.violate('I4', `${what}: stronger, and ${holder ?? ''} had all ${settled} for ${whole} s`);
  const most = Math.max(...ours.counts(lag).map(({ online }) => online));
  const ahead = theirs.longest(seconds, ({ shown }) => shown + policy.minAdvantage > most);
  if (ahead > lag)
    oracle.violate('I4', `${what}: stronger with ${most} runners, no more than ${holder ?? ''} for ${ahead} s`);
}

/** The preferred cluster has had what it wanted for `failbackAfterSeconds`. */
function judgeWhole({ oracle, process, what }: Case): void {
  const { policy } = oracle.fleet;
  const lag = countLagSeconds(oracle);
  const ours = oracle.truthOf(process.cluster);
  const wanted = ours.leastWanted(policy.settleSeconds + policy.failbackAfterSeconds, 0);
  const short = ours.longest(policy.failbackAfterSeconds, ({ online, shown }) => Math.max(online, shown) < wanted);
  if (short > lag) oracle.violate('I4', `${what}: preferred, and for ${short} s it had fewer than ${wanted} runners`);
}

/** The stamps that the claimant says it counted are different ones of the holder, and `holds` is true for each. */
function confirmed({ oracle, process, holder }: Case, count: number, says: (stamp: Lease) => boolean): boolean {
  const counted = oracle.stampsOf(process.cluster).counted(count);
  const stamps = counted.map((at) => oracle.stampsOf(holder ?? '').at(at));
  return stamps.length === count && stamps.every((stamp) => stamp !== undefined && says(stamp));
}

/** How long ago the last record of the holder was deleted that this round knew. */
function goneSeconds({ oracle, known, holder }: Case): number {
  const ids = [...known.round.records.keys()].filter((id) => oracle.fleet.owners.get(id) === holder);
  const removed = ids.map((id) => oracle.fleet.removedAt.get(id) ?? oracle.now);
  return (oracle.now - Math.max(0, ...removed)) / 1000;
}

/** Running jobs count for a lapsed holder only for so long. */
function vouchedTooLong({ oracle, holder }: Case): boolean {
  const cluster = oracle.fleet.clusters.find((candidate) => candidate.name === holder);
  const last = oracle.stampsOf(holder ?? '').list.at(-1);
  if (!cluster || !last || !cluster.pods.some((pod) => pod.manager.busy)) return false;
  const lapse = (oracle.now - last.landedAt) / 1000 - oracle.timing.leaseSeconds;
  return lapse >= oracle.fleet.policy.busyMaxSeconds - busyContactSeconds(oracle.timing);
}
