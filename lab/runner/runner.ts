/**
 * A process that behaves towards GitLab as gitlab-runner does: polls with `last_update`, stops polling when full, reports its
 * jobs once a period, drains on SIGQUIT, and sleeps after three failures (gitlab-facts B, H).
 */
import * as z from 'zod';
import type { Client } from './client.ts';
import type { RunnerConfig } from './config.ts';
import type { Metrics } from './metrics.ts';

const jobSchema = z.object({
  id: z.number(),
  token: z.string(),
  variables: z.array(z.object({ key: z.string(), value: z.string() })),
});
type Job = z.infer<typeof jobSchema>;

const DEFAULT_REPORT_MS = 60_000;

export interface RunnerParts {
  readonly config: RunnerConfig;
  readonly systemId: string;
  readonly client: Client;
  readonly metrics: Metrics;
  readonly sleep: (ms: number) => Promise<void>;
  readonly log: (line: string) => void;
}

export class Runner {
  private readonly parts: RunnerParts;
  private draining = false;
  private lastUpdate: string | undefined;
  private failures = 0;
  private readonly running = new Set<Promise<void>>();

  constructor(parts: RunnerParts) {
    this.parts = parts;
  }

  /** No new polls; `run` ends when the jobs have. */
  drain(): void {
    this.draining = true;
  }

  async run(): Promise<void> {
    const { config, sleep, metrics, log } = this.parts;
    while (!this.draining) {
      // Full: the jobs' own reports are the only sign of life now.
      if (this.running.size < config.limit) await this.poll();
      if (this.failures >= config.unhealthyRequests) {
        metrics.healthFailures += 1;
        log(`WARNING: runner is unhealthy and will be disabled for ${config.unhealthyMs} ms`);
        await this.sleepUnlessDraining(config.unhealthyMs);
        this.failures = 0;
      }
      await sleep(config.checkIntervalMs);
    }
    await Promise.all(this.running);
  }

  private async sleepUnlessDraining(ms: number): Promise<void> {
    for (let left = ms; left > 0 && !this.draining; left -= 100) await this.parts.sleep(Math.min(100, left));
  }

  private async poll(): Promise<void> {
    const { client, config, systemId, log } = this.parts;
    const answer = await client.call('request_job', 'POST', '/jobs/request', {
      token: config.token,
      system_id: systemId,
      last_update: this.lastUpdate,
      info: {
        name: 'gitlab-runner',
        version: '19.4.0',
        platform: 'linux',
        architecture: 'amd64',
        executor: 'kubernetes',
      },
    });
    const header = answer.headers['x-gitlab-last-update'];
    // Workhorse's own 204 has no such header: the old value stays.
    if (typeof header === 'string') this.lastUpdate = header;
    // Only a refusal and a missing answer count against its health; a 5xx does not.
    if (answer.status === 403 || answer.status === -1) this.failures += 1;
    else if (answer.status < 500) this.failures = 0;
    if (answer.status !== 201) return;
    const job = jobSchema.parse(JSON.parse(answer.text));
    log(`Job ${job.id} received`);
    const work = this.work(job).finally(() => {
      this.running.delete(work);
      this.parts.metrics.jobs = this.running.size;
    });
    this.running.add(work);
    this.parts.metrics.jobs = this.running.size;
  }

  /** The job's script is a sleep; meanwhile it reports as often as GitLab asks. */
  private async work(job: Job): Promise<void> {
    const { client, sleep, log } = this.parts;
    const seconds = Number(job.variables.find((variable) => variable.key === 'LAB_SECONDS')?.value ?? 0);
    const end = performance.now() + seconds * 1000;
    let reportMs = DEFAULT_REPORT_MS;
    const put = async (state: string): Promise<void> => {
      const answer = await client.call('update_job', 'PUT', `/jobs/${job.id}`, { token: job.token, state });
      const asked = Number(answer.headers['x-gitlab-trace-update-interval']);
      if (asked > 0) reportMs = asked * 1000;
    };
    await put('running');
    while (performance.now() < end) {
      await sleep(Math.max(0, Math.min(reportMs, end - performance.now())));
      if (performance.now() < end) await put('running');
    }
    await client.call('patch_trace', 'PATCH', `/jobs/${job.id}/trace`, { token: job.token });
    await put('success');
    log(`Job ${job.id} succeeded`);
  }
}
