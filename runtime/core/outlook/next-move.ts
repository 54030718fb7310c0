/**
 * What the checker of one cluster would decide now, for people outside the clusters: computed from its
 * own newest lease instead of a count of its pods. Nothing is written.
 */
import { decide, type Decision } from '../decision/decide.ts';
import type { Rules } from '../model/rules.ts';
import { findGround } from '../decision/ground.ts';
import type { Known } from '../model/read.ts';
import { holderOf, type Facts, type FleetFacts } from '../model/facts.ts';
import { ageOf } from '../model/lease.ts';
import { emptyMemory } from '../decision/memory.ts';
import { isFresh } from '../decision/rivals.ts';

/** The facts of `name`, or why it has none: without a lease its counts and its memory are unknown. */
export function factsFor(fleet: FleetFacts, name: string): Known<Facts> {
  const member = fleet.members.find((candidate) => candidate.name === name);
  if (!member) return { kind: 'unknown', why: `${name} is not in the fleet` };
  const read = member.lease;
  if (read.kind === 'unknown') return read;
  if (read.kind === 'gone') return { kind: 'unknown', why: 'it has no runner record' };
  if (read.kind === 'none') return { kind: 'unknown', why: read.why };
  const { lease } = read;
  const report = member.report.kind === 'found' ? member.report.value : undefined;
  const number = holderOf(fleet.term, [])?.number;
  // What it remembers of an earlier term is void: its next renewal drops it.
  const isVoid = number !== undefined && lease.memory.term !== number;
  const rivals = fleet.members.filter((candidate) => candidate.name !== name);
  return {
    kind: 'known',
    value: {
      now: fleet.now,
      self: {
        name,
        preferred: report?.preferred ?? false,
        online: lease.online,
        total: lease.total,
        ownTags: report?.ownTags ?? [],
        records: member.records,
        lease: isVoid ? { ...lease, memory: emptyMemory(number) } : lease,
      },
      rivals,
      mainTags: fleet.mainTags,
      term: fleet.term,
      holder: holderOf(fleet.term, rivals),
      control: fleet.control,
    },
  };
}

export type NextMove =
  | Decision
  /** Its checker does not renew its lease, so it does nothing. */
  | { readonly kind: 'no-lease'; readonly reason: string };

/** What the checker of `name` would do now, and what it waits for. `minOnline` is its own, as it reports it. */
export function nextMove(fleet: FleetFacts, name: string, rules: Rules): NextMove {
  const member = fleet.members.find((candidate) => candidate.name === name);
  const facts = factsFor(fleet, name);
  if (!member || facts.kind === 'unknown')
    return { kind: 'no-lease', reason: facts.kind === 'unknown' ? facts.why : `${name} is not in the fleet` };
  const read = member.lease;
  if (read.kind === 'lease' && !isFresh(read, rules.timing))
    return { kind: 'no-lease', reason: `its checker has not renewed its lease for ${ageOf(read)} s` };
  const own = rulesFor(fleet, name, rules);
  return decide(facts.value, findGround(facts.value, facts.value.self.lease, own), own);
}

/** The rules as `name` has them: how many runners it needs is in its report. */
export function rulesFor(fleet: FleetFacts, name: string, { policy, timing }: Rules): Rules {
  const report = fleet.members.find((candidate) => candidate.name === name)?.report;
  if (report?.kind !== 'found') return { policy, timing };
  return { policy: { ...policy, minOnline: report.value.minOnline }, timing };
}
