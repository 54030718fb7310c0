/** One job: a sleep that reports to GitLab as a real job does. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import type { ApiAnswer, GitLabClient } from './client.ts';

const jobSchema = z.looseObject({
  id: z.number(),
  token: z.string(),
  variables: z.optional(z.array(z.looseObject({ key: z.string(), value: z.string() }))),
});
export type Job = z.infer<typeof jobSchema>;

export const parseJob = (text: string): Job => jobSchema.parse(JSON.parse(text));

/** GitLab's default between two reports (`X-GitLab-Trace-Update-Interval`, UPDATE_FREQUENCY_DEFAULT). */
const REPORT_SECONDS = 60;
/** How long a job that is told to stop may take to say so. */
const LAST_WORD_MS = 5000;

export interface JobDeps {
  readonly client: GitLabClient;
  /** Overrides what GitLab asks for. */
  readonly heartbeatSeconds?: number;
  /** Aborted when the runner is told to stop at once. */
  readonly signal: AbortSignal;
}

export type JobEnd = 'success' | 'canceled' | 'aborted';

/** How long the job runs: its variable LAB_SECONDS. */
const secondsOf = (job: Job): number => {
  const seconds = Number(job.variables?.find((variable) => variable.key === 'LAB_SECONDS')?.value ?? '1');
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : 1;
};

export async function runJob(job: Job, deps: JobDeps): Promise<JobEnd> {
  const reports = new Reports(job, deps);
  const until = Date.now() + secondsOf(job) * 1000;
  try {
    let answer = await reports.update('running');
    await reports.trace(`Running on the lab runner for ${String(secondsOf(job))} s\n`);
    while (!isCanceled(answer)) {
      const left = until - Date.now();
      const interval = (deps.heartbeatSeconds ?? reports.seconds) * 1000;
      await sleep(Math.max(0, Math.min(left, interval)), undefined, { signal: deps.signal });
      if (left <= interval) {
        await reports.trace('Job succeeded\n');
        await reports.update('success');
        return 'success';
      }
      await reports.trace(`still running, ${String(Math.round((until - Date.now()) / 1000))} s left\n`);
      answer = await reports.update('running');
    }
    return 'canceled';
  } catch (error) {
    if (!deps.signal.aborted) throw error;
    await reports.abort().catch(() => undefined);
    return 'aborted';
  }
}

/** Taken from the runner or cancelled by a person: 403, or a header that says so. */
const isCanceled = (answer: ApiAnswer | undefined): boolean =>
  answer?.status === 403 || /^(canceled|canceling|failed)$/.test(String(answer?.headers['job-status'] ?? ''));

class Reports {
  readonly #job: Job;
  readonly #deps: JobDeps;
  #offset = 0;
  seconds = REPORT_SECONDS;

  constructor(job: Job, deps: JobDeps) {
    this.#job = job;
    this.#deps = deps;
  }

  /** Undefined when no answer came: the job goes on, and the next report tries again. */
  update(state: 'running' | 'success'): Promise<ApiAnswer | undefined> {
    return this.#put({ state }, this.#deps.signal);
  }

  async abort(): Promise<void> {
    await this.#put({ state: 'failed', failure_reason: 'runner_system_failure' }, AbortSignal.timeout(LAST_WORD_MS));
  }

  async trace(text: string): Promise<void> {
    const end = this.#offset + Buffer.byteLength(text);
    const answer = await this.#send({
      endpoint: 'patch_trace',
      method: 'PATCH',
      // The token goes in the header alone.
      path: `/jobs/${String(this.#job.id)}/trace?debug_trace=false`,
      headers: {
        'content-type': 'text/plain',
        'content-range': `${String(this.#offset)}-${String(end - 1)}`,
        'job-token': this.#job.token,
      },
      body: text,
      signal: this.#deps.signal,
    });
    if (answer?.status === 202) this.#offset = end;
  }

  #put(fields: Readonly<Record<string, string>>, signal: AbortSignal): Promise<ApiAnswer | undefined> {
    return this.#send({
      endpoint: 'update_job',
      method: 'PUT',
      path: `/jobs/${String(this.#job.id)}`,
      body: JSON.stringify({ token: this.#job.token, ...fields }),
      signal,
    });
  }

  async #send(call: Parameters<GitLabClient['call']>[0]): Promise<ApiAnswer | undefined> {
    const answer = await this.#deps.client.call(call).catch((error: unknown) => {
      if (call.signal.aborted) throw error;
      return undefined;
    });
    const asked = Number(answer?.headers['x-gitlab-trace-update-interval']);
    if (asked > 0) this.seconds = asked;
    return answer;
  }
}
