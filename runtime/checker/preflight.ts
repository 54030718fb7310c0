/**
 * Before the first round of a run: may this cluster's tokens do what a hand-over takes? Each checker edits every record of
 * the fleet, and a right that is missing would show only when the tags must move. A definite refusal ends the run; whatever
 * else is unknown does not: an outage of GitLab must not cost a checker. A cluster whose lease stands has been here before
 * and is not asked again every minute.
 */
import type { Unknown } from '../core/model/read.ts';
import { parseReport, reportPath } from '../core/model/report.ts';
import { leaseFrom } from '../core/model/lease.ts';
import { PAGE_PATH } from '../core/page/page.ts';
import { isFresh } from '../core/decision/rivals.ts';
import type { CheckerContext } from './context.ts';

export type Preflight = { readonly kind: 'cleared' } | { readonly kind: 'refused'; readonly why: string };

const CLEARED: Preflight = { kind: 'cleared' };

interface StatusFile {
  readonly path: string;
  readonly text: string;
}

interface FleetRecord {
  readonly id: number;
  readonly cluster: string;
}

export async function preflight(checker: CheckerContext): Promise<Preflight> {
  const { config, project, clock } = checker;
  const began = clock.now();
  // 1. Has this cluster been here before?
  const pods = await checker.pods.deployments();
  const records: FleetRecord[] =
    pods.kind === 'known' ? pods.value.map(({ record }) => ({ id: record, cluster: config.cluster })) : [];
  if (await leaseStands(checker, records)) return CLEARED;
  // 2. Which records there are: the rivals' from their reports, the own from Kubernetes.
  const reports = config.fleet.map(async (cluster) => {
    const path = reportPath(cluster);
    return { cluster, path, read: await project.file(path) };
  });
  const [page, ...files] = await Promise.all([project.file(PAGE_PATH), ...reports]);
  const present: StatusFile[] = [];
  for (const { cluster, path, read } of files) {
    if (read.kind === 'unknown' && read.forbidden) return refusedStatus(checker, read);
    if (read.kind !== 'found') continue;
    present.push({ path, text: read.value });
    const report = parseReport(cluster, read.value);
    if (!report.ok || cluster === config.cluster) continue;
    const shared = report.value.records.find((id) =>
      records.some((own) => own.id === id && own.cluster === config.cluster),
    );
    if (shared !== undefined) return sharedRecord(checker, shared, cluster);
    records.push(...report.value.records.map((id) => ({ id, cluster })));
  }
  if (page.kind === 'found') present.push({ path: PAGE_PATH, text: page.value });
  // What takes so long would eat the start lag, on which the bounds stand: the rounds go on without an answer.
  if (clock.now() - began >= config.timing.requestSeconds * 1000) return CLEARED;
  // 3. Whether they may be edited, and the project committed to.
  const verdicts = await Promise.all([
    mayCommit(checker, present[0]),
    ...records.map((record) => mayEdit(checker, record)),
  ]);
  return verdicts.find((verdict) => verdict.kind === 'refused') ?? CLEARED;
}

async function leaseStands({ config, records }: CheckerContext, own: readonly FleetRecord[]): Promise<boolean> {
  const [lowest] = own.toSorted((a, b) => a.id - b.id);
  const read = lowest && (await records.read(lowest.id));
  if (read?.kind !== 'found') return false;
  return isFresh(leaseFrom(read.value.note, config.cluster, read.at), config.timing);
}

/**
 * GitLab shows the note only to those who may edit, so a note is the proof. No note may be an empty one: then the write
 * that changes nothing tells, which is also a roll call and does no harm.
 */
async function mayEdit(checker: CheckerContext, record: FleetRecord): Promise<Preflight> {
  const read = await checker.records.read(record.id);
  if (read.kind === 'unknown') return read.forbidden ? refusedRecord(checker, record, read) : CLEARED;
  if (read.kind === 'absent' || read.value.note !== null) return CLEARED;
  const written = await checker.records.write(record.id, { description: read.value.description });
  return written.kind === 'unknown' && written.forbidden ? refusedRecord(checker, record, written) : CLEARED;
}

/** Creating a file that is there fails for everybody: for those who may commit because it exists, for others before that. */
async function mayCommit(checker: CheckerContext, file: StatusFile | undefined): Promise<Preflight> {
  if (!file) return CLEARED;
  const message = `${checker.config.cluster}: asks whether it may commit`;
  const created = await checker.project.create(file.path, file.text, message);
  return created.kind === 'unknown' && created.forbidden ? refusedStatus(checker, created) : CLEARED;
}

/** Tags are the record's: with one record for two clusters there is nothing to move. Only adopted ones can be shared. */
const sharedRecord = ({ config }: CheckerContext, id: number, cluster: string): Preflight => ({
  kind: 'refused',
  why:
    `runner record ${id} of ${config.cluster} is in the report of ${cluster} too: each cluster needs a record of its own; create ` +
    `another in GitLab, give its token to the runners of ${config.cluster} and its id to adopt, and run pulumi up`,
});

const refusedRecord = ({ config }: CheckerContext, { id, cluster }: FleetRecord, { why }: Unknown): Preflight => ({
  kind: 'refused',
  why:
    `the fleet token of ${config.cluster} may not edit runner record ${id} of ${cluster}: it needs scope manage_runner and role ` +
    `Owner of the group that owns the record (Maintainer, if a project owns it); set tokens.fleet to such a token, or remove ` +
    `it so that the stack makes one, and run pulumi up – ${why}`,
});

const refusedStatus = ({ config }: CheckerContext, { why }: Unknown): Preflight => ({
  kind: 'refused',
  why:
    `the status token of ${config.cluster} may not commit to branch ${config.statusProject.branch} of the status project ` +
    `${config.statusProject.id}: it needs scope api and role Developer there; set tokens.status to such a token, or remove ` +
    `it so that the stack makes one, and run pulumi up – ${why}`,
});
