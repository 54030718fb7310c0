/** The job queue: matching by tags, hand-out on a poll, and the drop of stuck jobs (gitlab-facts C). */
import type { Runner, Runners } from './runners.ts';

export type JobStatus = 'pending' | 'running' | 'success' | 'failed' | 'canceled';

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

const HOUR = 3_600_000;

export class Jobs {
  readonly all = new Map<number, Job>();
  private readonly now: () => number;
  private readonly runners: Runners;

  constructor(now: () => number, runners: Runners) {
    this.now = now;
    this.runners = runners;
  }

  /** A new job ticks the queue of every runner that may take it. */
  add(job: Job): void {
    this.all.set(job.id, job);
    for (const runner of this.runners.all.values()) if (matches(runner, job)) this.runners.tick(runner);
  }

  /** The oldest job that this runner may take, now running under the given manager. */
  take(runner: Runner, systemId: string): Job | undefined {
    if (runner.paused) return undefined;
    for (const job of this.all.values()) {
      if (job.status !== 'pending' || !matches(runner, job)) continue;
      Object.assign(job, { status: 'running', runnerId: runner.id, systemId, startedAt: this.now() });
      return job;
    }
    return undefined;
  }

  finish(job: Job, status: 'success' | 'failed', reason?: string): void {
    if (job.status !== 'running' && job.status !== 'pending') return;
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

  /** After an hour without an online match, after a day in any case: the pending job fails. */
  dropStuck(): Job[] {
    const dropped: Job[] = [];
    for (const job of this.all.values()) {
      if (job.status !== 'pending') continue;
      const age = this.now() - job.createdAt;
      const online = [...this.runners.all.values()].some(
        (runner) => !runner.paused && matches(runner, job) && this.runners.isOnline(runner.contact),
      );
      if (age >= 24 * HOUR || (age >= HOUR && !online)) {
        this.finish(job, 'failed', 'stuck_or_timeout_failure');
        dropped.push(job);
      }
    }
    return dropped;
  }
}

/** A job's tags must be a subset of the runner's; an untagged one needs `run_untagged`. */
export const matches = (runner: Runner, job: Pick<Job, 'tags'>): boolean =>
  job.tags.length === 0 ? runner.runUntagged : job.tags.every((tag) => runner.tags.includes(tag));
