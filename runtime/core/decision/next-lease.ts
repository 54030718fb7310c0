/**
 * The lease that a round writes: this cluster's count, and what its checker must remember until its next round. Pure.
 * The ground is found here, once: what is remembered depends on it, and so does the decision.
 */
import { longestTouchGapSeconds } from '../../timing.ts';
import type { RoundFacts } from '../model/facts.ts';
import { NOBODY, type Lease, type Memory, type KnownRival, type Wanted } from '../model/lease.ts';
import type { GitLabSeconds } from '../model/time.ts';
import type { Rules } from '../model/rules.ts';
import { findGround, type GroundResult } from './ground.ts';
import { countStamp, emptyMemory, standGround } from './memory.ts';
import { isFresh } from './rivals.ts';
import { nextWanted } from './strength.ts';

export interface NextLease {
  readonly lease: Lease;
  readonly ground: GroundResult;
}

export function nextLease(facts: RoundFacts, rules: Rules): NextLease {
  const { self, holder } = facts;
  const { previousLease: previous, stampAt } = self;
  const longestGap = longestTouchGapSeconds(rules.timing);
  const counted = { online: self.online, total: self.total, at: stampAt };
  const wanted = nextWanted(following(previous, stampAt, longestGap)?.wanted, counted, rules.policy.settleSeconds);
  const { memory, ground } = remember(facts, wanted, rules);
  const lease: Lease = {
    cluster: self.name,
    online: self.online,
    total: self.total,
    holder: holder?.name ?? previous?.holder ?? NOBODY,
    // A number that was known once is never forgotten: a new term must be above it even if its file is lost.
    term: Math.max(holder?.number ?? 0, previous?.term ?? 0),
    at: stampAt,
    inTouchSince: inTouchSince(previous, stampAt, longestGap),
    heardSince: self.heardSince,
    wanted,
    rivals: knownRivals(facts),
    memory,
  };
  return { lease, ground };
}

/** The records of each rival that are known, gone or not, the lowest first; those that were known before where none are. */
function knownRivals({ rivals, self: { previousLease } }: RoundFacts): KnownRival[] {
  return rivals.flatMap(({ name, records, former, minOnline }) => {
    const known = records.length > 0 ? records : former.filter(({ read }) => read.kind !== 'absent');
    if (known.length === 0) return previousLease?.rivals.filter(({ cluster }) => cluster === name) ?? [];
    const ids = known.map(({ id }) => id).toSorted((a, b) => a - b);
    return ids.map((record) => ({ cluster: name, record, minOnline }));
  });
}

/**
 * In touch since when, for a stamp at `at` that follows `previous`: unbroken while no two stamps are further apart than
 * L + T (one failed call does not break it), else from this stamp on.
 */
export function inTouchSince(previous: Lease | undefined, at: GitLabSeconds, longestGapSeconds: number): GitLabSeconds {
  const before = following(previous, at, longestGapSeconds);
  return before && before.inTouchSince <= at ? before.inTouchSince : at;
}

/** The lease before a stamp at `at`, where it is no further away than that; what happened in a longer gap is not known. */
const following = (previous: Lease | undefined, at: GitLabSeconds, longestGapSeconds: number): Lease | undefined =>
  previous && at - previous.at <= longestGapSeconds ? previous : undefined;

/**
 * Heard since when, by the last contact of this cluster's own managers (undefined for none): unbroken while that is never
 * older than `limitSeconds`, and while stamps follow each other as closely, for what happened in between is not known.
 */
export function heardSince(
  previous: Lease | undefined,
  contactedAt: GitLabSeconds | undefined,
  at: GitLabSeconds,
  limitSeconds: number,
): GitLabSeconds {
  if (contactedAt === undefined || at - contactedAt > limitSeconds) return 0;
  return following(previous, at, limitSeconds)?.heardSince || Math.floor(contactedAt);
}

/** The memory after this round, and its ground. While the term is unknown the memory stays as it was. */
function remember(
  facts: RoundFacts,
  wanted: Wanted,
  rules: Rules,
): { readonly memory: Memory; readonly ground: GroundResult } {
  const groundOf = (memory: Memory): GroundResult => findGround(facts, { wanted, memory }, rules);
  const { holder, term, now, self } = facts;
  const previous = self.previousLease?.memory ?? emptyMemory(holder?.number ?? 0);
  if (!holder) return { memory: previous, ground: groundOf(previous) };
  if (holder.name === self.name) {
    const memory = emptyMemory(holder.number);
    return { memory, ground: groundOf(memory) };
  }
  const before = previous.term === holder.number ? previous : emptyMemory(holder.number);
  const damagedSince = term.kind === 'damaged' ? before.damagedSince || now : 0;
  const counted = countRival({ ...before, damagedSince }, facts, rules);
  const ground = groundOf(counted);
  // If the holder is unknown, the ground stays: the round has learned nothing about it.
  if (ground.kind === 'unknown') return { memory: counted, ground };
  return { memory: standGround(counted, ground.kind === 'ground' ? ground.ground : undefined, now), ground };
}

function countRival(memory: Memory, { self, holder }: RoundFacts, { policy, timing }: Rules): Memory {
  const rival = holder?.rival;
  if (!rival || !isFresh(rival.lease, timing)) return memory;
  const { lease } = rival.lease;
  // What happened between two stamps that are further apart is not known: the counts start again.
  const isBroken = lease.at - memory.stamp > timing.leaseSeconds;
  const counted = isBroken ? { ...memory, unhealthy: 0, stronger: 0, strongerSince: 0 } : memory;
  return countStamp(counted, lease, {
    online: self.online,
    minAdvantage: policy.minAdvantage,
    holderMinOnline: rival.minOnline,
  });
}
