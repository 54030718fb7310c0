/** GitLab's limits for what runners call: so many calls of one token a minute, then 429 (gitlab-facts B7). */
import { tooManyRequests } from './errors.ts';

export interface RunnerLimits {
  /** `POST /jobs/request`, by the runner's token. */
  readonly requestJob: number;
  /** `PUT /jobs/:id`, by the job's token. */
  readonly updateJob: number;
  /** `PATCH /jobs/:id/trace`, by the job's token. */
  readonly patchTrace: number;
}

export const GITLAB_LIMITS: RunnerLimits = Object.freeze({ requestJob: 2000, updateJob: 200, patchTrace: 200 });

const PERIOD_MS = 60_000;

export class Limits {
  private period = 0;
  private readonly calls = new Map<string, number>();
  private readonly now: () => number;
  private readonly limits: RunnerLimits;

  constructor(now: () => number, limits: RunnerLimits) {
    this.now = now;
    this.limits = limits;
  }

  /** Counts a call, and throws where it is one too many. A limit of 0 is no limit. */
  count(name: keyof RunnerLimits, token: string): void {
    const period = Math.floor(this.now() / PERIOD_MS);
    if (period !== this.period) this.calls.clear();
    this.period = period;
    const key = `${name} ${token}`;
    const calls = (this.calls.get(key) ?? 0) + 1;
    this.calls.set(key, calls);
    if (this.limits[name] > 0 && calls > this.limits[name]) throw tooManyRequests();
  }
}
