/**
 * The first step of a round: reads everything that the decision needs, and writes nothing. Reads that do not depend on each
 * other run at the same time. What was read becomes the facts of the round here, once.
 */
import { busyWithin, countOf, type Count, type ManagersByRecord } from '../core/decision/count.ts';
import { heardSince } from '../core/decision/next-lease.ts';
import { contactOf } from '../core/decision/roll.ts';
import { CONTROL_PATH } from '../core/model/control.ts';
import { holderOf, leaseRecord, type RecordFacts, type RecordView, type RoundFacts } from '../core/model/facts.ts';
import { leaseFrom, type LeaseRead } from '../core/model/lease.ts';
import type { Known, Read } from '../core/model/read.ts';
import { reportPath } from '../core/model/report.ts';
import type { GitLabSeconds } from '../core/model/time.ts';
import { newestAfter, newestTerm } from '../fleet/newest-term.ts';
import {
  completeMembers,
  controlOf,
  readMember,
  readRecords,
  rememberedIn,
  reportOf,
  termIn,
  termsOf,
  type Remembered,
  withoutLostTerms,
} from '../fleet/read-members.ts';
import type { RunnerDeployment, RunnerRecords } from '../ports.ts';
import { heardWithinSeconds } from '../timing.ts';
import type { RoundContext } from './context.ts';
import { findTwin, recordsOfTwin } from './twins.ts';

/** The count of this cluster's runners, and what is needed to count them again. */
export interface OwnCount extends Count {
  readonly deployments: readonly RunnerDeployment[];
  readonly busySeconds: number;
  /** The lease in this cluster's own note. */
  readonly lease: LeaseRead;
}

/** Another stack has this cluster's name and came first. */
export interface Taken {
  readonly kind: 'taken';
  readonly facts: RoundFacts;
  /** Both records, and what people should do. */
  readonly why: string;
}

export type Observed =
  | { readonly kind: 'observed'; readonly facts: RoundFacts; readonly count: OwnCount }
  | Taken
  /** Something that this round cannot do without is unknown. */
  | { readonly kind: 'unknown'; readonly why: string };

const cannotObserve = (why: string): Observed => ({ kind: 'unknown', why });

export async function observe(context: RoundContext): Promise<Observed> {
  const { config, project } = context;
  const { cluster: name, preferred, ownTags, mainTags, policy } = config;
  const rivalNames = config.fleet.filter((other) => other !== name);
  // 1. The small files: GitLab dates its answers, and these dates are from before the pods are counted.
  const [controlText, ownReportText, ...rivalTexts] = await Promise.all([
    project.file(CONTROL_PATH),
    project.file(reportPath(name)),
    ...rivalNames.map((rival) => project.file(reportPath(rival))),
  ]);
  const stampAt = newestDate([controlText, ownReportText, ...rivalTexts]);
  if (stampAt === undefined) return cannotObserve(`no file of the status project can be read: ${whyOf(controlText)}`);
  // 2. The pods, and which records are theirs.
  const pods = await context.pods.deployments();
  if (pods.kind === 'unknown') return cannotObserve(`this cluster's runners cannot be counted: ${pods.why}`);
  // 3. Every record whose id is known.
  const stack = { name, deployments: pods.value, timing: config.timing };
  const report = reportOf(name, ownReportText);
  const [records, others, managers, ...known] = await Promise.all([
    readRecords(
      context,
      pods.value.map(({ record }) => record),
    ),
    readRecords(context, recordsOfTwin(stack, report)),
    readManagers(context, pods.value),
    ...rivalNames.map((rival, index) =>
      readMember(context, rival, reportOf(rival, rivalTexts[index]), policy.minOnline),
    ),
  ]);
  const lowest = lowestOf(records);
  if (lowest.kind === 'unknown') return cannotObserve(lowest.why);
  const own = ownOf(context, lowest.value, records, stampAt);
  const counted = countOf(pods.value, records, managers, config.timing, own.busySeconds);
  if (counted.kind === 'unknown') return cannotObserve(`this cluster's runners cannot be counted: ${counted.why}`);
  // 4. The newest term, and the records that only the term knows.
  const ownTerms = {
    leases: own.previousLease ? [termIn(own.previousLease)] : [],
    reports: report.kind === 'found' ? [termIn(report.value)] : [],
  };
  const hasFile = [controlText, ownReportText, ...rivalTexts].some(({ kind }) => kind === 'found');
  const found = await newestTerm(project, termsOf(known, ownTerms), hasFile);
  const remembered = (rival: string): Remembered => {
    const kept = own.previousLease?.rivals.find(({ cluster }) => cluster === rival);
    return { records: [...rememberedIn([report], rival), ...(kept ? [kept.record] : [])], minOnline: kept?.minOnline };
  };
  const rivals = await completeMembers(context, name, known, found, remembered, policy.minOnline);
  const newest = await newestAfter(project, found, termsOf(rivals, ownTerms), hasFile);
  const term = withoutLostTerms(newest, rivals, mainTags);
  const all = [...records, ...rivals.flatMap((rival) => [...rival.records, ...rival.former])];
  const { online, total } = counted.value;
  const { lease, busySeconds, previousLease } = own;
  const facts: RoundFacts = {
    now: Math.max(stampAt, newestDate(all.map(({ read }) => read)) ?? 0, term.kind === 'term' ? term.at : 0),
    self: {
      name,
      preferred,
      online,
      total,
      ownTags,
      records,
      report,
      lowest: lowest.value.view,
      previousLease,
      stampAt,
      heardSince: own.heardSince,
    },
    rivals,
    mainTags,
    term,
    holder: holderOf(term, rivals),
    control: controlOf(controlText),
  };
  // 5. Is there another stack of this name?
  const twin = await findTwin(context, stack, lease, others, { report, term, rivals });
  if (twin.kind === 'unknown') return cannotObserve(twin.why);
  if (twin.value !== undefined) return { kind: 'taken', facts, why: twin.value };
  return { kind: 'observed', count: { ...counted.value, deployments: pods.value, busySeconds, lease }, facts };
}

function newestDate(reads: readonly Read<unknown>[]): GitLabSeconds | undefined {
  const dates = reads.flatMap((read) => (read.kind === 'unknown' ? [] : [read.at]));
  return dates.length === 0 ? undefined : Math.max(...dates);
}

const whyOf = (read: Read<unknown>): string => {
  if (read.kind === 'unknown') return read.why;
  return read.kind === 'absent' ? 'it does not exist in GitLab' : 'it is there';
};

interface Lowest {
  readonly view: RecordView;
  readonly at: GitLabSeconds;
}

/** The record that carries this cluster's lease. */
function lowestOf(records: readonly RecordFacts[]): Known<Lowest> {
  const lowest = leaseRecord(records);
  if (!lowest) return { kind: 'unknown', why: 'no runner record is known, for this cluster has no runner Deployment' };
  const { id, read } = lowest;
  if (read.kind !== 'found') return { kind: 'unknown', why: `own record ${id}: ${whyOf(read)}` };
  return { kind: 'known', value: { view: read.value, at: read.at } };
}

/** What this cluster's own note and managers say. */
function ownOf({ config }: RoundContext, lowest: Lowest, records: readonly RecordFacts[], stampAt: GitLabSeconds) {
  const lease = leaseFrom(lowest.view.note, config.cluster, lowest.at);
  const previousLease = lease.kind === 'lease' ? lease.lease : undefined;
  const since = heardSince(previousLease, contactOf(records), stampAt, heardWithinSeconds(config.timing));
  return { lease, previousLease, heardSince: since, busySeconds: busyWithin(since, stampAt, config.timing) };
}

/** The managers of the adopted Deployments' records; for the stack's own runners GitLab is not asked. */
export async function readManagers(
  { records }: { readonly records: RunnerRecords },
  deployments: readonly Pick<RunnerDeployment, 'record' | 'adopted'>[],
): Promise<ManagersByRecord> {
  const ids = new Set(deployments.filter(({ adopted }) => adopted).map(({ record }) => record));
  return new Map(await Promise.all([...ids].map(async (id) => [id, await records.managers(id)] as const)));
}
