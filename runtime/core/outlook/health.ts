/**
 * The health of a fleet: one word and its reasons. The word follows the tags that GitLab shows, because jobs go where the tags
 * are; the reasons come from the term and the leases.
 */
import type { Rules } from '../model/rules.ts';
import { fitnessOf } from './fitness.ts';
import { isRetired, type Control } from '../model/control.ts';
import { successionOf } from './succession.ts';
import { holderOf, type FleetFacts, type MemberFacts } from '../model/facts.ts';
import { pinnedCluster } from '../decision/rivals.ts';
import { unknownRecord } from '../model/member.ts';
import { anyHasMainTag } from '../decision/tags.ts';

export const HEALTHS = ['ok', 'degraded', 'no holder', 'two holders', 'unknown'] as const;
export type Health = (typeof HEALTHS)[number];

export interface Judgement {
  readonly health: Health;
  /** Each a clause for people; empty if the fleet is healthy. */
  readonly reasons: readonly string[];
}

/** The clusters with a main tag on any of their records, as far as GitLab shows them. */
export const taggedClusters = ({ members, mainTags }: FleetFacts): string[] =>
  members.filter(({ records, former }) => anyHasMainTag([...records, ...former], mainTags)).map(({ name }) => name);

export function healthOf(fleet: FleetFacts, rules: Rules): Judgement {
  const tagged = taggedClusters(fleet);
  const tags = fleet.mainTags.join(', ');
  const doubts = doubtsOf(fleet);
  const [first] = tagged;
  // Two holders are two holders, even if other parts cannot be read.
  if (tagged.length > 1) return { health: 'two holders', reasons: [`${tagged.join(' and ')} have ${tags}`, ...doubts] };
  if (doubts.length > 0) return { health: 'unknown', reasons: doubts };
  const shortcomings = shortcomingsOf(fleet, tagged, rules);
  if (first === undefined) return { health: 'no holder', reasons: [`no cluster has ${tags}`, ...shortcomings] };
  return { health: shortcomings.length === 0 ? 'ok' : 'degraded', reasons: shortcomings };
}

/** What cannot be read and would be needed to judge the fleet. */
function doubtsOf(fleet: FleetFacts): string[] {
  const { control, term, members } = fleet;
  const records = members.flatMap(
    ({ name, records: own, former }) => unknownRecord(name, [...own, ...former])?.why ?? [],
  );
  const found = members.flatMap((member) => member.records).filter(({ read }) => read.kind === 'found');
  const blind = found.length > 0 && found.every(({ read }) => read.kind === 'found' && read.value.note === null);
  const reports = members.flatMap(({ name, report }) =>
    report.kind === 'unknown' ? [`the report of ${name}: ${report.why}`] : [],
  );
  return [
    ...(control.kind === 'unknown' ? [`control.json: ${control.why}`] : []),
    ...(term.kind === 'unknown' || term.kind === 'damaged' ? [`the newest term: ${term.why}`] : []),
    ...reports,
    ...records,
    ...(blind
      ? ['no lease can be seen: GitLab shows the notes of runner records only to users who may edit them']
      : []),
  ];
}

function shortcomingsOf(fleet: FleetFacts, tagged: readonly string[], rules: Rules): string[] {
  const holder = holderOf(fleet.term, fleet.members)?.name;
  const asked = fleet.control.kind === 'found' ? askedOf(fleet, fleet.control.value) : [];
  const mismatch =
    holder !== undefined && tagged.length === 1 && tagged[0] !== holder
      ? [`${tagged[0]} has the main tags, and the newest term names ${holder}`]
      : [];
  const succession = holder === undefined ? undefined : successionOf(fleet, holder, rules.policy, rules.timing);
  const alone = succession?.kind === 'none' ? [`no other cluster could take over: ${succession.why}`] : [];
  return [...asked, ...mismatch, ...fleet.members.flatMap((member) => weakness(member, rules)), ...alone];
}

/** What control.json says, and what it prevents. */
function askedOf({ now, members }: FleetFacts, control: Control): string[] {
  const pinned = pinnedCluster(control, now);
  const until = control.pin?.until === undefined ? '' : ` until ${control.pin.until}`;
  return [
    ...(control.paused ? ['paused: nothing moves'] : []),
    ...(pinned === undefined ? [] : [`pinned to ${pinned}${until}: no other cluster takes over`]),
    ...members.filter(({ name }) => isRetired(control, name)).map(({ name }) => `${name} is retired`),
  ];
}

function weakness(member: MemberFacts, rules: Rules): string[] {
  const { name, report } = member;
  if (report.kind === 'absent') return [`${name} has never reported`];
  if (report.kind === 'unreadable') return [report.why];
  if (report.kind === 'unknown') return [`the report of ${name}: ${report.why}`];
  const fitness = fitnessOf(member, rules);
  switch (fitness.kind) {
    case 'unknown':
      return [fitness.why];
    case 'unfit':
      return [`${name} ${fitness.why}`];
    case 'fit': {
      const { online, total } = fitness.lease;
      return online < total ? [`${name} has ${online}/${total} runners online`] : [];
    }
  }
}
