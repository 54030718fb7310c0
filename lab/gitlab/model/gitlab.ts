/** The state of the embedded GitLab. No HTTP, no timers: the clock and the randomness are passed in. */
import { Access } from './access.ts';
import { Faults } from './faults.ts';
import { Issues } from './issues.ts';
import { Jobs, type Job } from './jobs.ts';
import { GITLAB_LIMITS, Limits, type RunnerLimits } from './limits.ts';
import { Repository } from './repository.ts';
import { GITLAB_TIMES, Runners, type Runner, type RunnerTimes } from './runners.ts';
import { TerraformState } from './terraform.ts';

export interface GitLabOptions {
  /** GitLab's clock, in ms since 1970. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly times?: RunnerTimes;
  /** How often GitLab asks running jobs to report, in seconds (UPDATE_FREQUENCY_DEFAULT). */
  readonly jobReportSeconds?: number;
  readonly limits?: RunnerLimits;
  /** The Community Edition unless told otherwise. */
  readonly edition?: Edition;
}

export type Edition = 'CE' | 'EE';

/** What happened, as GitLab saw it. The demo and the tests judge by this, not by what a checker reports. */
export type GitLabEvent =
  | {
      readonly kind: 'request';
      readonly at: number;
      readonly method: string;
      readonly path: string;
      readonly status: number;
      readonly token: string;
    }
  | {
      readonly kind: 'tags';
      readonly at: number;
      readonly runner: number;
      readonly before: readonly string[];
      readonly after: readonly string[];
      readonly by: string;
    }
  | {
      readonly kind: 'commit';
      readonly at: number;
      readonly project: number;
      readonly message: string;
      readonly paths: readonly string[];
    };

export class GitLabModel {
  readonly now: () => number;
  readonly jobReportSeconds: number;
  readonly edition: Edition;
  readonly access: Access;
  readonly runners: Runners;
  readonly jobs: Jobs;
  readonly limits: Limits;
  readonly faults = new Faults();
  readonly repositories = new Map<number, Repository>();
  private readonly issuesOf = new Map<number, Issues>();
  private readonly states = new Map<string, TerraformState>();
  private readonly listeners = new Set<(event: GitLabEvent) => void>();

  constructor(options: GitLabOptions) {
    this.now = options.now;
    this.jobReportSeconds = options.jobReportSeconds ?? 60;
    this.edition = options.edition ?? 'CE';
    this.access = new Access(options.now, options.random);
    this.runners = new Runners(options.now, options.random, options.times ?? GITLAB_TIMES);
    this.jobs = new Jobs(options.now, this.runners, ({ projectId, tags, seconds }) =>
      this.newJob(projectId, tags, seconds),
    );
    this.limits = new Limits(options.now, options.limits ?? GITLAB_LIMITS);
  }

  onEvent(listener: (event: GitLabEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(event: GitLabEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  repository(projectId: number): Repository {
    let repository = this.repositories.get(projectId);
    if (!repository) this.repositories.set(projectId, (repository = new Repository(this.now)));
    return repository;
  }

  issues(projectId: number): Issues {
    let issues = this.issuesOf.get(projectId);
    if (!issues) this.issuesOf.set(projectId, (issues = new Issues(this.now)));
    return issues;
  }

  terraform(projectId: number, name: string, create: boolean): TerraformState | undefined {
    const key = `${projectId}/${name}`;
    let state = this.states.get(key);
    if (!state && create) this.states.set(key, (state = new TerraformState(this.now)));
    return state;
  }

  /** A report of a job is a contact of its manager. */
  jobContact(job: Job): void {
    this.jobs.reported(job);
    const runner = this.runners.all.get(job.runnerId ?? 0);
    if (runner) this.runners.heartbeat(runner, job.systemId, () => this.access.id());
  }

  jobWithToken(id: number, token: string | undefined): Job | undefined {
    const job = this.jobs.all.get(id);
    return job && job.token === token ? job : undefined;
  }

  newJob(projectId: number, tags: readonly string[], seconds: number): Job {
    const job: Job = {
      id: this.access.id(),
      projectId,
      tags,
      seconds,
      token: this.access.secret('glcbt-'),
      createdAt: this.now(),
      status: 'pending',
      failureReason: undefined,
      runnerId: undefined,
      systemId: undefined,
      startedAt: undefined,
      finishedAt: undefined,
    };
    this.jobs.add(job);
    return job;
  }

  tagsChanged(runner: Runner, before: readonly string[], by: string): void {
    if (before.join() !== runner.tags.join())
      this.emit({ kind: 'tags', at: this.now(), runner: runner.id, before, after: [...runner.tags], by });
  }
}

/** An administrator `root` with a personal token, a group `platform` and a project `platform/app` that the jobs belong to. */
export function seed(model: GitLabModel): {
  readonly adminToken: string;
  readonly groupId: number;
  readonly projectId: number;
} {
  const { access } = model;
  const root = access.addUser('root', { admin: true });
  const far = new Date(model.now() + 365 * 86_400_000).toISOString().slice(0, 10);
  const token = access.addToken({ kind: 'user' }, 'root', ['api', 'create_runner', 'manage_runner'], 50, far, root.id);
  const group = access.addGroup('platform', 'Platform');
  const project = access.addProject(group.id, 'app', 'app');
  return { adminToken: token.value, groupId: group.id, projectId: project.id };
}
