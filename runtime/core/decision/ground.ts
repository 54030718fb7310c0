/**
 * Finds the ground to move the main tags away from their holder. Only the holder is examined here; whether this cluster may
 * act on the ground (it is eligible, it is its turn, the roll was called) is decided in decide.ts.
 *
 *   the holder's records      its lease            ground
 *   -----------------------   ------------------   ---------------------------------------------------------------
 *   one cannot be read        –                    unknown: nothing
 *   all 404                   –                    gone, once that has stood for L (its new records may be on the way)
 *   there                     fresh, below min     unhealthy, after `confirm` different stamps
 *                             fresh, weaker        stronger, after `confirm` different stamps and holdFor
 *                             fresh, not stronger  preferred, after failbackAfter, where failback is automatic
 *                             older than L, none   silent: the roll decides
 */
import { isoOf, type GitLabSeconds } from '../model/time.ts';
import type { Facts, MemberFacts, RoundFacts } from '../model/facts.ts';
import { isRetired } from '../model/control.ts';
import { ageOf, type Ground, type Lease, type Memory } from '../model/lease.ts';
import { unknownRecord } from '../model/member.ts';
import type { Rules } from '../model/rules.ts';
import type { Timing } from '../../timing.ts';
import { isFresh } from './rivals.ts';

export type GroundResult =
  | { readonly kind: 'unknown'; readonly why: string }
  /** No reason to move; the sentence says why not. */
  | { readonly kind: 'keeps'; readonly why: string }
  | { readonly kind: 'ground'; readonly ground: Ground; readonly why: string };

/** The ground for a move, given the memory. Pure, and the same before and after the lease is renewed. */
export function findGround(facts: Facts | RoundFacts, memory: Memory, rules: Rules): GroundResult {
  const { term, control, self, now } = facts;
  const { leaseSeconds } = rules.timing;
  if (term.kind === 'unknown') return { kind: 'unknown', why: term.why };
  if (term.kind === 'none') return { kind: 'ground', ground: 'first', why: 'no cluster has held the main tags yet' };
  const holder = term.kind === 'term' ? term.term.holder : term.named;
  if (holder === self.name) {
    if (term.kind === 'term') return { kind: 'keeps', why: 'this cluster holds the main tags' };
    return { kind: 'ground', ground: 'damaged', why: `${term.why}; this cluster held it and claims it again` };
  }
  if (term.kind === 'damaged' && !isDamagedFor(memory, now, leaseSeconds))
    return {
      kind: 'ground',
      ground: 'damaged',
      why: `${term.why}; waiting ${leaseSeconds} s for ${holder ?? 'its holder'} to reassert the term`,
    };
  const rival = facts.holder?.rival;
  if (holder === undefined || !rival)
    return {
      kind: 'ground',
      ground: 'damaged',
      why: `${term.kind === 'damaged' ? `${term.why}; it` : 'the term'} names an unknown cluster`,
    };
  const found = groundAgainst(facts, rival, memory, rules);
  const retired = control.kind === 'found' && isRetired(control.value, holder);
  // Not while anything is unknown: after a claim whose tags cannot be reconciled no cluster would have them.
  if (!retired || found.kind === 'unknown') return found;
  return { kind: 'ground', ground: 'retired', why: `${holder} is retired` };
}

const isDamagedFor = ({ damagedSince }: Memory, now: GitLabSeconds, seconds: number): boolean =>
  damagedSince !== 0 && now - damagedSince >= seconds;

function groundAgainst(facts: Facts | RoundFacts, rival: MemberFacts, memory: Memory, rules: Rules): GroundResult {
  const former = unknownRecord(rival.name, rival.former);
  if (former) return former;
  const read = rival.lease;
  switch (read.kind) {
    case 'unknown':
      return read;
    case 'gone':
      if (rival.report.kind === 'unknown')
        return { kind: 'unknown', why: `the report of ${rival.name}: ${rival.report.why}` };
      if (rival.records.length + rival.former.length === 0)
        return { kind: 'unknown', why: `no runner record of ${rival.name} is known` };
      return { kind: 'ground', ground: 'gone', why: `all runner records of ${rival.name} are gone from GitLab` };
    case 'none':
      return { kind: 'ground', ground: 'silent', why: `${rival.name} has no valid lease: ${read.why}` };
    case 'lease':
      if (!isFresh(read, rules.timing))
        return {
          kind: 'ground',
          ground: 'silent',
          why: `${rival.name} has no valid lease (${expiry(read, rules.timing)})`,
        };
      return groundInFresh(facts, rival, read.lease, memory, rules);
  }
}

/** `expired 30 s ago` */
const expiry = (read: Parameters<typeof ageOf>[0], { leaseSeconds }: Timing): string =>
  `expired ${ageOf(read) - leaseSeconds} s ago`;

function groundInFresh(
  facts: Facts | RoundFacts,
  rival: MemberFacts,
  lease: Lease,
  memory: Memory,
  { policy }: Rules,
): GroundResult {
  const { now, term } = facts;
  const { online, total, preferred } = facts.self;
  const theirs = `${rival.name} ${lease.online}/${lease.total}`;
  if (lease.online < rival.minOnline) {
    if (memory.unhealthy < policy.confirm)
      return { kind: 'keeps', why: `${theirs} online is unhealthy in ${memory.unhealthy} of ${policy.confirm} stamps` };
    return { kind: 'ground', ground: 'unhealthy', why: `${theirs} online is unhealthy in ${memory.unhealthy} stamps` };
  }
  const held = term.kind === 'term' ? heldFor(now, term.term.at) : 0;
  const steady = held >= policy.holdForSeconds;
  if (memory.stronger >= policy.confirm && steady)
    return {
      kind: 'ground',
      ground: 'stronger',
      why: `own ${online}/${total} against ${theirs} in ${memory.stronger} stamps`,
    };
  const even = memory.evenSince === 0 ? 0 : now - memory.evenSince;
  if (
    preferred &&
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
