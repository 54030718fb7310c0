/**
 * Before the first round of a run: checks that this cluster's tokens have the rights that a move of the tags needs. Each checker
 * edits every record of the fleet, and a missing right would show only when the tags must move. GitLab's definite 403 fails the
 * preflight and ends the run. Anything unknown does not: a checker must survive an outage of GitLab. If the lease of this
 * cluster is fresh, an earlier run has passed the preflight, and it is not repeated every minute.
 */
import type { Unknown } from '../core/model/read.ts';
import { parseReport, reportPath, type Report } from '../core/model/report.ts';
import { leaseFrom } from '../core/model/lease.ts';
import { termPath } from '../core/model/term.ts';
import { isFresh } from '../core/decision/rivals.ts';
import { readRecords } from '../fleet/read-members.ts';
import type { RunnerDeployment } from '../ports.ts';
import type { CheckerContext } from './context.ts';
import { giveWay, recordsOfTwin } from './twins.ts';

export type Preflight =
  | { readonly kind: 'passed' }
  /** `isTwin`: another stack of this name came first. */
  | { readonly kind: 'failed'; readonly why: string; readonly isTwin?: true };

/** The preflight is not repeated while the own lease is fresh. */
const NO_LEASE = { kind: 'none', why: 'not fresh', readAt: 0 } as const;
const PASSED: Preflight = { kind: 'passed' };

interface FleetRecord {
  readonly id: number;
  readonly cluster: string;
}

export async function preflight(checker: CheckerContext): Promise<Preflight> {
  const { config, project, clock } = checker;
  const began = clock.now();
  // 1. Has an earlier run passed?
  const pods = await checker.pods.deployments();
  const records: FleetRecord[] =
    pods.kind === 'known' ? pods.value.map(({ record }) => ({ id: record, cluster: config.cluster })) : [];
  if (await leaseIsFresh(checker, records)) return PASSED;
  // 2. Which records exist: those of the rivals from their reports, the own ones from Kubernetes.
  const files = await Promise.all(
    config.fleet.map(async (cluster) => ({ cluster, read: await project.file(reportPath(cluster)) })),
  );
  for (const { cluster, read } of files) {
    if (read.kind === 'unknown' && read.forbidden) return cannotCommit(checker, read);
    if (read.kind !== 'found') continue;
    const report = parseReport(cluster, read.value);
    if (!report.ok) continue;
    if (cluster === config.cluster) {
      const failed = pods.kind === 'known' ? await failedForTwin(checker, pods.value, report.value) : undefined;
      if (failed) return failed;
      continue;
    }
    const shared = report.value.records.find((id) =>
      records.some((own) => own.id === id && own.cluster === config.cluster),
    );
    if (shared !== undefined) return sharedRecord(checker, shared, cluster);
    records.push(...report.value.records.map((id) => ({ id, cluster })));
  }
  // The preflight counts into the start lag, and the bounds depend on it: if it takes too long, the rounds start without a result.
  if (clock.now() - began >= config.timing.requestSeconds * 1000) return PASSED;
  // 3. May this cluster edit the records, and commit to the project?
  const verdicts = await Promise.all([mayCommit(checker), ...records.map((record) => mayEdit(checker, record))]);
  return verdicts.find((verdict) => verdict.kind === 'failed') ?? PASSED;
}

/** Another stack of this name came first (twins.ts). What is unknown of it the rounds find out. */
async function failedForTwin(
  { config, records }: CheckerContext,
  deployments: readonly RunnerDeployment[],
  report: Report,
): Promise<Preflight | undefined> {
  const stack = { name: config.cluster, deployments, timing: config.timing };
  const others = recordsOfTwin(stack, { kind: 'found', value: report, at: 0 });
  const twin = giveWay(stack, NO_LEASE, await readRecords({ records }, others));
  return twin.kind === 'known' && twin.value !== undefined
    ? { kind: 'failed', why: twin.value, isTwin: true }
    : undefined;
}

async function leaseIsFresh({ config, records }: CheckerContext, own: readonly FleetRecord[]): Promise<boolean> {
  const [lowest] = own.toSorted((a, b) => a.id - b.id);
  const read = lowest && (await records.read(lowest.id));
  if (read?.kind !== 'found') return false;
  return isFresh(leaseFrom(read.value.note, config.cluster, read.at), config.timing);
}

/**
 * GitLab shows the note only to users who may edit the record, so a note is the proof. Without one the note may be empty: then
 * a write that changes nothing shows the right. It is also a roll call, which does no harm.
 */
async function mayEdit(checker: CheckerContext, record: FleetRecord): Promise<Preflight> {
  const read = await checker.records.read(record.id);
  if (read.kind === 'unknown') return read.forbidden ? cannotEdit(checker, record, read) : PASSED;
  if (read.kind === 'absent' || read.value.note !== null) return PASSED;
  const written = await checker.records.write(record.id, { description: read.value.description });
  return written.kind === 'unknown' && written.forbidden ? cannotEdit(checker, record, written) : PASSED;
}

/** Terms begin with 1. */
const NO_FILE = termPath(0);

/** A change of a file that never exists always fails: with "doesn't exist" for users who may commit, with 403 for all others. */
async function mayCommit({ config, project }: CheckerContext): Promise<Preflight> {
  const message = `${config.cluster}: check whether the status token may commit`;
  const saved = await project.save([{ path: NO_FILE, text: '', exists: true }], message);
  return saved.kind === 'unknown' && saved.forbidden ? cannotCommit({ config }, saved) : PASSED;
}

/** Tags belong to the record: two clusters with one record cannot be told apart. Only adopted runners can share a record. */
const sharedRecord = ({ config }: CheckerContext, id: number, cluster: string): Preflight => ({
  kind: 'failed',
  why:
    `runner record ${id} of ${config.cluster} is in the report of ${cluster} too, and each cluster needs a record of its own: create ` +
    `another in GitLab, give its token to the runners of ${config.cluster} and its id to adopt, and run pulumi up`,
});

const cannotEdit = ({ config }: CheckerContext, { id, cluster }: FleetRecord, { why }: Unknown): Preflight => ({
  kind: 'failed',
  why:
    `the fleet token of ${config.cluster} may not edit runner record ${id} of ${cluster}: it needs scope manage_runner and role ` +
    `Owner of the group that owns the record (Maintainer, if a project owns it); set tokens.fleet to such a token, or remove ` +
    `it so that the stack makes one, and run pulumi up – ${why}`,
});

const cannotCommit = ({ config }: Pick<CheckerContext, 'config'>, { why }: Unknown): Preflight => ({
  kind: 'failed',
  why:
    `the status token of ${config.cluster} may not commit to branch ${config.statusProject.branch} of the status project ` +
    `${config.statusProject.id}: it needs scope api and role Developer there; set tokens.status to such a token, or remove ` +
    `it so that the stack makes one, and run pulumi up – ${why}`,
});
