/**
 * The first step of a round: reads everything that is decided on. Reads that do not need each other go out together. The
 * stamp's time is GitLab's, from an answer that came before the pods were counted.
 */
import { unknown, type Read } from '../core/model/read.ts';
import type { GitLabSeconds } from '../core/model/time.ts';
import { busyWithin, countOf } from '../core/decision/count.ts';
import { CONTROL_PATH, NO_CONTROL, parseControl, type Control } from '../core/model/control.ts';
import { parseReport, reportPath } from '../core/model/report.ts';
import {
  leaseRecord,
  type RecordFacts,
  type RecordView,
  type ReportRead,
  type MemberFacts,
  type TermFacts,
} from '../core/model/facts.ts';
import { heardSince, leaseFrom, NOBODY, type Lease } from '../core/model/lease.ts';
import { memberLease } from '../core/decision/rivals.ts';
import { contactOf } from '../core/decision/roll.ts';
import { heardWithinSeconds } from '../timing.ts';
import type { CheckerContext } from './context.ts';
import { countCalled, isFall, readManagers } from './count-runners.ts';
import { newerOf, newestTerm, type KnownTerm } from '../fleet/newest-term.ts';

export interface Observation {
  /** GitLab's time from before the pods were counted: what the stamp asserts was true since then. */
  readonly stampAt: GitLabSeconds;
  /** The newest of GitLab's times in this round. */
  readonly now: GitLabSeconds;
  readonly online: number;
  readonly total: number;
  readonly records: readonly RecordFacts[];
  readonly lowest: RecordView;
  readonly previousLease: Lease | undefined;
  readonly ownReportText: Read<string>;
  readonly rivals: readonly MemberFacts[];
  readonly term: TermFacts;
  readonly control: Read<Control>;
}

/** What reads a fleet, a checker or not. */
export type Reader = Pick<CheckerContext, 'records' | 'project'>;

/** The observation, or why this round cannot go on. */
export type Observed =
  { readonly kind: 'observed'; readonly observation: Observation } | { readonly kind: 'blind'; readonly why: string };

export async function observe(checker: CheckerContext): Promise<Observed> {
  const { config, project } = checker;
  const rivalNames = config.fleet.filter((name) => name !== config.cluster);
  // 1. The small files, whose dates are from before the count.
  const [controlText, ownReportText, ...rivalTexts] = await Promise.all([
    project.file(CONTROL_PATH),
    project.file(reportPath(config.cluster)),
    ...rivalNames.map((name) => project.file(reportPath(name))),
  ]);
  const dated = [controlText, ownReportText, ...rivalTexts].flatMap((answer) =>
    answer.kind === 'unknown' ? [] : [answer.at],
  );
  if (dated.length === 0) return { kind: 'blind', why: `the status project gives no answer: ${whyOf(controlText)}` };
  const stampAt = Math.max(...dated);
  // 2. The pods, and which records are theirs.
  const pods = await checker.pods.deployments();
  if (pods.kind === 'unknown') return { kind: 'blind', why: `own runners are unknown: ${pods.why}` };
  // 3. Every record of which an id is known.
  const reports = rivalNames.map((name, index) => ({ name, report: reportOf(name, rivalTexts[index]) }));
  const [records, managers, ...known] = await Promise.all([
    readRecords(
      checker,
      pods.value.map((deployment) => deployment.record),
    ),
    readManagers(checker, pods.value),
    ...reports.map(({ report }) => readRecords(checker, report.kind === 'found' ? report.value.records : [])),
  ]);
  let rivals: MemberFacts[] = reports.map((rival, index) => ({ ...rival, records: known[index] ?? [], former: [] }));
  const lowest = leaseRecord(records);
  if (!lowest || lowest.read.kind !== 'found')
    return {
      kind: 'blind',
      why: `own record ${lowest?.id ?? '(none)'}: ${lowest ? whyOf(lowest.read) : 'no runner Deployment'}`,
    };
  const lease = leaseFrom(lowest.read.value.note, config.cluster, lowest.read.at);
  const previousLease = lease.kind === 'lease' ? lease.lease : undefined;
  const since = heardSince(previousLease, contactOf(records), stampAt, heardWithinSeconds(config.timing));
  const busySeconds = busyWithin(since, stampAt, config.timing);
  let counted = countOf(pods.value, records, managers, config.timing, busySeconds);
  if (counted.kind === 'known' && isFall(counted, lease, config.timing))
    counted = await countCalled(checker, pods.value, records, counted.value.unheard, busySeconds);
  if (counted.kind === 'unknown') return { kind: 'blind', why: `own runners are unknown: ${counted.why}` };
  // 4. The newest term, and the records that only it knows.
  const ownReport = reportOf(config.cluster, ownReportText);
  const term = await newestTerm(project, highestKnown(previousLease, ownReport, rivals));
  rivals = await completeFromTerm(checker, config.cluster, rivals, term);
  const times = [...records, ...rivals.flatMap((rival) => [...rival.records, ...rival.former])].flatMap((record) =>
    record.read.kind === 'unknown' ? [] : [record.read.at],
  );
  const now = Math.max(stampAt, ...times, term.kind === 'term' ? term.at : 0);
  return {
    kind: 'observed',
    observation: {
      stampAt,
      now,
      online: counted.value.online,
      total: counted.value.total,
      records,
      lowest: lowest.read.value,
      previousLease,
      ownReportText,
      rivals,
      term,
      control: controlOf(controlText),
    },
  };
}

const whyOf = (answer: Read<unknown>): string => {
  if (answer.kind === 'unknown') return answer.why;
  return answer.kind === 'absent' ? 'it does not exist in GitLab' : 'it is there';
};

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

export async function readRecords(checker: Reader, ids: readonly number[]): Promise<RecordFacts[]> {
  return Promise.all([...new Set(ids)].map(async (id) => ({ id, read: await checker.records.read(id) })));
}

/** The highest term that any lease or report knows of. */
export function highestKnown(own: Lease | undefined, ownReport: ReportRead, rivals: readonly MemberFacts[]): KnownTerm {
  const nobody: KnownTerm = { number: 0, holder: undefined };
  const said = (by: { readonly term: number; readonly holder: string }): KnownTerm => ({
    number: by.term,
    holder: by.holder === NOBODY ? undefined : by.holder,
  });
  const all = rivals.flatMap((rival) => {
    const lease = memberLease(rival.name, rival.records);
    return [
      ...(lease.kind === 'lease' ? [said(lease.lease)] : []),
      ...(rival.report.kind === 'found' ? [said(rival.report.value)] : []),
    ];
  });
  const ours = [...(own ? [said(own)] : []), ...(ownReport.kind === 'found' ? [said(ownReport.value)] : [])];
  return [...ours, ...all].reduce(newerOf, nobody);
}

/**
 * Adds what only the term knows: records of a cluster whose report is lost or makes no sense or names others by now, and a
 * holder that is not in this stack's fleet. Nothing that was read is replaced. `self` is the cluster that is not among the rivals.
 */
export async function completeFromTerm(
  checker: Reader,
  self: string | undefined,
  rivals: readonly MemberFacts[],
  term: TermFacts,
): Promise<MemberFacts[]> {
  if (term.kind !== 'term') return [...rivals];
  const { holder, records } = term.term;
  const stranger = holder !== self && !rivals.some((rival) => rival.name === holder);
  const all: MemberFacts[] = stranger ? [...rivals, await readStranger(checker, holder)] : [...rivals];
  return Promise.all(
    all.map(async (rival) => {
      const others = (records[rival.name] ?? []).filter((id) => !rival.records.some((record) => record.id === id));
      const read = await readRecords(checker, others);
      const isLost = rival.report.kind === 'absent' || rival.report.kind === 'unreadable';
      return isLost && rival.records.length === 0 ? { ...rival, records: read } : { ...rival, former: read };
    }),
  );
}

async function readStranger(checker: Reader, name: string): Promise<MemberFacts> {
  const report = reportOf(name, await checker.project.file(reportPath(name)));
  const ids = report.kind === 'found' ? report.value.records : [];
  return { name, report, records: await readRecords(checker, ids), former: [] };
}
