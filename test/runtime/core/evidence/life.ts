/** A runner pod's life, reading by reading, for the tests of the evidence. */
import assert from 'node:assert/strict';
import { atBirth, isGitLabCheckDue, reduce, type EvidenceState } from '../../../../runtime/core/evidence/evidence.ts';
import type { GitLabReading, MetricsRead, Sample } from '../../../../runtime/core/evidence/history.ts';
import { DEFAULT_TIMING, stuckAfterSeconds } from '../../../../runtime/timing.ts';

export const T = DEFAULT_TIMING;
export const STUCK = stuckAfterSeconds(T);
export const UNHEALTHY = T.unhealthyIntervalSeconds;
export const STEP = 3;

interface Change {
  readonly answered?: number;
  readonly unauthorized?: number;
  readonly failed?: number;
  readonly reported?: number;
  readonly troubles?: number;
  readonly jobs?: number;
  readonly capacity?: number;
  readonly startedAt?: number;
}

/** A runner whose counters are written down as sums. */
const sampleOf = (c: Change): Sample => ({
  polls: { answered: c.answered ?? 0, unauthorized: c.unauthorized ?? 0, failed: c.failed ?? 0 },
  reports: { answered: c.reported ?? 0, failed: 0 },
  troubles: c.troubles ?? 0,
  jobs: c.jobs ?? 0,
  capacity: c.capacity ?? 4,
  startedAt: c.startedAt,
});
export const runner = (c: Change): MetricsRead => ({ kind: 'sample', sample: sampleOf(c) });

export const gitlab = (options: { paused?: boolean; contactedAt?: string } = {}): GitLabReading => ({
  record: { kind: 'found', paused: options.paused ?? false },
  manager: { kind: 'found', contactedAt: options.contactedAt ?? '2026-01-01T00:00:00.000Z' },
});
export const GONE: GitLabReading = { record: { kind: 'absent' }, manager: { kind: 'absent' } };
export const DOWN: GitLabReading = {
  record: { kind: 'unknown', why: 'GitLab answers 502' },
  manager: { kind: 'unknown', why: 'GitLab answers 502' },
};
export const CLOSED: MetricsRead = { kind: 'closed', why: 'nothing listens' };
export const TIMEOUT: MetricsRead = { kind: 'timeout', why: 'no answer within 1.5 s' };
export const UNREADABLE: MetricsRead = { kind: 'unknown', why: 'it is not a gitlab-runner' };

/** A pod's life, reading by reading. */
export class Life {
  state: EvidenceState;
  at = 1000;
  constructor(state: EvidenceState = atBirth()) {
    this.state = state;
  }
  read(read: MetricsRead, view?: GitLabReading): this {
    this.at += STEP;
    this.state = reduce(this.state, { at: this.at, runner: read, ...(view && { gitlab: view }) }, T);
    return this;
  }
  /** The same reading again and again; GitLab is read when the state asks for it. */
  keep(seconds: number, read: MetricsRead, view: GitLabReading = gitlab()): this {
    const end = this.at + seconds;
    while (this.at + STEP <= end) this.read(read, isGitLabCheckDue(this.state, this.at + STEP, T) ? view : undefined);
    return this;
  }
  says(evidence: string, cause: string, flags: { ready: boolean; live?: boolean }): this {
    const { verdict, ready, live } = this.state;
    assert.deepEqual(
      { evidence: verdict.evidence, cause: verdict.cause, ready, live },
      { evidence, cause, ready: flags.ready, live: flags.live ?? true },
      verdict.reason,
    );
    return this;
  }
}

export const served = () => new Life().read(runner({ answered: 1 }), gitlab()).says('online', 'poll', { ready: true });
