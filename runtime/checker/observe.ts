/**
 * The first step of a round: reads everything that the decision needs, and writes nothing. Reads that do not depend on each
 * other run at the same time. What was read becomes the facts of the round here, once.
 */
import { countOf, silentWithin, type Count, type ManagersByRecord } from '../core/decision/count.ts';
import { heardSince } from '../core/decision/next-lease.ts';
import { contactOf } from '../core/decision/roll.ts';
import { CONTROL_PATH } from '../core/model/control.ts';
import {
  holderOf,
  leaseRecord,
  type MemberFacts,
  type RecordFacts,
  type RecordView,
  type ReportRead,
  type RoundFacts,
  type TermFacts,
} from '../core/model/facts.ts';
import { leaseFrom, type Lease, type LeaseRead } from '../core/model/lease.ts';
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
  readonly withinSeconds: number;
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
  const { cluster: name, policy, timing } = context.config;
  // 1. The small files: GitLab dates its answers, and these dates are from before the pods are counted.
  const files = await readFiles(context);
  if (files.kind === 'unknown') return cannotObserve(files.why);
  const { report, stampAt, rivalReports } = files.value;
  // 2. The pods, and which records are theirs.
  const pods = await context.pods.deployments();
  if (pods.kind === 'unknown') return cannotObserve(`this cluster's runners cannot be counted: ${pods.why}`);
  // 3. Every record whose id is known.
  const stack = { name, deployments: pods.value, timing };
  const [own, others, ...known] = await Promise.all([
    readOwn(context, pods.value, stampAt),
    readRecords(context, recordsOfTwin(stack, report)),
    ...rivalReports.map((rival) => readMember(context, rival.name, rival.report, policy.minOnline)),
  ]);
  if (own.kind === 'unknown') return cannotObserve(own.why);
  // 4. The newest term, and the records that only the term knows.
  const { term, rivals } = await readTerm(context, files.value, own.value.previousLease, known);
  const count = countOwn(context, own.value, stampAt, rivals);
  if (count.kind === 'unknown') return cannotObserve(`this cluster's runners cannot be counted: ${count.why}`);
  const facts = factsOf(context, files.value, own.value, count.value, { term, rivals });
  // 5. Is there another stack of this name?
  const twin = await findTwin(context, stack, own.value.lease, others, { report, term, rivals });
  if (twin.kind === 'unknown') return cannotObserve(twin.why);
  if (twin.value !== undefined) return { kind: 'taken', facts, why: twin.value };
  return { kind: 'observed', count: count.value, facts };
}

/** What the status project's small files say. */
interface Files {
  readonly control: RoundFacts['control'];
  readonly report: ReportRead;
  readonly rivalReports: readonly { readonly name: string; readonly report: ReportRead }[];
  /** The newest date of GitLab's answers. */
  readonly stampAt: GitLabSeconds;
  /** One of the files was found, so the repository can be read. */
  readonly hasFile: boolean;
}

async function readFiles({ config, project }: RoundContext): Promise<Known<Files>> {
  const { cluster: name, fleet } = config;
  const rivalNames = fleet.filter((other) => other !== name);
  const [control, own, ...others] = await Promise.all([
    project.file(CONTROL_PATH),
    project.file(reportPath(name)),
    ...rivalNames.map((rival) => project.file(reportPath(rival))),
  ]);
  const all = [control, own, ...others];
  const stampAt = newestDate(all);
  if (stampAt === undefined)
    return { kind: 'unknown', why: `no file of the status project can be read: ${whyOf(control)}` };
  const value = {
    control: controlOf(control),
    report: reportOf(name, own),
    rivalReports: rivalNames.map((rival, index) => ({ name: rival, report: reportOf(rival, others[index]) })),
    stampAt,
    hasFile: all.some(({ kind }) => kind === 'found'),
  };
  return { kind: 'known', value };
}

/** What this cluster's own records, managers and note say. */
interface Own {
  readonly records: readonly RecordFacts[];
  /** The record that carries the lease. */
  readonly lowest: RecordView;
  readonly lease: LeaseRead;
  readonly previousLease: Lease | undefined;
  readonly heardSince: GitLabSeconds;
  readonly deployments: readonly RunnerDeployment[];
  readonly managers: ManagersByRecord;
}

async function readOwn(
  context: RoundContext,
  deployments: readonly RunnerDeployment[],
  stampAt: GitLabSeconds,
): Promise<Known<Own>> {
  const { cluster, timing } = context.config;
  const [records, managers] = await Promise.all([
    readRecords(
      context,
      deployments.map(({ record }) => record),
    ),
    readManagers(context, deployments),
  ]);
  const lowest = lowestOf(records);
  if (lowest.kind === 'unknown') return lowest;
  const lease = leaseFrom(lowest.value.view.note, cluster, lowest.value.at);
  const previousLease = lease.kind === 'lease' ? lease.lease : undefined;
  const since = heardSince(previousLease, contactOf(records), stampAt, heardWithinSeconds(timing));
  const { view } = lowest.value;
  return {
    kind: 'known',
    value: { records, lowest: view, lease, previousLease, heardSince: since, deployments, managers },
  };
}

/** The other clusters' leases show whether GitLab hears runners at all. */
function countOwn(
  { config }: RoundContext,
  { records, heardSince: since, deployments, managers, lease }: Own,
  at: GitLabSeconds,
  rivals: readonly MemberFacts[],
): Known<OwnCount> {
  const hearing = { heardSince: since, at, rivals: rivals.map((rival) => rival.lease) };
  const withinSeconds = silentWithin(hearing, config.timing);
  const counted = countOf(deployments, records, managers, withinSeconds);
  if (counted.kind === 'unknown') return counted;
  return { kind: 'known', value: { ...counted.value, deployments, withinSeconds, lease } };
}

/** The newest term that anything names, and the other clusters with the records that only the term knows. */
async function readTerm(
  context: RoundContext,
  { report, hasFile }: Files,
  previousLease: Lease | undefined,
  known: readonly MemberFacts[],
): Promise<{ readonly term: TermFacts; readonly rivals: readonly MemberFacts[] }> {
  const { config, project } = context;
  const { minOnline } = config.policy;
  const ownTerms = {
    leases: previousLease ? [termIn(previousLease)] : [],
    reports: report.kind === 'found' ? [termIn(report.value)] : [],
  };
  const found = await newestTerm(project, termsOf(known, ownTerms), hasFile);
  const remembered = (rival: string): Remembered => {
    const kept = previousLease?.rivals.filter(({ cluster }) => cluster === rival) ?? [];
    const ids = kept.map(({ record }) => record);
    return { records: [...new Set([...rememberedIn([report], rival), ...ids])], minOnline: kept[0]?.minOnline };
  };
  const rivals = await completeMembers(context, config.cluster, known, found, remembered, minOnline);
  const newest = await newestAfter(project, found, termsOf(rivals, ownTerms), hasFile);
  return { term: withoutLostTerms(newest, rivals, config.mainTags), rivals };
}

function factsOf(
  { config }: RoundContext,
  { control, report, stampAt }: Files,
  { records, lowest, previousLease, heardSince }: Own,
  { online, total }: OwnCount,
  { term, rivals }: Pick<RoundFacts, 'term' | 'rivals'>,
): RoundFacts {
  const { cluster: name, preferred, ownTags, mainTags } = config;
  const all = [...records, ...rivals.flatMap((rival) => [...rival.records, ...rival.former])];
  return {
    now: Math.max(stampAt, newestDate(all.map(({ read }) => read)) ?? 0, term.kind === 'term' ? term.at : 0),
    self: {
      name,
      preferred,
      online,
      total,
      ownTags,
      records,
      report,
      lowest,
      previousLease,
      stampAt,
      heardSince,
    },
    rivals,
    mainTags,
    term,
    holder: holderOf(term, rivals),
    control,
  };
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

/** The managers of the adopted Deployments' records; for the stack's own runners GitLab is not asked. */
export async function readManagers(
  { records }: { readonly records: RunnerRecords },
  deployments: readonly Pick<RunnerDeployment, 'record' | 'adopted'>[],
): Promise<ManagersByRecord> {
  const ids = new Set(deployments.filter(({ adopted }) => adopted).map(({ record }) => record));
  return new Map(await Promise.all([...ids].map(async (id) => [id, await records.managers(id)] as const)));
}
