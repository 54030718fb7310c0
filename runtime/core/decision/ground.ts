/**
 * Finds the ground to move the main tags away from their holder. Only the holder is examined here; whether this cluster may
 * act on the ground (it is eligible, it is its turn, the roll was called) is decided in decide.ts.
 *
 *   the holder's records      its lease            ground
 *   -----------------------   ------------------   ---------------------------------------------------------------
 *   one cannot be read        –                    unknown: nothing
 *   all 404                   –                    gone, once that has stood for L (its new records may be on the way)
 *   there                     fresh, below min     unhealthy, after `confirm` different stamps
 *                             fresh, degraded      stronger, where this cluster has more runners for confirmSeconds, after holdFor
 *                             fresh                preferred, where this cluster was whole for failbackAfter, after holdFor
 *                             older than L, none   silent: the roll decides
 */
import { isoOf, type GitLabSeconds } from '../model/time.ts';
import type { Facts, MemberFacts, RoundFacts } from '../model/facts.ts';
import { isRetired } from '../model/control.ts';
import type { Ground, Lease, Memory } from '../model/lease.ts';
import { unknownRecord } from '../model/member.ts';
import type { Rules } from '../model/rules.ts';
import type { Policy } from '../../config.ts';
import { expiredLease, isFresh } from './rivals.ts';

export type GroundResult =
  | { readonly kind: 'unknown'; readonly why: string }
  /** No reason to move; the sentence says why not. */
  | { readonly kind: 'keeps'; readonly why: string }
  | { readonly kind: 'ground'; readonly ground: Ground; readonly why: string };

/** What of this cluster's own lease a ground depends on. */
export type Own = Pick<Lease, 'wanted' | 'memory'>;

/** The ground for a move, given this cluster's own lease. Pure, and the same before and after the lease is renewed. */
export function findGround(facts: Facts | RoundFacts, own: Own, rules: Rules): GroundResult {
  const { term, control, self, now } = facts;
  const { leaseSeconds } = rules.timing;
  if (term.kind === 'unknown') return { kind: 'unknown', why: term.why };
  if (term.kind === 'none') return { kind: 'ground', ground: 'first', why: 'no cluster has held the main tags yet' };
  const holder = term.kind === 'term' ? term.term.holder : term.named;
  if (holder === self.name) {
    if (term.kind === 'term') return { kind: 'keeps', why: 'this cluster holds the main tags' };
    return { kind: 'ground', ground: 'damaged', why: `${term.why}; this cluster held it and claims it again` };
  }
  if (term.kind === 'damaged' && !isDamagedFor(own.memory, now, leaseSeconds))
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
  const found = groundAgainst(facts, rival, own, rules);
  const retired = control.kind === 'found' && isRetired(control.value, holder);
  // Not while anything is unknown: after a claim whose tags cannot be reconciled no cluster would have them.
  if (!retired || found.kind === 'unknown') return found;
  return { kind: 'ground', ground: 'retired', why: `${holder} is retired` };
}

const isDamagedFor = ({ damagedSince }: Memory, now: GitLabSeconds, seconds: number): boolean =>
  damagedSince !== 0 && now - damagedSince >= seconds;

function groundAgainst(facts: Facts | RoundFacts, rival: MemberFacts, own: Own, rules: Rules): GroundResult {
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
          why: `${rival.name} ${expiredLease(read, rules.timing)}`,
        };
      return groundInFresh(facts, rival, read.lease, own, rules);
  }
}

function groundInFresh(
  facts: Facts | RoundFacts,
  rival: MemberFacts,
  lease: Lease,
  own: Own,
  { policy }: Rules,
): GroundResult {
  const { memory } = own;
  const theirs = `${rival.name} ${lease.online}/${lease.total}`;
  if (lease.online < rival.minOnline) {
    if (memory.unhealthy < policy.confirm)
      return { kind: 'keeps', why: `${theirs} online is unhealthy in ${memory.unhealthy} of ${policy.confirm} stamps` };
    return { kind: 'ground', ground: 'unhealthy', why: `${theirs} online is unhealthy in ${memory.unhealthy} stamps` };
  }
  const wanting = voluntary(facts, theirs, own, policy);
  if (!wanting) return { kind: 'keeps', why: `${theirs} is healthy` };
  const held = facts.term.kind === 'term' ? heldFor(facts.now, facts.term.term.at) : 0;
  if (held >= policy.holdForSeconds || wanting.kind === 'keeps') return wanting;
  return { kind: 'keeps', why: `${wanting.why}, but the term is ${held} s old of ${policy.holdForSeconds} s` };
}

/** Different stamps of the holder that must show it weaker, however short `confirmSeconds` is. */
const STRONGER_STAMPS = 2;

/** The grounds to move from a healthy holder: this cluster is stronger, or preferred. Undefined if neither is true. */
function voluntary(
  { self, now }: Facts | RoundFacts,
  theirs: string,
  { memory, wanted }: Own,
  policy: Policy,
): Exclude<GroundResult, { readonly kind: 'unknown' }> | undefined {
  if (self.preferred && policy.failback === 'automatic' && wanted && wanted.wholeSince !== 0) {
    const wholeFor = now - wanted.wholeSince;
    if (wholeFor >= policy.failbackAfterSeconds)
      return { kind: 'ground', ground: 'preferred', why: `preferred, and not degraded for ${wholeFor} s` };
  }
  if (memory.stronger === 0) return undefined;
  const seconds = memory.stamp - memory.strongerSince;
  const why = `${self.online} runners online here, more than the degraded ${theirs}`;
  if (memory.stronger < STRONGER_STAMPS || seconds < policy.confirmSeconds)
    return { kind: 'keeps', why: `${why}, for ${seconds} s of ${policy.confirmSeconds} s` };
  return { kind: 'ground', ground: 'stronger', why: `${why} for ${seconds} s` };
}

/** How long a term has lasted by GitLab's time; never negative. */
export const heldFor = (now: GitLabSeconds, termAt: string): number =>
  isoOf(now) <= termAt ? 0 : now - Date.parse(termAt) / 1000;
