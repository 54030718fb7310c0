/**
 * What speaks for a move away from the present holder. Assessing looks at the holder alone; whether this cluster may act on
 * it (eligible, in turn, roll called) is decided in decide.ts.
 *
 *   the holder's records      its lease            ground
 *   -----------------------   ------------------   ---------------------------------------------------------------
 *   one cannot be read        –                    unknown: nothing
 *   all 404                   –                    gone, once that has stood for L (its new records may be on the way)
 *   there                     fresh, below min     faint, after `confirm` different stamps
 *                             fresh, weaker        stronger, after `confirm` different stamps and holdFor
 *                             fresh, not stronger  preferred, after failbackAfter, where failback is automatic
 *                             older than L, none   silent: the roll decides
 */
import { isoOf, type GitLabSeconds } from '../model/time.ts';
import type { Policy } from '../../config.ts';
import type { Timing } from '../../timing.ts';
import type { Facts, MemberFacts } from '../model/facts.ts';
import { isRetired } from '../model/control.ts';
import { ageOf, type Ground, type Lease, type Memory } from '../model/lease.ts';
import { countStamp, emptyMemory, standGround } from './memory.ts';
import { isFresh, minOnlineOf, memberLease, unknownRecord } from './rivals.ts';

export type GroundResult =
  | { readonly kind: 'unknown'; readonly why: string }
  /** No reason to move; the sentence says why not. */
  | { readonly kind: 'keeps'; readonly why: string }
  | { readonly kind: 'ground'; readonly ground: Ground; readonly why: string };

/** What may be known before this round's stamp: it decides what the stamp remembers. */
export type Observed = Omit<Facts, 'self' | 'roll'> & {
  readonly self: { readonly preferred: boolean; readonly online: number; readonly total: number };
};

/** The number that a claim would displace, and the cluster that would lose by it. */
export function currentHolder(observed: Pick<Facts, 'term'>): { number: number; name: string | undefined } | undefined {
  switch (observed.term.kind) {
    case 'none':
      return { number: 0, name: undefined };
    case 'term':
      return { number: observed.term.term.number, name: observed.term.term.holder };
    case 'damaged':
      return { number: observed.term.number, name: observed.term.named };
    case 'unknown':
      return undefined;
  }
}

/** The memory after this round's look, before the stamp that carries it. On an unknown term it stays as it was. */
export function nextMemory(previous: Memory, observed: Observed, self: string, policy: Policy, timing: Timing): Memory {
  const holder = currentHolder(observed);
  if (!holder) return previous;
  const before = previous.term === holder.number ? previous : emptyMemory(holder.number);
  const damagedSince = observed.term.kind === 'damaged' ? before.damagedSince || observed.now : 0;
  const base = { ...before, damagedSince };
  if (holder.name === self) return emptyMemory(holder.number);
  const rival = observed.rivals.find((candidate) => candidate.name === holder.name);
  const counted = rival ? counts(base, rival, observed, policy, timing) : base;
  const assessment = findGround(observed, counted, self, policy, timing);
  // An unknown look breaks no ground: it says nothing.
  if (assessment.kind === 'unknown') return counted;
  return standGround(counted, assessment.kind === 'ground' ? assessment.ground : undefined, observed.now);
}

function counts(memory: Memory, rival: MemberFacts, observed: Observed, policy: Policy, timing: Timing): Memory {
  const read = memberLease(rival.name, rival.records);
  if (!isFresh(read, timing)) return memory;
  // Nobody knows what was between two stamps that are further apart: the counting starts anew.
  const isBroken = read.lease.at - memory.stamp > timing.leaseSeconds;
  const counted = isBroken ? { ...memory, faint: 0, stronger: 0, evenSince: 0 } : memory;
  return countStamp(counted, read.lease, {
    online: observed.self.online,
    total: observed.self.total,
    minAdvantage: policy.minAdvantage,
    holderMinOnline: minOnlineOf(rival, policy.minOnline),
  });
}

/** What speaks for a move, given what is remembered. Pure, and the same before and after the stamp. */
export function findGround(
  observed: Observed,
  memory: Memory,
  self: string,
  policy: Policy,
  timing: Timing,
): GroundResult {
  const { term, control } = observed;
  if (term.kind === 'unknown') return { kind: 'unknown', why: term.why };
  if (term.kind === 'none') return { kind: 'ground', ground: 'first', why: 'no cluster has held the main tags yet' };
  const holder = term.kind === 'term' ? term.term.holder : term.named;
  if (holder === self) {
    if (term.kind === 'term') return { kind: 'keeps', why: 'this cluster holds the main tags' };
    return { kind: 'ground', ground: 'damaged', why: `${term.why}; this cluster held it and says so again` };
  }
  if (term.kind === 'damaged' && !isDamagedFor(memory, observed.now, timing.leaseSeconds))
    return {
      kind: 'ground',
      ground: 'damaged',
      why: `${term.why}; ${holder ?? 'its holder'} has ${timing.leaseSeconds} s to say so again`,
    };
  const rival = observed.rivals.find((candidate) => candidate.name === holder);
  if (holder === undefined || !rival)
    return {
      kind: 'ground',
      ground: 'damaged',
      why: `${term.kind === 'damaged' ? term.why : 'the term'} names nobody known`,
    };
  const assessment = assessRival(observed, rival, memory, policy, timing);
  const retired = control.kind === 'found' && isRetired(control.value, holder);
  // Not on anything unknown: a claim that cannot be converged would leave nobody with the tags.
  if (!retired || assessment.kind === 'unknown') return assessment;
  return { kind: 'ground', ground: 'retired', why: `${holder} is retired` };
}

const isDamagedFor = ({ damagedSince }: Memory, now: GitLabSeconds, seconds: number): boolean =>
  damagedSince !== 0 && now - damagedSince > seconds;

function assessRival(
  observed: Observed,
  rival: MemberFacts,
  memory: Memory,
  policy: Policy,
  timing: Timing,
): GroundResult {
  const former = unknownRecord(rival.name, rival.former);
  if (former) return former;
  const read = memberLease(rival.name, rival.records);
  switch (read.kind) {
    case 'unknown':
      return read;
    case 'gone':
      if (rival.report.kind === 'unknown')
        return { kind: 'unknown', why: `the report of ${rival.name}: ${rival.report.why}` };
      return { kind: 'ground', ground: 'gone', why: `all records of ${rival.name} are gone from GitLab` };
    case 'none':
      return { kind: 'ground', ground: 'silent', why: `${rival.name} asserts nothing: ${read.why}` };
    case 'lease':
      if (!isFresh(read, timing))
        return { kind: 'ground', ground: 'silent', why: `${rival.name} has asserted nothing for ${ageOf(read)} s` };
      return assessFresh(observed, rival, read.lease, memory, policy);
  }
}

function assessFresh(
  observed: Observed,
  rival: MemberFacts,
  lease: Lease,
  memory: Memory,
  policy: Policy,
): GroundResult {
  const { online, total } = observed.self;
  const theirs = `${rival.name} ${lease.online}/${lease.total}`;
  if (lease.online < minOnlineOf(rival, policy.minOnline)) {
    if (memory.faint < policy.confirm)
      return { kind: 'keeps', why: `${theirs} is faint in ${memory.faint} of ${policy.confirm} stamps` };
    return { kind: 'ground', ground: 'faint', why: `${theirs} said so in ${memory.faint} stamps` };
  }
  const held = observed.term.kind === 'term' ? heldFor(observed.now, observed.term.term.at) : 0;
  const steady = held >= policy.holdForSeconds;
  if (memory.stronger >= policy.confirm && steady)
    return {
      kind: 'ground',
      ground: 'stronger',
      why: `own ${online}/${total} against ${theirs} in ${memory.stronger} stamps`,
    };
  const even = memory.evenSince === 0 ? 0 : observed.now - memory.evenSince;
  if (
    observed.self.preferred &&
    policy.failback === 'automatic' &&
    memory.evenSince !== 0 &&
    even >= policy.failbackAfterSeconds &&
    steady
  )
    return { kind: 'ground', ground: 'preferred', why: `preferred, and as strong as ${theirs} for ${even} s` };
  if (memory.stronger > 0 && !steady)
    return {
      kind: 'keeps',
      why: `own ${online}/${total} against ${theirs}, but the term is ${held} s old of ${policy.holdForSeconds}`,
    };
  if (memory.stronger > 0)
    return {
      kind: 'keeps',
      why: `own ${online}/${total} against ${theirs} in ${memory.stronger} of ${policy.confirm} stamps`,
    };
  return { kind: 'keeps', why: `${theirs} is healthy` };
}

/** How long a term has lasted by GitLab's time; never negative. */
export const heldFor = (now: GitLabSeconds, termAt: string): number =>
  isoOf(now) <= termAt ? 0 : now - Date.parse(termAt) / 1000;
