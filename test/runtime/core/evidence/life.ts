/** A runner pod's life, reading by reading, for the tests of the evidence. */
import assert from 'node:assert/strict';
import { atBirth, isGitLabCheckDue, reduce, type EvidenceState } from '../../../../runtime/core/evidence/evidence.ts';
import type { CallCounts, GitLabState, MetricsRead, Sample } from '../../../../runtime/core/evidence/sample.ts';
import { DEFAULT_TIMING, longestPollGapSeconds } from '../../../../runtime/timing.ts';

export const T = DEFAULT_TIMING;
/** From here on a runner that could poll, and does not, is offline. */
export const NOT_POLLING = longestPollGapSeconds(T) + T.unhealthyIntervalSeconds;
/** From here on a process whose metrics time out is stuck: five waits of a minute longer. */
export const STUCK = NOT_POLLING + 300;
/** From here on a process in which no counter moves is stuck. */
export const STILL = 900;
export const STEP = 3;

interface Change {
  readonly answered?: number;
  readonly unauthorized?: number;
  readonly failed?: number;
  readonly unanswered?: number;
  readonly reports?: Partial<CallCounts>;
  readonly routerRequests?: number;
  readonly healthFailures?: number;
  readonly feeds?: number;
  readonly pollsUnderWay?: number;
  readonly jobs?: number;
  readonly capacity?: number;
  readonly draining?: boolean;
  readonly startedAt?: number;
}

const NO_CALLS: CallCounts = { answered: 0, unauthorized: 0, failed: 0, unanswered: 0 };

/** A runner whose counters are written down as sums. */
const sampleOf = (c: Change): Sample => ({
  polls: {
    answered: c.answered ?? 0,
    unauthorized: c.unauthorized ?? 0,
    failed: c.failed ?? 0,
    unanswered: c.unanswered ?? 0,
  },
  reports: { ...NO_CALLS, ...c.reports },
  routerRequests: c.routerRequests,
  healthFailures: c.healthFailures ?? 0,
  feeds: c.feeds ?? 0,
  pollsUnderWay: c.pollsUnderWay ?? 0,
  jobs: c.jobs ?? 0,
  capacity: c.capacity ?? 4,
  draining: c.draining ?? false,
  startedAt: c.startedAt,
});
export const runner = (c: Change): MetricsRead => ({ kind: 'sample', sample: sampleOf(c) });

/** GitLab's clock at the beginning of a life; it runs as fast as the sidecar's. */
export const GITLAB_TIME = 1_767_225_600;

/** GitLab's answer; contact and stamp are in seconds before it, or at a time of GitLab's. */
interface View {
  readonly paused?: boolean;
  readonly contactedAt?: number;
  readonly stampedAt?: number;
}
export type Answer = (date: number) => GitLabState;
export const gitlab =
  ({ paused = false, contactedAt, stampedAt }: View = {}): Answer =>
  (date) => ({
    record: { kind: 'found', paused, stampedAt },
    manager: { kind: 'found', contactedAt: contactedAt ?? GITLAB_TIME - 3600 },
    date,
  });
/** GitLab shows a contact so many seconds before its answer. */
export const contactAgo =
  (seconds: number): Answer =>
  (date) =>
    gitlab({ contactedAt: date - seconds })(date);
export const GONE: Answer = (date) => ({ record: { kind: 'absent' }, manager: { kind: 'absent' }, date });
const UNKNOWN = { kind: 'unknown', why: 'GitLab answers 502' } as const;
export const DOWN: Answer = () => ({ record: UNKNOWN, manager: UNKNOWN, date: undefined });
export const CLOSED: MetricsRead = { kind: 'closed', why: 'nothing listens' };
export const TIMEOUT: MetricsRead = { kind: 'timeout', why: 'no answer within 1.5 s' };
export const UNREADABLE: MetricsRead = { kind: 'unknown', why: 'it is not a gitlab-runner' };

const START = 1000;

/** A pod's life, reading by reading. */
export class Life {
  state: EvidenceState;
  at = START;
  constructor(state: EvidenceState = atBirth()) {
    this.state = state;
  }
  get gitlabTime(): number {
    return GITLAB_TIME + this.at - START;
  }
  /** GitLab was asked at the last reading, and has answered right before this one. */
  read(read: MetricsRead, answer?: Answer): this {
    const askedAt = this.at;
    this.at += STEP;
    const reading = answer && { ...answer(this.gitlabTime), askedAt, at: this.at };
    this.state = reduce(this.state, { at: this.at, runner: read, ...(reading && { gitlab: reading }) }, T);
    return this;
  }
  /** GitLab answers only when the state asks for it. */
  readAsDue(read: MetricsRead, answer: Answer): this {
    return this.read(read, isGitLabCheckDue(this.state, this.at + STEP, T) ? answer : undefined);
  }
  /** The same reading again and again. */
  keep(seconds: number, read: MetricsRead, answer: Answer = gitlab()): this {
    for (const end = this.at + seconds; this.at + STEP <= end;) this.readAsDue(read, answer);
    return this;
  }
  /** A reading per step that follows from the steps so far. */
  each(seconds: number, read: (step: number) => MetricsRead, answer: Answer = gitlab()): this {
    const end = this.at + seconds;
    for (let step = 1; this.at + STEP <= end; step += 1) this.readAsDue(read(step), answer);
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
  /** Whatever the verdict, a healthy runner stays ready and live. */
  stays(): this {
    const { verdict, ready, live } = this.state;
    assert.deepEqual({ ready, live }, { ready: true, live: true }, verdict.reason);
    return this;
  }
  because(reason: RegExp): this {
    assert.match(this.state.verdict.reason, reason);
    return this;
  }
}

export const served = () => new Life().read(runner({ answered: 1 }), gitlab()).says('online', 'poll', { ready: true });
