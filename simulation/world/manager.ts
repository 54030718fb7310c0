/**
 * A gitlab-runner process as GitLab and its sidecar see it: polls that Workhorse may hold, jobs that report once a minute, a
 * sleep after three failures, and the counters of its metrics endpoint (gitlab-facts B, H; lab/runner is the real process).
 */
import type { FaultKind } from '../../lab/gitlab/model/faults.ts';
import type { Job } from '../../lab/gitlab/model/jobs.ts';
import type { MetricsRead, Sample } from '../../runtime/core/evidence/sample.ts';
import type { Timing } from '../../runtime/timing.ts';
import type { Event, VirtualTime } from '../virtual-time.ts';
import type { SimulatedGitLab } from './gitlab.ts';

const FAILURES_BEFORE_SLEEP = 3;
/** Workhorse and Rails together, for a poll that is answered at once. */
const POLL_MS = 60;
/** gitlab-runner waits inside a call, and counts it at its end (network/retry_requester.go). */
const TRIES = 5;
/** GitLab's Retry-After with 429, and gitlab-runner's own pause after other errors. */
const RETRY_AFTER_MS = 60_000;
const RETRY_PAUSE_MS = 500;
/** A connection to an address that does not answer. */
const CONNECT_TIMEOUT_MS = 30_000;
const NO_CALLS = { answered: 0, unauthorized: 0, failed: 0, unanswered: 0 };

export interface ManagerParts {
  readonly time: VirtualTime;
  readonly gitlab: SimulatedGitLab;
  readonly cluster: string;
  readonly timing: Timing;
  readonly capacity: number;
  /** The record of its token; it may be reset or deleted while the process runs. */
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
  /** As it was at the start of the process: a reset in GitLab does not reach its config. */
  private readonly token: string | undefined;
  private readonly jobs = new Set<Job>();
  private drained: (() => void) | undefined;
  private lastUpdate: string | undefined;
  private failures = 0;
  private sleepsUntil = 0;
  private next: Event | undefined;
  private letGo: (() => void) | undefined;
  private readonly polls = { ...NO_CALLS };
  private readonly reports = { ...NO_CALLS };
  private healthFailures = 0;
  private pollUnderWay = false;
  private feeds = 0;
  private feedsCountedAt: number;

  constructor(systemId: string, parts: ManagerParts) {
    this.systemId = systemId;
    this.parts = parts;
    this.startedAt = parts.time.now;
    this.feedsCountedAt = parts.time.now;
    this.token = parts.gitlab.runner(parts.record())?.token;
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

  /** GitLab does not accept its token: refused, or reset in GitLab. */
  get hasBadToken(): boolean {
    const record = this.parts.gitlab.runner(this.parts.record());
    return this.tokenRefused || (record !== undefined && record.token !== this.token);
  }

  /** The truth, which no checker can see directly: it takes jobs, or is full of jobs. */
  get serves(): boolean {
    if (this.state !== 'up' || this.draining || this.hasBadToken) return false;
    const record = this.parts.gitlab.runner(this.parts.record());
    return record !== undefined && !record.paused && !this.isCut;
  }

  /** GitLab hears the reports of its jobs, whether it takes more jobs or not. */
  get reportsJobs(): boolean {
    return this.state === 'up' && this.busy && !this.isCut;
  }

  /** GitLab hears nothing of it. */
  private get isCut(): boolean {
    return this.parts.gitlab.model.faults.all.some(isCutFor(this.parts.cluster));
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

  /** Its jobs end with it. */
  kill(): void {
    this.state = 'dead';
    this.stop();
    // GitLab shows them as running until it drops them an hour later.
    for (const job of this.jobs)
      this.parts.time.after(3_600_000, () => this.parts.gitlab.model.jobs.all.delete(job.id));
    this.jobs.clear();
  }

  hang(): void {
    this.countFeeds();
    if (this.state === 'up') this.state = 'hung';
    this.stop();
  }

  /** SIGQUIT: asks for no more jobs, and calls `done` when its last job has ended. */
  drain(done: () => void): void {
    this.countFeeds();
    this.draining = true;
    this.stop();
    // It cancels its own poll, which counts as a call without an answer.
    if (this.pollUnderWay) this.polls.unanswered += 1;
    this.pollUnderWay = false;
    this.drained = done;
    if (!this.busy) this.parts.time.after(500, done);
  }

  private poll(): void {
    this.next = undefined;
    const { time } = this.parts;
    if (this.state !== 'up' || this.draining) return;
    if (this.sleeping) return this.again(this.sleepsUntil - time.now);
    // A full runner does not poll; the end of a job wakes it.
    if (this.full) return;
    this.countFeeds();
    this.pollUnderWay = true;
    this.tryPoll(1);
  }

  private tryPoll(attempt: number): void {
    const { gitlab, time, cluster } = this.parts;
    const fault = gitlab.model.faults.hit({ method: 'POST', path: '/jobs/request', token: cluster });
    if (fault === undefined) return this.reachGitLab();
    const later = (ms: number, act: () => void): void => void (this.next = time.after(ms, act));
    switch (fault) {
      case 'down':
        return this.endPoll('unanswered');
      case 'timeout-before':
      case 'timeout-after':
        return later(CONNECT_TIMEOUT_MS, () => this.endPoll('unanswered'));
      case 'read-only':
        return this.endPoll('unauthorized');
      case 'rate-limit':
      case 'runner-limit':
      case 'maintenance':
      case 'html-502':
      case 'error-500':
      case 'error-503':
      case 'gitaly-down': {
        if (attempt === TRIES) return this.endPoll('failed');
        const wait = isLimit(fault) ? RETRY_AFTER_MS : RETRY_PAUSE_MS;
        return later(wait, () => this.tryPoll(attempt + 1));
      }
    }
  }

  /** Workhorse answers the polls of a token whose queue does not change, without checking whether the token is valid. */
  private reachGitLab(): void {
    const { gitlab, time, timing } = this.parts;
    const { runners } = gitlab.model;
    if (!this.tokenRefused && this.token !== undefined && runners.shortCircuits(this.token, this.lastUpdate)) {
      const go = (): void => {
        this.stop();
        this.endPoll('answered');
      };
      this.letGo = runners.hold(this.token, go);
      this.next = time.after(timing.longPollSeconds * 1000, go);
      return;
    }
    const record = gitlab.runner(this.parts.record());
    if (!record || this.hasBadToken) return this.endPoll('unauthorized');
    runners.frozen = gitlab.model.faults.maintenance;
    runners.heartbeat(record, this.systemId, () => gitlab.model.access.id());
    this.lastUpdate = runners.ensureQueue(record);
    this.next = time.after(POLL_MS, () => this.endPoll('answered'));
  }

  /** The call is counted, and the next one follows after `check_interval`. Only 403 counts as unhealthy. */
  private endPoll(result: keyof typeof NO_CALLS): void {
    this.countFeeds();
    this.pollUnderWay = false;
    this.polls[result] += 1;
    if (result === 'unauthorized') this.failed();
    else this.failures = 0;
    const pause = this.parts.timing.checkIntervalSeconds * 1000;
    this.again(this.sleeping ? this.sleepsUntil - this.parts.time.now : pause);
  }

  /** The main loop counts an entry once per `check_interval`, while it runs and a worker is free. */
  private countFeeds(): void {
    const { time, timing, capacity } = this.parts;
    const isFed = this.state === 'up' && !this.draining && this.jobs.size + (this.pollUnderWay ? 1 : 0) < capacity;
    if (isFed) this.feeds += (time.now - this.feedsCountedAt) / (timing.checkIntervalSeconds * 1000);
    this.feedsCountedAt = time.now;
  }

  private failed(): void {
    this.failures += 1;
    this.healthFailures += 1;
    if (this.failures < FAILURES_BEFORE_SLEEP) return;
    this.failures = 0;
    this.sleepsUntil = this.parts.time.now + this.parts.timing.unhealthyIntervalSeconds * 1000;
  }

  /** Gives it a job that lasts this long; it reports once a period. */
  run(ms: number): void {
    const { gitlab, time } = this.parts;
    if (this.state !== 'up' || this.draining || this.full) return;
    const record = gitlab.runner(this.parts.record());
    if (!record || record.paused || this.hasBadToken) return;
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
    this.countFeeds();
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

  /** A call of a job: its trace, or its end. It waits inside the call, like a poll. */
  private send(job: Job, attempt = 1): void {
    const { gitlab, time, cluster } = this.parts;
    if (this.state !== 'up') return;
    const fault = gitlab.model.faults.hit({ method: 'PATCH', path: `/jobs/${job.id}/trace`, token: cluster });
    if (fault !== undefined && isLimit(fault) && attempt < TRIES) {
      time.after(RETRY_AFTER_MS, () => this.send(job, attempt + 1));
      return;
    }
    if (fault === undefined) {
      this.reports.answered += 1;
      gitlab.model.runners.frozen = gitlab.model.faults.maintenance;
      gitlab.model.jobContact(job);
    } else if (fault === 'down' || fault === 'timeout-before' || fault === 'timeout-after')
      this.reports.unanswered += 1;
    else this.reports.failed += 1;
  }

  private drop(job: Job): void {
    this.countFeeds();
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

  /** What the sidecar reads from its metrics endpoint. */
  metrics(): MetricsRead {
    this.countFeeds();
    if (this.state === 'dead') return { kind: 'closed', why: 'nothing listens' };
    if (this.state === 'hung') return { kind: 'timeout', why: 'no answer' };
    const sample: Sample = {
      polls: { ...this.polls },
      reports: { ...this.reports },
      routerRequests: undefined,
      healthFailures: this.healthFailures,
      feeds: Math.floor(this.feeds),
      pollsUnderWay: this.pollUnderWay ? 1 : 0,
      jobs: this.jobs.size,
      capacity: this.parts.capacity,
      // Before gitlab-runner 19.1 a drain shows only in workers that had no job.
      draining: this.draining && this.jobs.size < this.parts.capacity,
      startedAt: this.startedAt,
    };
    return { kind: 'sample', sample };
  }
}

/** 429, for which the runner waits inside the call. */
const isLimit = (kind: FaultKind): boolean => kind === 'rate-limit' || kind === 'runner-limit';

/** Whether a fault blocks GitLab for the runners of this cluster. */
const isCutFor =
  (cluster: string) =>
  (fault: { readonly token?: string | undefined; readonly pathPrefix?: string | undefined }): boolean =>
    fault.token === cluster && (fault.pathPrefix === undefined || fault.pathPrefix.startsWith('/jobs'));
