/** Counters in Prometheus' text format, with gitlab-runner's names and labels. */

export type Labels = Readonly<Record<string, string>>;

interface Series {
  readonly labels: Labels;
  value: number;
}

interface Metric {
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly series: Map<string, Series>;
}

export class Metrics {
  readonly #metrics = new Map<string, Metric>();

  declare(name: string, type: Metric['type'], help: string): void {
    this.#metrics.set(name, { type, help, series: new Map() });
  }

  add(name: string, labels: Labels, value = 1): void {
    const series = this.#series(name, labels);
    series.value += value;
  }

  set(name: string, labels: Labels, value: number): void {
    this.#series(name, labels).value = value;
  }

  /** For a gauge of which only one series may be left. */
  clear(name: string): void {
    this.#metrics.get(name)?.series.clear();
  }

  value(name: string, labels: Labels): number {
    return this.#series(name, labels).value;
  }

  text(): string {
    const lines: string[] = [];
    for (const [name, { type, help, series }] of this.#metrics) {
      if (series.size === 0) continue;
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
      for (const [labels, { value }] of series) lines.push(`${name}${labels} ${String(value)}`);
    }
    return `${lines.join('\n')}\n`;
  }

  #series(name: string, labels: Labels): Series {
    const metric = this.#metrics.get(name);
    if (!metric) throw new Error(`metric ${name} is not declared`);
    const key = labelText(labels);
    const series = metric.series.get(key) ?? { labels, value: 0 };
    metric.series.set(key, series);
    return series;
  }
}

/** Sorted by name, as Prometheus' Go library writes them. */
function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (pairs.length === 0) return '';
  const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `{${pairs.map(([name, value]) => `${name}="${escaped(value)}"`).join(',')}}`;
}

export const REQUESTS = 'gitlab_runner_api_request_statuses_total';
export const RETRIES = 'gitlab_runner_api_request_retries_total';
export const JOBS = 'gitlab_runner_jobs';
export const JOBS_TOTAL = 'gitlab_runner_jobs_total';
export const LIMIT = 'gitlab_runner_limit';
export const CONCURRENT = 'gitlab_runner_concurrent';
export const HEALTH_FAILURES = 'gitlab_runner_worker_health_check_failures_total';
export const FEEDS = 'gitlab_runner_worker_feeds_total';
export const FEED_FAILURES = 'gitlab_runner_worker_feed_failures_total';
export const REQUEST_CONCURRENCY = 'gitlab_runner_request_concurrency';
export const SLOTS = 'gitlab_runner_worker_slots_number';
export const SLOT_OPERATIONS = 'gitlab_runner_worker_slot_operations_total';
export const PROCESS_STATE = 'gitlab_runner_process_state_info';
export const ERRORS = 'gitlab_runner_errors_total';
const VERSION_INFO = 'gitlab_runner_version_info';

export const VERSION = '19.4.0';

export function runnerMetrics(startedAtMs: number): Metrics {
  const metrics = new Metrics();
  metrics.declare(
    REQUESTS,
    'counter',
    'The total number of API requests made by GitLab Runner, partitioned by runner, system_id, endpoint, status and method.',
  );
  metrics.declare(
    RETRIES,
    'counter',
    'The total number of retries made by GitLab Runner in process of completing a request.',
  );
  metrics.declare(JOBS, 'gauge', 'The current number of running builds.');
  metrics.declare(JOBS_TOTAL, 'counter', 'Total number of handled jobs');
  metrics.declare(LIMIT, 'gauge', 'The current value of concurrent setting');
  metrics.declare(CONCURRENT, 'gauge', 'The current value of concurrent setting');
  metrics.declare(HEALTH_FAILURES, 'counter', 'Total number of worker health check failures');
  metrics.declare(FEEDS, 'counter', 'Total number of times that runner worker is fed to the main loop');
  metrics.declare(FEED_FAILURES, 'counter', 'Total number of times that runner worker feeding have failed');
  metrics.declare(REQUEST_CONCURRENCY, 'gauge', 'The current number of concurrent requests for a new job');
  metrics.declare(SLOTS, 'gauge', 'Current number of runner worker slots');
  metrics.declare(SLOT_OPERATIONS, 'counter', 'Total number of runner workers slot operations');
  metrics.declare(PROCESS_STATE, 'gauge', 'The current state of the runner process');
  metrics.declare(ERRORS, 'counter', 'The number of caught errors.');
  metrics.declare(VERSION_INFO, 'gauge', 'A metric with a constant value labeled by different build stats fields.');
  metrics.declare('process_start_time_seconds', 'gauge', 'Start time of the process since unix epoch in seconds.');
  for (const level of ['warning', 'error', 'fatal', 'panic']) metrics.set(ERRORS, { level }, 0);
  const info = {
    name: 'gitlab-runner',
    version: VERSION,
    revision: 'lab',
    branch: 'lab',
    os: 'linux',
    architecture: 'amd64',
  };
  metrics.set(VERSION_INFO, { ...info, go_version: 'lab', built_at: 'lab' }, 1);
  metrics.set('process_start_time_seconds', {}, startedAtMs / 1000);
  return metrics;
}
