/**
 * What a cluster that is about to be destroyed must know of the fleet: whether the main tags are its own, and who could
 * take them. Pure; the steps are in runtime/operator/leave.ts.
 */
import type { Policy } from '../../config.ts';
import type { Timing } from '../../timing.ts';
import type { FleetFacts, RecordFacts, MemberFacts } from '../model/facts.ts';
import { fitnessOf } from './fitness.ts';
import { isRetired, type Control } from '../model/control.ts';
import { challengers, notHeard, pinnedCluster } from '../decision/rivals.ts';
import { unknownRecord } from '../model/member.ts';
import { anyHasMainTag } from '../decision/tags.ts';

/** Where the main tags are, for a cluster that is about to leave. */
export type Standing =
  | { readonly kind: 'unknown'; readonly why: string }
  /** The newest term names it. */
  | { readonly kind: 'holds'; readonly term: number }
  /** Another cluster is the holder, or none ever was. */
  | {
      readonly kind: 'free';
      readonly holder: string | undefined;
      readonly term: number;
      /** The records agree: the main tags are gone from the cluster that leaves, and are on a record of the holder. */
      readonly reconciled: boolean;
    };

export function standingOf(facts: FleetFacts, cluster: string): Standing {
  const { term, control } = facts;
  if (control.kind === 'unknown') return { kind: 'unknown', why: control.why };
  if (term.kind === 'unknown') return { kind: 'unknown', why: term.why };
  const report = facts.members.find(({ name }) => name === cluster)?.report;
  if (report?.kind === 'unknown') return { kind: 'unknown', why: `the report of ${cluster}: ${report.why}` };
  const own = recordsOf(facts, cluster);
  const failed = unknownRecord(cluster, own);
  if (failed) return failed;
  if (term.kind === 'none') {
    // A main tag is there because a term once gave it: then the terms are lost, not absent.
    const tagged = facts.members.find(({ name }) => anyHasMainTag(recordsOf(facts, name), facts.mainTags));
    if (tagged) return { kind: 'unknown', why: `${tagged.name} has a main tag, but no term can be read` };
    return { kind: 'free', holder: undefined, term: 0, reconciled: true };
  }
  const [holder, number] = term.kind === 'term' ? [term.term.holder, term.term.number] : [term.named, term.number];
  if (holder === undefined)
    return { kind: 'unknown', why: term.kind === 'damaged' ? term.why : 'the newest term names no cluster' };
  if (holder === cluster) return { kind: 'holds', term: number };
  const tagged = (records: readonly RecordFacts[]): boolean => anyHasMainTag(records, facts.mainTags);
  return { kind: 'free', holder, term: number, reconciled: !tagged(own) && tagged(recordsOf(facts, holder)) };
}

/** With former records, which may have kept a tag. */
const recordsOf = (facts: FleetFacts, cluster: string): readonly RecordFacts[] =>
  facts.members.filter(({ name }) => name === cluster).flatMap(({ records, former }) => [...records, ...former]);

export type Succession =
  { readonly kind: 'ready'; readonly names: readonly string[] } | { readonly kind: 'none'; readonly why: string };

/** The clusters that could take the main tags from `cluster` now; if none could, what prevents each. */
export function successionOf(facts: FleetFacts, cluster: string, policy: Policy, timing: Timing): Succession {
  const control = facts.control.kind === 'found' ? facts.control.value : undefined;
  if (!control) return { kind: 'none', why: 'control.json cannot be read' };
  if (control.paused) return { kind: 'none', why: 'control.json says paused: no cluster may take the main tags' };
  const rivals = facts.members.filter((member) => member.name !== cluster);
  const ready = challengers({ ...facts, rivals }, control, timing, cluster);
  if (ready.length > 0) return { kind: 'ready', names: ready.map((challenger) => challenger.name) };
  const pinned = pinnedCluster(control, facts.now);
  if (pinned === cluster) return { kind: 'none', why: `control.json pins the main tags to ${cluster}` };
  if (rivals.length === 0) return { kind: 'none', why: 'there is no other cluster' };
  const obstacles = rivals.map((rival) => `${rival.name} ${obstacleOf(rival, control, pinned, policy, timing)}`);
  return { kind: 'none', why: obstacles.join('; ') };
}

/** Why a rival cannot claim, for people. */
function obstacleOf(
  rival: MemberFacts,
  control: Control,
  pinned: string | undefined,
  policy: Policy,
  timing: Timing,
): string {
  if (isRetired(control, rival.name)) return 'is retired';
  if (pinned !== undefined && pinned !== rival.name) return `may not take them: they are pinned to ${pinned}`;
  const fitness = fitnessOf(rival, { policy, timing });
  switch (fitness.kind) {
    case 'unknown':
      return `is unknown: ${fitness.why}`;
    case 'unfit':
      return fitness.why;
    case 'fit':
      return `cannot take them yet: ${notHeard(fitness.lease, timing) ?? 'it waits for its turn'}`;
  }
}
