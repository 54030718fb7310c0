/** The main loop: who may ask for a job and when, and what the answers mean (commands/multi.go, network/gitlab.go). */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { GitLabClient, type ApiAnswer } from './client.ts';
import type { RunnerConfig, RunnerEntry } from './config.ts';
import { failed, healthy, mayAsk, type Health } from './health.ts';
import { parseJob, runJob } from './job.ts';
import type { Log } from './log.ts';
import {
  CONCURRENT,
  FEED_FAILURES,
  HEALTH_FAILURES,
  JOBS,
  JOBS_TOTAL,
  LIMIT,
  VERSION,
  type Metrics,
} from './metrics.ts';

export interface RunnerDeps {
  readonly config: RunnerConfig;
  readonly systemId: string;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly heartbeatSeconds?: number;
}

interface Entry {
  readonly config: RunnerEntry;
  readonly client: GitLabClient;
  readonly label: string;
  health: Health;
  /** The newest X-GitLab-Last-Update. A 204 without the header, which is Workhorse's own, leaves it as it is. */
  lastUpdate: string;
  polls: number;
  jobs: number;
}

export class Runner {
  readonly #deps: RunnerDeps;
  readonly #entries: readonly Entry[];
  /** Aborted by any stop: open polls end. */
  readonly #polling = new AbortController();
  /** Aborted by a forceful stop: running jobs end. */
  readonly #working = new AbortController();
  readonly #active = new Set<Promise<void>>();

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
    const { config, systemId, metrics } = deps;
    this.#entries = config.runners.map((each) => {
      const label = shortToken(each.token);
      return {
        config: each,
        label,
        client: new GitLabClient({ url: each.url, runner: label, systemId }, metrics),
        health: healthy(Date.now()),
        lastUpdate: '',
        polls: 0,
        jobs: 0,
      };
    });
    // Each poll and each job listens; there may be many, and Node would warn of a leak.
    setMaxListeners(0, this.#polling.signal, this.#working.signal);
    metrics.set(CONCURRENT, {}, config.concurrent);
    for (const entry of this.#entries) {
      metrics.set(LIMIT, this.#labels(entry), entry.config.limit);
      metrics.add(HEALTH_FAILURES, this.#labels(entry), 0);
      metrics.set(JOBS, { ...this.#labels(entry), state: 'idle', stage: 'idle', executor_stage: 'idle' }, 0);
    }
  }

  /** Feeds the entries in turn until a stop, then waits for the jobs. */
  async run(): Promise<void> {
    const { config } = this.#deps;
    const { signal } = this.#polling;
    const interval = config.checkIntervalMs / Math.max(1, this.#entries.length);
    while (!signal.aborted) {
      for (const entry of this.#entries) {
        this.#feed(entry);
        await sleep(interval, undefined, { signal }).catch(() => undefined);
      }
      if (this.#entries.length === 0) await sleep(interval, undefined, { signal }).catch(() => undefined);
    }
    while (this.#active.size > 0) await Promise.all(this.#active);
  }

  /** No new polls; running jobs are finished. */
  drain(): void {
    this.#polling.abort();
  }

  /** Running jobs are aborted as well. */
  abort(): void {
    this.#polling.abort();
    this.#working.abort();
  }

  #feed(entry: Entry): void {
    const { ask, health } = mayAsk(entry.health, entry.config, Date.now());
    entry.health = health;
    if (!ask) return this.#deps.metrics.add(FEED_FAILURES, this.#labels(entry));
    return this.#poll(entry);
  }

  /** A poll takes a slot of `concurrent` and of `limit`, as a job does: a full runner does not ask. */
  #poll(entry: Entry): void {
    const { limit, requestConcurrency } = entry.config;
    const busy = this.#entries.reduce((sum, each) => sum + each.polls + each.jobs, 0);
    if (this.#polling.signal.aborted || busy >= this.#deps.config.concurrent) return;
    if ((limit > 0 && entry.polls + entry.jobs >= limit) || entry.polls >= requestConcurrency) return;
    entry.polls += 1;
    this.#track(this.#ask(entry).finally(() => (entry.polls -= 1)));
  }

  async #ask(entry: Entry): Promise<void> {
    const { log, systemId } = this.#deps;
    const { config, client } = entry;
    const fields = { runner: entry.label };
    let answer: ApiAnswer;
    try {
      answer = await client.call({
        endpoint: 'request_job',
        method: 'POST',
        path: '/jobs/request',
        body: JSON.stringify({
          info: {
            name: 'gitlab-runner',
            version: VERSION,
            revision: 'lab',
            platform: 'linux',
            architecture: 'amd64',
            executor: config.executor,
          },
          token: config.token,
          system_id: systemId,
          ...(entry.lastUpdate === '' ? {} : { last_update: entry.lastUpdate }),
        }),
        signal: this.#polling.signal,
      });
    } catch (error) {
      if (this.#polling.signal.aborted) return;
      log('error', 'Checking for jobs... failed', {
        ...fields,
        status: error instanceof Error ? error.message : 'no answer',
      });
      return this.#unhealthy(entry);
    }
    const update = answer.headers['x-gitlab-last-update'];
    if (typeof update === 'string' && update !== '') entry.lastUpdate = update;
    if (answer.status === 403) {
      log('error', 'Checking for jobs... forbidden', fields);
      return this.#unhealthy(entry);
    }
    entry.health = healthy(Date.now());
    if (answer.status === 201) return this.#start(entry, answer.text);
    if (answer.status !== 204) log('warning', 'Checking for jobs... failed', { ...fields, status: answer.status });
    return undefined;
  }

  #unhealthy(entry: Entry): void {
    entry.health = failed(entry.health);
    this.#deps.metrics.add(HEALTH_FAILURES, this.#labels(entry));
    const { unhealthyRequestsLimit, unhealthyIntervalMs } = entry.config;
    if (entry.health.failures >= unhealthyRequestsLimit)
      this.#deps.log(
        'error',
        `Runner "${entry.label}" is unhealthy and will be disabled for ${String(unhealthyIntervalMs / 1000)} seconds!`,
      );
  }

  #start(entry: Entry, text: string): void {
    const { log, metrics, heartbeatSeconds } = this.#deps;
    const job = parseJob(text);
    const fields = { job: job.id, runner: entry.label };
    const running = { ...this.#labels(entry), state: 'running', stage: 'step_script', executor_stage: 'run' };
    entry.jobs += 1;
    metrics.add(JOBS, running);
    metrics.add(JOBS_TOTAL, this.#labels(entry));
    log('info', 'Checking for jobs... received', fields);
    const work = async (): Promise<void> => {
      try {
        const end = await runJob(job, {
          client: entry.client,
          signal: this.#working.signal,
          ...(heartbeatSeconds === undefined ? {} : { heartbeatSeconds }),
        });
        log('info', `Job ${end}`, fields);
      } catch (error) {
        log('warning', 'Failed to process runner', {
          ...fields,
          error: error instanceof Error ? error.message : 'unknown',
        });
      } finally {
        entry.jobs -= 1;
        metrics.add(JOBS, running, -1);
      }
    };
    this.#track(work());
    // A runner that got a job asks again at once, by another worker.
    if (!entry.config.strictCheckInterval) setImmediate(() => this.#poll(entry));
  }

  #track(work: Promise<void>): void {
    this.#active.add(work);
    void work
      .catch((error: unknown) =>
        this.#deps.log('error', `Failed to process runner: ${error instanceof Error ? error.message : ''}`),
      )
      .finally(() => this.#active.delete(work));
  }

  #labels(entry: Entry): Readonly<Record<string, string>> {
    return { runner: entry.label, runner_name: entry.config.name, system_id: this.#deps.systemId };
  }
}

/** What metrics and logs show of a token: nine characters after its prefix (helpers/shorten_token.go). */
export const shortToken = (token: string): string => token.replace(/^(glrt-|GR1348941)/, '').slice(0, 9);
