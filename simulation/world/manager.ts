/**
 * A gitlab-runner process as GitLab and its sidecar see it: polls that Workhorse may hold, jobs that report once a minute, a
 * sleep after three failures, and the counters of its metrics endpoint (gitlab-facts B, H; lab/runner is the real process).
 */
import type { Job } from '../../lab/gitlab/model/jobs.ts';
import type { MetricsRead, Sample } from '../../runtime/core/evidence/history.ts';
import type { Timing } from '../../runtime/timing.ts';
import type { Event, VirtualTime } from '../virtual-time.ts';
import type { SimulatedGitLab } from './gitlab.ts';

const FAILURES_BEFORE_SLEEP = 3;
/** Workhorse and Rails together, for a poll that is answered at once. */
const POLL_MS = 60;

export interface ManagerParts {
  readonly time: VirtualTime;
  readonly gitlab: SimulatedGitLab;
  readonly cluster: string;
  readonly timing: Timing;
  readonly capacity: number;
  /** The record under which it is registered, and its token's validity, may change under it. */
  readonly record: () => number;
}

export type ManagerState = 'up' | 'hung' | 'dead';

export class Manager {
  readonly systemId: string;
  state: ManagerState = 'up';
  /** SIGQUIT: finishes its jobs and asks for no more. */
  draining = false;
  /** GitLab refuses its token with 403. */
  tokenRefused = false;
  private readonly parts: ManagerParts;
  private readonly startedAt: number;
  private readonly jobs = new Set<Job>();
  private drained: (() => void) | undefined;
  private lastUpdate: string | undefined;
  private failures = 0;
  private sleepsUntil = 0;
  private next: Event | undefined;
  private letGo: (() => void) | undefined;
  private readonly polls = { answered: 0, unauthorized: 0, failed: 0 };
  private readonly reports = { answered: 0, failed: 0 };
  private troubles = 0;

  constructor(systemId: string, parts: ManagerParts) {
    this.systemId = systemId;
    this.parts = parts;
    this.startedAt = parts.time.now;
    this.again(200);
  }

  get sleeping(): boolean {
    return this.sleepsUntil > this.parts.time.now;
  }

  get full(): boolean {
    return this.jobs.size >= this.parts.capacity;
  }

  get busy(): boolean {
    return this.jobs.size > 0;
  }

  /** The truth that nobody in the fleet can see directly: it takes jobs, or works on as many as it may. */
  get serves(): boolean {
    if (this.state !== 'up' || this.draining || this.tokenRefused) return false;
    const record = this.parts.gitlab.runner(this.parts.record());
    return (
      record !== undefined && !record.paused && !this.parts.gitlab.model.faults.all.some(isCutFor(this.parts.cluster))
    );
  }

  private again(ms: number): void {
    this.next = this.parts.time.after(ms, () => this.poll());
  }

  private stop(): void {
    if (this.next) this.next.act = undefined;
    this.next = undefined;
    this.letGo?.();
    this.letGo = undefined;
  }

  /** Its end takes its jobs along. */
  kill(): void {
    this.state = 'dead';
    this.stop();
    // GitLab shows them as running until it drops them an hour later.
    for (const job of this.jobs)
      this.parts.time.after(3_600_000, () => this.parts.gitlab.model.jobs.all.delete(job.id));
    this.jobs.clear();
  }

  hang(): void {
    if (this.state === 'up') this.state = 'hung';
    this.stop();
  }

  /** SIGQUIT: asks for nothing more, and `done` is called when its last job has ended. */
  drain(done: () => void): void {
    this.draining = true;
    this.stop();
    this.drained = done;
    if (!this.busy) this.parts.time.after(500, done);
  }

  private poll(): void {
    this.next = undefined;
    const { gitlab, time, timing, cluster } = this.parts;
    if (this.state !== 'up' || this.draining) return;
    if (this.sleeping) return this.again(this.sleepsUntil - time.now);
    // A full runner asks for nothing; the end of a job wakes it.
    if (this.full) return;
    const fault = gitlab.model.faults.hit({ method: 'POST', path: '/jobs/request', token: cluster });
    const pause = timing.checkIntervalSeconds * 1000;
    if (fault !== undefined) {
      const answers = fault !== 'down' && fault !== 'timeout-before' && fault !== 'timeout-after';
      if (answers) this.polls.failed += 1;
      this.troubles += 1;
      // Only a refusal and a lost connection count as unhealthy; 5xx and 429 do not (network/gitlab.go).
      if (!answers || fault === 'read-only') this.failed();
      else this.failures = 0;
      return this.again(this.sleeping ? this.sleepsUntil - time.now : pause);
    }
    const record = gitlab.runner(this.parts.record());
    if (!record || this.tokenRefused) {
      this.polls.unauthorized += 1;
      this.troubles += 1;
      this.failed();
      return this.again(this.sleeping ? this.sleepsUntil - time.now : pause);
    }
    this.failures = 0;
    const { runners } = gitlab.model;
    if (runners.shortCircuits(record.token, this.lastUpdate)) {
      const held = timing.longPollSeconds * 1000;
      const go = (): void => {
        this.stop();
        this.polls.answered += 1;
        this.again(pause);
      };
      this.letGo = runners.hold(record.token, go);
      this.next = time.after(held, go);
      return;
    }
    runners.frozen = gitlab.model.faults.maintenance;
    runners.heartbeat(record, this.systemId, () => gitlab.model.access.id());
    this.lastUpdate = runners.ensureQueue(record);
    this.polls.answered += 1;
    this.again(POLL_MS + pause);
  }

  private failed(): void {
    this.failures += 1;
    if (this.failures < FAILURES_BEFORE_SLEEP) return;
    this.failures = 0;
    this.sleepsUntil = this.parts.time.now + this.parts.timing.unhealthyIntervalSeconds * 1000;
  }

  /** Gives it a job that lasts this long; it reports once a period. */
  run(ms: number): void {
    const { gitlab, time } = this.parts;
    if (this.state !== 'up' || this.draining || this.full) return;
    const record = gitlab.runner(this.parts.record());
    if (!record || record.paused) return;
    const { model } = gitlab;
    const job: Job = {
      id: model.access.id(),
      projectId: 2,
      tags: [],
      seconds: ms / 1000,
      token: '',
      createdAt: model.now(),
      status: 'running',
      failureReason: undefined,
      runnerId: record.id,
      systemId: this.systemId,
      startedAt: model.now(),
      finishedAt: undefined,
    };
    model.jobs.all.set(job.id, job);
    this.jobs.add(job);
    this.report(job);
    time.after(ms, () => this.finish(job));
  }

  private report(job: Job): void {
    const { time, timing } = this.parts;
    if (!this.jobs.has(job) || this.state === 'dead') return;
    if (this.state === 'up') this.send(job);
    time.after(timing.jobReportSeconds * 1000, () => this.report(job));
  }

  /** A job's own call: its trace, or its end. */
  private send(job: Job): void {
    const { gitlab, cluster } = this.parts;
    const fault = gitlab.model.faults.hit({ method: 'PATCH', path: `/jobs/${job.id}/trace`, token: cluster });
    if (fault === undefined) {
      this.reports.answered += 1;
      gitlab.model.runners.frozen = gitlab.model.faults.maintenance;
      gitlab.model.jobContact(job);
    } else {
      this.reports.failed += 1;
      this.troubles += 1;
    }
  }

  private drop(job: Job): void {
    this.jobs.delete(job);
    this.parts.gitlab.model.jobs.all.delete(job.id);
  }

  private finish(job: Job): void {
    if (!this.jobs.has(job)) return;
    if (this.state === 'up') this.send(job);
    this.drop(job);
    if (this.draining && !this.busy) this.drained?.();
    else if (this.state === 'up' && !this.next && !this.letGo) this.again(100);
  }

  /** What its metrics endpoint says to the sidecar beside it. */
  metrics(): MetricsRead {
    if (this.state === 'dead') return { kind: 'closed', why: 'nothing listens' };
    if (this.state === 'hung') return { kind: 'timeout', why: 'no answer' };
    const sample: Sample = {
      polls: { ...this.polls },
      reports: { ...this.reports },
      troubles: this.troubles,
      jobs: this.jobs.size,
      capacity: this.parts.capacity,
      startedAt: this.startedAt,
    };
    return { kind: 'sample', sample };
  }
}

/** Whether a fault keeps the runners of this very cluster from GitLab. */
const isCutFor =
  (cluster: string) =>
  (fault: { readonly token?: string | undefined; readonly pathPrefix?: string | undefined }): boolean =>
    fault.token === cluster && (fault.pathPrefix === undefined || fault.pathPrefix.startsWith('/jobs'));
