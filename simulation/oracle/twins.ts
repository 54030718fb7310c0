/**
 * What a second stack of one name may do. It writes nothing while it could know of the first one: GitLab has the first one's record,
 * and the files name it. It has R to give way, for its round may have begun before that.
 *
 * It may take the name where no round could know of the first one: its record is gone or was never reported, no file names it
 * (all files are lost), or its note was emptied and only one file names it, for one wrong file must not stop a cluster. Then it keeps
 * the name while it renews its lease, until the first one writes again. With a fresh lease it knows of the first one only by the
 * report: while that is lost or unreadable, both may write.
 */
import { leaseIn } from '../../runtime/core/model/lease.ts';
import { parseReport, reportPath, type Report } from '../../runtime/core/model/report.ts';
import { parseTerm, recordsIn, termPath, type Term } from '../../runtime/core/model/term.ts';
import type { Cluster } from '../world/cluster.ts';
import { MAIN_TAG, type Fleet } from '../world/fleet.ts';
import { termNumber } from './rounds.ts';

function reportOf({ gitlab }: Fleet, cluster: string): Report | undefined {
  const parsed = parseReport(cluster, gitlab.files.get(reportPath(cluster)) ?? '');
  return parsed.ok ? parsed.value : undefined;
}

/** Whether the report of `by` shows that this record is the cluster's. */
function isReported(fleet: Fleet, by: string, { name, record }: Cluster): boolean {
  const report = reportOf(fleet, by);
  const named = by === name ? report?.records : report?.rivals?.[name];
  return named?.includes(record) === true;
}

/** The newest term, where a stack that knows nothing finds it: from a report that names it, or from the first term on. */
function findableTerm(fleet: Fleet): Term | undefined {
  const { files } = fleet.gitlab;
  const newest = Math.max(0, ...[...files.keys()].map((path) => termNumber(path) ?? 0));
  const isNamed = fleet.clusters.some(({ name }) => reportOf(fleet, name)?.term === newest);
  if (!isNamed && !files.has(termPath(1))) return undefined;
  const parsed = parseTerm(newest, files.get(termPath(newest)) ?? '');
  return parsed.ok ? parsed.value : undefined;
}

/** How many files show that the cluster's record is its own: its report, the reports of others, and the newest term. */
function filesThatName(fleet: Fleet, cluster: Cluster): number {
  const reports = fleet.clusters.filter((by) => isReported(fleet, by.name, cluster));
  const term = findableTerm(fleet);
  return reports.length + (term && recordsIn(term, cluster.name).includes(cluster.record) ? 1 : 0);
}

export class Twins {
  private readonly fleet: Fleet;
  /** When a second stack could last not know of the first one, by its name. */
  private readonly unknownAt = new Map<string, number>();
  /** When a second stack last had the name. */
  private readonly takenAt = new Map<string, number>();
  /** The names that second stacks have. */
  private readonly taken = new Set<string>();

  constructor(fleet: Fleet) {
    this.fleet = fleet;
  }

  /** Once a second. */
  sample(): void {
    for (const { cluster } of this.fleet.twins.filter(({ isOver }) => !isOver))
      if (this.hasName(cluster) || !this.isKnown(cluster)) this.unknownAt.set(cluster.name, this.fleet.time.now);
  }

  /** Whether a second stack can know of the first one now. */
  private isKnown(cluster: Cluster): boolean {
    const { name, record, config } = cluster;
    const runner = this.fleet.gitlab.runner(record);
    if (!runner) return false;
    const hasLease = leaseIn(runner.note ?? '', name) !== undefined;
    if (this.hadName(name, config.timing.leaseSeconds)) return hasLease && isReported(this.fleet, name, cluster);
    const files = filesThatName(this.fleet, cluster);
    return files > 1 || (files === 1 && hasLease);
  }

  private hasName({ name, config: { timing } }: Cluster): boolean {
    return this.taken.has(name) && this.hadName(name, timing.leaseSeconds + timing.roundSeconds);
  }

  /** The first stack has written a lease. */
  firstWrote(name: string): void {
    this.taken.delete(name);
  }

  /** Whether a second stack may write, because it could not know of the first one. */
  mayWrite(cluster: Cluster): boolean {
    const { time } = this.fleet;
    const since = time.now - (this.unknownAt.get(cluster.name) ?? Number.NEGATIVE_INFINITY);
    if (since > cluster.config.timing.budgetSeconds * 1000) return false;
    this.takenAt.set(cluster.name, time.now);
    this.taken.add(cluster.name);
    return true;
  }

  /** Whether a second stack has had this name in the last seconds: then the runners of the first one show nothing about the name. */
  hadName(name: string, seconds: number): boolean {
    return this.fleet.time.now - (this.takenAt.get(name) ?? Number.NEGATIVE_INFINITY) <= seconds * 1000;
  }

  /** A second stack that may have the name serves with runners of its own. */
  get isServing(): boolean {
    const { gitlab, twins } = this.fleet;
    return twins.some(
      ({ record, cluster, isOver }) =>
        !isOver && this.hasName(cluster) && gitlab.runner(record)?.tags.includes(MAIN_TAG) === true,
    );
  }
}
