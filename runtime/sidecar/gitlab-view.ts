/** The port GitLabView over runner records. It only reads, and never `POST /runners/verify`: that would forge the contact that it reads. */
import type { GitLabReading } from '../core/evidence/history.ts';
import type { RunnerRecords } from '../ports.ts';
import type { GitLabView } from './ports.ts';

type Reads = Pick<RunnerRecords, 'read' | 'managers'>;

export const gitlabView = (records: Reads, record: number, systemId: string): GitLabView => ({
  read: async () => {
    const [recordRead, managerRead] = await Promise.all([
      readRecord(records, record),
      readManager(records, record, systemId),
    ]);
    return { record: recordRead, manager: managerRead };
  },
});

// A token file that cannot be read makes a call throw; here it becomes unknown.
const failed = (error: unknown) =>
  ({ kind: 'unknown', why: error instanceof Error ? error.message : 'the call failed' }) as const;

async function readRecord(records: Reads, id: number): Promise<GitLabReading['record']> {
  try {
    const read = await records.read(id);
    switch (read.kind) {
      case 'found':
        return { kind: 'found', paused: read.value.paused };
      case 'absent':
        return { kind: 'absent' };
      case 'unknown':
        return read;
    }
  } catch (error) {
    return failed(error);
  }
}

async function readManager(records: Reads, id: number, systemId: string): Promise<GitLabReading['manager']> {
  try {
    const read = await records.managers(id);
    if (read.kind === 'unknown') return read;
    // A record that is gone has no managers; the read of the record itself tells that.
    if (read.kind === 'absent') return { kind: 'absent' };
    const manager = read.value.find((candidate) => candidate.systemId === systemId);
    return manager ? { kind: 'found', contactedAt: manager.contactedAt } : { kind: 'absent' };
  } catch (error) {
    return failed(error);
  }
}
