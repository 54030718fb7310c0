/** Reads the clusters of a fleet as their reports, their records and the newest term show them. */
import { unknown, type Read } from '../core/model/read.ts';
import { NO_CONTROL, parseControl, type Control } from '../core/model/control.ts';
import type { MemberFacts, RecordFacts, ReportRead, TermFacts } from '../core/model/facts.ts';
import { NOBODY } from '../core/model/lease.ts';
import { memberOf } from '../core/model/member.ts';
import { parseReport, reportPath } from '../core/model/report.ts';
import { recordsIn } from '../core/model/term.ts';
import type { RunnerRecords, StatusProject } from '../ports.ts';
import { newerOf, type KnownTerm } from './newest-term.ts';

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

export async function readRecords({ records }: FleetPorts, ids: readonly number[]): Promise<RecordFacts[]> {
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

/** The highest term that any lease or report knows of; `own` is what is known beside the members. */
export function highestKnown(members: readonly MemberFacts[], own: readonly KnownTerm[]): KnownTerm {
  const known = members.flatMap(({ lease, report }) => [
    ...(lease.kind === 'lease' ? [termIn(lease.lease)] : []),
    ...(report.kind === 'found' ? [termIn(report.value)] : []),
  ]);
  return [...own, ...known].reduce(newerOf, { number: 0, holder: undefined });
}

/**
 * Adds what only the term knows: records of a cluster whose report is lost, unreadable or names others by now, and a holder that
 * is not in this stack's fleet. Nothing that was read is replaced. `self` is the cluster that is not among the members.
 */
export async function completeFromTerm(
  ports: FleetPorts,
  self: string | undefined,
  members: readonly MemberFacts[],
  term: TermFacts,
  minOnline: number,
): Promise<MemberFacts[]> {
  if (term.kind !== 'term') return [...members];
  const { holder } = term.term;
  const isStranger = holder !== self && !members.some((member) => member.name === holder);
  const stranger = isStranger ? [await readStranger(ports, holder, minOnline)] : [];
  return Promise.all(
    [...members, ...stranger].map(async (member) => {
      const others = recordsIn(term.term, member.name).filter(
        (id) => !member.records.some((record) => record.id === id),
      );
      const read = await readRecords(ports, others);
      const isLost = member.report.kind === 'absent' || member.report.kind === 'unreadable';
      const complete =
        isLost && member.records.length === 0 ? { ...member, records: read } : { ...member, former: read };
      return memberOf(complete, minOnline);
    }),
  );
}

async function readStranger(ports: FleetPorts, name: string, minOnline: number): Promise<MemberFacts> {
  return readMember(ports, name, reportOf(name, await ports.project.file(reportPath(name))), minOnline);
}
