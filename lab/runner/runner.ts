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
  FEEDS,
  HEALTH_FAILURES,
  JOBS,
  JOBS_TOTAL,
  LIMIT,
  PROCESS_STATE,
  REQUEST_CONCURRENCY,
  SLOT_OPERATIONS,
  SLOTS,
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
  /** The main loop, while it waits for a worker. */
  #waiting: (() => void) | undefined;

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
      metrics.add(FEEDS, this.#labels(entry), 0);
      metrics.add(FEED_FAILURES, this.#labels(entry), 0);
      metrics.set(JOBS, { ...this.#labels(entry), state: 'idle', stage: 'idle', executor_stage: 'idle' }, 0);
    }
  }

  /** Feeds the entries in turn until a stop, then waits for the jobs. */
  async run(): Promise<void> {
    const { config, metrics } = this.#deps;
    metrics.add(SLOT_OPERATIONS, { operation: 'started' }, config.concurrent);
    metrics.add(SLOT_OPERATIONS, { operation: 'stopped' }, 0);
    metrics.set(PROCESS_STATE, { state: 'running' }, 1);
    this.#workersChanged();
    const { signal } = this.#polling;
    const interval = config.checkIntervalMs / Math.max(1, this.#entries.length);
    while (!signal.aborted) {
      for (const entry of this.#entries) {
        await this.#feed(entry);
        await sleep(interval, undefined, { signal }).catch(() => undefined);
      }
      if (this.#entries.length === 0) await sleep(interval, undefined, { signal }).catch(() => undefined);
    }
    while (this.#active.size > 0) await Promise.all(this.#active);
  }

  /** No new polls; running jobs are finished. */
  drain(): void {
    this.#stop('graceful-shutdown');
  }

  /** Running jobs are aborted as well. */
  abort(): void {
    this.#stop('forceful-shutdown');
    this.#working.abort();
  }

  #stop(state: string): void {
    const { metrics } = this.#deps;
    metrics.clear(PROCESS_STATE);
    metrics.set(PROCESS_STATE, { state }, 1);
    this.#polling.abort();
    this.#workersChanged();
  }

  /** A worker polls or runs a job. */
  get #busy(): number {
    return this.#entries.reduce((sum, each) => sum + each.polls + each.jobs, 0);
  }

  #workersChanged(): void {
    const { metrics, config } = this.#deps;
    const isStopping = this.#polling.signal.aborted;
    // A stop ends the workers without a job at once.
    metrics.set(SLOTS, {}, isStopping ? this.#busy : config.concurrent);
    for (const entry of this.#entries) metrics.set(REQUEST_CONCURRENCY, this.#requestLabels(entry), entry.polls);
    if (!isStopping && this.#busy >= config.concurrent) return;
    this.#waiting?.();
    this.#waiting = undefined;
  }

  /** Counted before the main loop waits for a worker: while all of them are taken it stands still. */
  async #feed(entry: Entry): Promise<void> {
    const { ask, health } = mayAsk(entry.health, entry.config, Date.now());
    entry.health = health;
    if (!ask) return this.#deps.metrics.add(FEED_FAILURES, this.#labels(entry));
    this.#deps.metrics.add(FEEDS, this.#labels(entry));
    if (this.#busy >= this.#deps.config.concurrent) await new Promise<void>((resolve) => (this.#waiting = resolve));
    this.#poll(entry);
  }

  /** A poll takes a slot of `concurrent` and of `limit`, as a job does: a full runner does not ask. */
  #poll(entry: Entry): void {
    const { limit, requestConcurrency } = entry.config;
    if (this.#polling.signal.aborted || this.#busy >= this.#deps.config.concurrent) return;
    if ((limit > 0 && entry.polls + entry.jobs >= limit) || entry.polls >= requestConcurrency) return;
    entry.polls += 1;
    this.#workersChanged();
    this.#track(
      this.#ask(entry).finally(() => {
        entry.polls -= 1;
        this.#workersChanged();
      }),
    );
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
      log('warning', 'Checking for jobs... failed', {
        ...fields,
        status: error instanceof Error ? error.message : 'no answer',
      });
      entry.health = healthy(Date.now());
      return;
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
        this.#workersChanged();
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

  #requestLabels(entry: Entry): Readonly<Record<string, string>> {
    return { runner: entry.label, system_id: this.#deps.systemId };
  }
}

/** What metrics and logs show of a token: nine characters after its prefix (helpers/shorten_token.go). */
export const shortToken = (token: string): string => token.replace(/^(glrt-|GR1348941)/, '').slice(0, 9);
