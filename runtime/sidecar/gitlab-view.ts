/** The port GitLabView over runner records. It only reads, and never `POST /runners/verify`: that forges the contact it looks for. */
import type { GitLabReading } from '../core/evidence/history.ts';
import type { RunnerRecords } from '../ports.ts';
import type { GitLabView } from './ports.ts';

type Reads = Pick<RunnerRecords, 'read' | 'managers'>;

export const gitlabView = (records: Reads, record: number, systemId: string): GitLabView => ({
  look: async () => {
    const [recordLook, managerLook] = await Promise.all([
      lookAtRecord(records, record),
      lookAtManager(records, record, systemId),
    ]);
    return { record: recordLook, manager: managerLook };
  },
});

// A token file that cannot be read makes a call throw; here that is one more way of not knowing.
const failed = (error: unknown) =>
  ({ kind: 'unknown', why: error instanceof Error ? error.message : 'the call failed' }) as const;

async function lookAtRecord(records: Reads, id: number): Promise<GitLabReading['record']> {
  try {
    const answer = await records.read(id);
    switch (answer.kind) {
      case 'found':
        return { kind: 'found', paused: answer.value.paused };
      case 'absent':
        return { kind: 'absent' };
      case 'unknown':
        return answer;
    }
  } catch (error) {
    return failed(error);
  }
}

async function lookAtManager(records: Reads, id: number, systemId: string): Promise<GitLabReading['manager']> {
  try {
    const answer = await records.managers(id);
    if (answer.kind === 'unknown') return answer;
    // A record that is gone has no managers; the record's own read says so.
    if (answer.kind === 'absent') return { kind: 'absent' };
    const manager = answer.value.find((candidate) => candidate.systemId === systemId);
    return manager ? { kind: 'found', contactedAt: manager.contactedAt } : { kind: 'absent' };
  } catch (error) {
    return failed(error);
  }
}
