/** Reads the clusters of a fleet as their reports, their records and the newest term show them. */
import { unknown, type Read } from '../core/model/read.ts';
import { anyHasMainTag } from '../core/decision/tags.ts';
import { NO_CONTROL, parseControl, type Control } from '../core/model/control.ts';
import type { MemberFacts, RecordFacts, ReportRead, TermFacts } from '../core/model/facts.ts';
import { NOBODY } from '../core/model/lease.ts';
import { memberOf, unknownRecord } from '../core/model/member.ts';
import { parseReport, reportPath } from '../core/model/report.ts';
import { recordsIn } from '../core/model/term.ts';
import type { RunnerRecords, StatusProject } from '../ports.ts';
import { knownTerms, type KnownTerm, type KnownTerms } from './newest-term.ts';

/** What a fleet is read with. */
export interface FleetPorts {
  readonly records: RunnerRecords;
  readonly project: StatusProject;
}

export function controlOf(text: Read<string>): Read<Control> {
  if (text.kind === 'unknown') return text;
  if (text.kind === 'absent') return { kind: 'found', value: NO_CONTROL, at: text.at };
  const parsed = parseControl(text.value);
  return parsed.ok ? { kind: 'found', value: parsed.value, at: text.at } : unknown(parsed.why);
}

export function reportOf(name: string, text: Read<string> | undefined): ReportRead {
  if (!text) return unknown('not read');
  if (text.kind !== 'found') return text;
  const parsed = parseReport(name, text.value);
  return parsed.ok ? { kind: 'found', value: parsed.value, at: text.at } : { kind: 'unreadable', why: parsed.why };
}

export async function readRecords(
  { records }: Pick<FleetPorts, 'records'>,
  ids: readonly number[],
): Promise<RecordFacts[]> {
  return Promise.all([...new Set(ids)].map(async (id) => ({ id, read: await records.read(id) })));
}

/** A cluster by the records that its report names. `minOnline` is the reader's own. */
export async function readMember(
  ports: FleetPorts,
  name: string,
  report: ReportRead,
  minOnline: number,
): Promise<MemberFacts> {
  const ids = report.kind === 'found' ? report.value.records : [];
  return memberOf({ name, report, records: await readRecords(ports, ids), former: [] }, minOnline);
}

/** The term that a lease or a report names. */
export const termIn = (by: { readonly term: number; readonly holder: string }): KnownTerm => ({
  number: by.term,
  holder: by.holder === NOBODY ? undefined : by.holder,
});

/**
 * The newest terms that the members' leases and reports name, and those of this cluster (`own`). A lease that is dated in the
 * future is not valid, but its number counts like that of a report.
 */
export const termsOf = (members: readonly MemberFacts[], own: OwnTerms = { leases: [], reports: [] }): KnownTerms =>
  knownTerms(
    [...own.leases, ...members.flatMap(({ lease }) => (lease.kind === 'lease' ? [termIn(lease.lease)] : []))],
    [
      ...own.reports,
      ...members.flatMap(({ report }) => (report.kind === 'found' ? [termIn(report.value)] : [])),
      ...members.flatMap(({ lease }) => (lease.kind === 'none' && lease.named ? [termIn(lease.named)] : [])),
    ],
  );

export interface OwnTerms {
  readonly leases: readonly KnownTerm[];
  readonly reports: readonly KnownTerm[];
}

/**
 * No term file exists, but a record of one of these clusters has a main tag: then terms existed, and GitLab does not show them. A
 * cluster whose report is lost may have held one, as long as one of its records cannot be read: its lease would name the term.
 */
export function withoutLostTerms(
  term: TermFacts,
  members: readonly MemberFacts[],
  mainTags: readonly string[],
): TermFacts {
  if (term.kind !== 'none') return term;
  const tagged = members.find(({ records, former }) => anyHasMainTag([...records, ...former], mainTags));
  if (tagged) return { kind: 'unknown', why: `no term file exists, but a record of ${tagged.name} has a main tag` };
  for (const { name, report, records, former } of members) {
    const hidden = report.kind === 'found' ? undefined : unknownRecord(name, [...records, ...former]);
    if (hidden) return unknown(`no term file exists, but ${name} may have held one: ${hidden.why}`);
  }
  return term;
}

/** The records that reports remember of other clusters than their own. */
export const rememberedIn = (reports: readonly ReportRead[], name: string): readonly number[] =>
  reports.flatMap((report) => {
    const rivals = report.kind === 'found' ? report.value.rivals : undefined;
    return rivals && Object.hasOwn(rivals, name) ? (rivals[name] ?? []) : [];
  });

/** What is remembered of a cluster whose report may be lost. */
export interface Remembered {
  readonly records: readonly number[];
  readonly minOnline?: number | undefined;
}

/**
 * Adds what only the term or a report of another cluster knows: records of a cluster whose report is lost, unreadable or names
 * others by now, and a holder that is not in this stack's fleet. It never replaces what was read. `self` is the cluster that is
 * not among the members, `remembered` is what reports or this cluster's own lease remember of another cluster.
 */
export async function completeMembers(
  ports: FleetPorts,
  self: string | undefined,
  members: readonly MemberFacts[],
  term: TermFacts,
  remembered: (name: string) => Remembered,
  minOnline: number,
): Promise<MemberFacts[]> {
  const newest = term.kind === 'term' ? term.term : undefined;
  const isKnown = newest === undefined || newest.holder === self || members.some(({ name }) => name === newest.holder);
  const stranger = isKnown ? [] : [await readStranger(ports, newest.holder, minOnline)];
  return Promise.all(
    [...members, ...stranger].map(async (member) => {
      const { records, minOnline: needed = minOnline } = remembered(member.name);
      const known = [...(newest ? recordsIn(newest, member.name) : []), ...records];
      const others = known.filter((id) => !member.records.some((record) => record.id === id));
      if (others.length === 0) return member.report.kind === 'found' ? member : { ...member, minOnline: needed };
      const read = await readRecords(ports, others);
      const isLost = member.report.kind === 'absent' || member.report.kind === 'unreadable';
      const complete =
        isLost && member.records.length === 0 ? { ...member, records: read } : { ...member, former: read };
      return memberOf(complete, needed);
    }),
  );
}

async function readStranger(ports: FleetPorts, name: string, minOnline: number): Promise<MemberFacts> {
  return readMember(ports, name, reportOf(name, await ports.project.file(reportPath(name))), minOnline);
}
