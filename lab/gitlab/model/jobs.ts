/** The job queue: matching by tags, hand-out on a poll, acknowledgement by the runner, and the drop of stuck jobs (gitlab-facts 0, C). */
import type { Runner, Runners } from './runners.ts';

export type JobStatus = 'pending' | 'running' | 'canceling' | 'success' | 'failed' | 'canceled';

export interface Job {
  readonly id: number;
  readonly projectId: number;
  readonly tags: readonly string[];
  /** How long the job's script takes. */
  readonly seconds: number;
  readonly token: string;
  readonly createdAt: number;
  status: JobStatus;
  failureReason: string | undefined;
  runnerId: number | undefined;
  systemId: string | undefined;
  startedAt: number | undefined;
  finishedAt: number | undefined;
}

/** What a runner said of itself when it asked for the job. */
export interface RunnerFeatures {
  /** The job stays pending until the runner reports it as running. */
  readonly twoPhaseCommit: boolean;
  /** A cancelled job is `canceling` until the runner reports its end. */
  readonly cancelGracefully: boolean;
}

const NO_FEATURES: RunnerFeatures = { twoPhaseCommit: false, cancelGracefully: false };
const HOUR = 3_600_000;
/** A runner that took a job acknowledges it within this time, or the job is dropped and retried. */
const ACKNOWLEDGE_MS = 120_000;
const RETRIES = 2;

export class Jobs {
  readonly all = new Map<number, Job>();
  /** Jobs that wait for their runner's acknowledgement, and until when. */
  private readonly waiting = new Map<Job, number>();
  private readonly features = new Map<Job, RunnerFeatures>();
  private readonly traces = new Map<Job, Buffer>();
  private readonly reportedAt = new Map<Job, number>();
  /** How many retries a job is from the first. */
  private readonly retries = new Map<Job, number>();
  private readonly now: () => number;
  private readonly runners: Runners;
  private readonly again: (job: Job) => Job;

  /** `again` makes a new job like the given one. */
  constructor(now: () => number, runners: Runners, again: (job: Job) => Job) {
    this.now = now;
    this.runners = runners;
    this.again = again;
  }

  /** A new job ticks the queue of every runner that may take it. */
  add(job: Job): void {
    this.all.set(job.id, job);
    for (const runner of this.runners.all.values()) if (matches(runner, job)) this.runners.tick(runner);
  }

  /** The oldest job that this runner may take: running under the given manager, or waiting for its acknowledgement. */
  take(runner: Runner, systemId: string, features: RunnerFeatures = NO_FEATURES): Job | undefined {
    if (runner.paused) return undefined;
    for (const job of this.all.values()) {
      if (job.status !== 'pending' || this.waiting.has(job) || !matches(runner, job)) continue;
      Object.assign(job, { runnerId: runner.id, systemId });
      this.features.set(job, features);
      if (features.twoPhaseCommit) this.waiting.set(job, this.now() + ACKNOWLEDGE_MS);
      else this.start(job);
      return job;
    }
    return undefined;
  }

  private start(job: Job): void {
    this.waiting.delete(job);
    Object.assign(job, { status: 'running', startedAt: this.now() });
    this.reportedAt.set(job, this.now());
  }

  isWaiting(job: Job): boolean {
    return this.waiting.has(job);
  }

  /** May its runner report on it? */
  isProcessed(job: Job): boolean {
    return job.status === 'running' || job.status === 'canceling' || this.isWaiting(job);
  }

  /** A report of the runner that waits: `pending` is a sign of life, `running` takes the job. False for any other state. */
  acknowledge(job: Job, state: string | undefined): boolean {
    if (state === 'running') this.start(job);
    else if (state === 'pending') this.waiting.set(job, this.now() + ACKNOWLEDGE_MS);
    else return false;
    return true;
  }

  reported(job: Job): void {
    this.reportedAt.set(job, this.now());
  }

  /** Appends to the trace where `offset` is its end; the length that it then has. */
  append(job: Job, offset: number, text: Buffer): number {
    const trace = this.trace(job);
    if (offset !== trace.length) return trace.length;
    this.traces.set(job, Buffer.concat([trace, text]));
    return offset + text.length;
  }

  trace(job: Job): Buffer {
    return this.traces.get(job) ?? Buffer.alloc(0);
  }

  finish(job: Job, status: 'success' | 'failed', reason?: string): void {
    if (job.status === 'canceling') this.end(job, 'canceled');
    else if (job.status === 'running' || job.status === 'pending') this.end(job, status, reason);
  }

  /** A job that a runner works on is cancelled by that runner, where it announced that it can. */
  cancel(job: Job): boolean {
    if (job.status === 'running' && this.features.get(job)?.cancelGracefully === true) job.status = 'canceling';
    else if (job.status === 'running' || job.status === 'pending') this.end(job, 'canceled');
    else return false;
    return true;
  }

  private end(job: Job, status: JobStatus, reason?: string): void {
    this.waiting.delete(job);
    Object.assign(job, { status, failureReason: reason, finishedAt: this.now() });
  }

  runsOn(runnerId: number, systemId?: string): boolean {
    for (const job of this.all.values())
      if (
        job.status === 'running' &&
        job.runnerId === runnerId &&
        (systemId === undefined || job.systemId === systemId)
      )
        return true;
    return false;
  }

  /** Ends what waited too long: for an acknowledgement, for a runner, for a report. */
  expire(): void {
    for (const [job, until] of this.waiting) if (this.now() >= until) this.retry(job);
    for (const job of [...this.all.values()])
      if (this.isStuck(job)) this.finish(job, 'failed', 'stuck_or_timeout_failure');
  }

  private retry(job: Job): void {
    this.finish(job, 'failed', 'runner_provisioning_timeout');
    const retries = this.retries.get(job) ?? 0;
    if (retries < RETRIES) this.retries.set(this.again(job), retries + 1);
  }

  /** Pending: after an hour without an online runner for it, after a day in any case. Running: after an hour without a report. */
  private isStuck(job: Job): boolean {
    if (job.status === 'running') {
      const at = this.reportedAt.get(job);
      return at !== undefined && this.now() - at >= HOUR;
    }
    if (job.status !== 'pending') return false;
    const age = this.now() - job.createdAt;
    const online = [...this.runners.all.values()].some(
      (runner) => !runner.paused && matches(runner, job) && this.runners.isOnline(runner.contact),
    );
    return age >= 24 * HOUR || (age >= HOUR && !online);
  }
}

/** A job's tags must be a subset of the runner's; an untagged one needs `run_untagged`. */
const matches = (runner: Runner, job: Pick<Job, 'tags'>): boolean =>
  job.tags.length === 0 ? runner.runUntagged : job.tags.every((tag) => runner.tags.includes(tag));
