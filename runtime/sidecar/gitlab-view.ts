/** The port GitLabView over runner records. It only reads. It never uses `POST /runners/verify`, which would update the contact that it reads. */
import { STALE_SECONDS, type GitLabState } from '../core/evidence/sample.ts';
import { leaseFrom } from '../core/model/lease.ts';
import type { Unknown } from '../core/model/read.ts';
import type { GitLabSeconds } from '../core/model/time.ts';
import type { RunnerRecords } from '../ports.ts';
import type { GitLabView } from './ports.ts';

type Reads = Pick<RunnerRecords, 'read' | 'managers'>;

/** Identifies the runner in GitLab. */
export interface RunnerIdentity {
  readonly cluster: string;
  readonly record: number;
  readonly systemId: string;
}

export const gitlabView = (records: Reads, runner: RunnerIdentity): GitLabView => ({
  read: async () => {
    const [record, manager] = await Promise.all([readRecord(records, runner), readManager(records, runner)]);
    const dates = [record.date, manager.date].filter((date) => date !== undefined);
    const date = dates.length === 0 ? undefined : Math.max(...dates);
    return { record: record.state, manager: currentOf(manager, date), date };
  },
});

function currentOf(
  { state, date }: Dated<GitLabState['manager']>,
  now: GitLabSeconds | undefined,
): GitLabState['manager'] {
  if (state.kind === 'unknown' || date === undefined || now === undefined || now - date <= STALE_SECONDS) return state;
  return { kind: 'unknown', why: `the list of managers is ${now - date} s old: a proxy may keep GitLab's answers` };
}

/** A part of GitLab's state, and GitLab's time when it answered. */
interface Dated<T> {
  readonly state: T;
  readonly date: GitLabSeconds | undefined;
}

// A token file that cannot be read makes a call throw; here it becomes unknown.
const failed = (error: unknown): Unknown => ({
  kind: 'unknown',
  why: error instanceof Error ? error.message : 'the call failed',
});

async function readRecord(records: Reads, { record, cluster }: RunnerIdentity): Promise<Dated<GitLabState['record']>> {
  const read = await records.read(record).catch(failed);
  switch (read.kind) {
    case 'found': {
      const { paused, note } = read.value;
      const lease = leaseFrom(note, cluster, read.at);
      const stampedAt = lease.kind === 'lease' ? lease.lease.at : undefined;
      return { state: { kind: 'found', paused, stampedAt }, date: read.at };
    }
    case 'absent':
      return { state: { kind: 'absent' }, date: read.at };
    case 'unknown':
      return { state: { kind: 'unknown', why: read.why }, date: undefined };
  }
}

async function readManager(
  records: Reads,
  { record, systemId }: RunnerIdentity,
): Promise<Dated<GitLabState['manager']>> {
  const read = await records.managers(record).catch(failed);
  switch (read.kind) {
    case 'found': {
      const manager = read.value.find((candidate) => candidate.systemId === systemId);
      if (!manager) return { state: { kind: 'absent' }, date: read.at };
      return { state: { kind: 'found', contactedAt: secondsOf(manager.contactedAt) }, date: read.at };
    }
    case 'absent':
      // A record that is gone has no managers; the read of the record itself tells that.
      return { state: { kind: 'absent' }, date: read.at };
    case 'unknown':
      return { state: { kind: 'unknown', why: read.why }, date: undefined };
  }
}

/** GitLab writes contacts with milliseconds. */
function secondsOf(iso: string | null): number | undefined {
  const ms = Date.parse(iso ?? '');
  return Number.isNaN(ms) ? undefined : ms / 1000;
}
