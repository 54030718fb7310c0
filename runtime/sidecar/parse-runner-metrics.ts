/** gitlab-runner's metrics as a sample: https://docs.gitlab.com/runner/monitoring/ and network/api_requests_collector.go. */
import type { Parsed } from '../core/model/read.ts';
import type { CallCounts, Sample } from '../core/evidence/sample.ts';

interface Series {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const REQUESTS = 'gitlab_runner_api_request_statuses_total';
const ROUTER_REQUESTS = 'gitlab_runner_job_router_get_job_duration_seconds_count';
const HEALTH_FAILURES = 'gitlab_runner_worker_health_check_failures_total';
const FEEDS = 'gitlab_runner_worker_feeds_total';
/** The main loop skips an entry that is unhealthy. */
const FEED_FAILURES = 'gitlab_runner_worker_feed_failures_total';
const POLLS_UNDER_WAY = 'gitlab_runner_request_concurrency';
const JOBS = 'gitlab_runner_jobs';
const CONCURRENT = 'gitlab_runner_concurrent';
const LIMIT = 'gitlab_runner_limit';
const SLOTS = 'gitlab_runner_worker_slots_number';
const SLOT_OPERATIONS = 'gitlab_runner_worker_slot_operations_total';
/** Since gitlab-runner 19.1. */
const PROCESS_STATE = 'gitlab_runner_process_state_info';
const STARTED = 'process_start_time_seconds';
const WANTED = new Set([
  REQUESTS,
  ROUTER_REQUESTS,
  HEALTH_FAILURES,
  FEEDS,
  FEED_FAILURES,
  POLLS_UNDER_WAY,
  JOBS,
  CONCURRENT,
  LIMIT,
  SLOTS,
  SLOT_OPERATIONS,
  PROCESS_STATE,
  STARTED,
]);

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?[ \t]*$/;
const LABEL = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(?:,|$)/y;

/** The labels between the braces; undefined where they are not in the text format. */
function labelsOf(text: string): Map<string, string> | undefined {
  const labels = new Map<string, string>();
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (!match) return undefined;
    const [, name = '', value = ''] = match;
    labels.set(
      name,
      value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
    );
  }
  return labels;
}

function seriesOf(line: string): Series | undefined {
  const match = LINE.exec(line);
  const labels = match && labelsOf(match[2] ?? '');
  const value = Number(match?.[3]);
  if (!match || !labels || !Number.isFinite(value) || value < 0) return undefined;
  return { name: match[1] ?? '', labels, value };
}

const nameOf = (line: string): string => /^[a-zA-Z0-9_:]*/.exec(line)?.[0] ?? '';

/** 409: another runner got the job first. GitLab did answer this one. */
function resultOf(status: string): keyof CallCounts {
  if (status === '-1') return 'unanswered';
  if (status === '401' || status === '403') return 'unauthorized';
  return /^2\d\d$/.test(status) || status === '409' ? 'answered' : 'failed';
}

const isOf =
  (...endpoints: readonly string[]) =>
  (series: Series) =>
    endpoints.includes(series.labels.get('endpoint') ?? '');

const sum = (list: readonly Series[]): number => list.reduce((total, { value }) => total + value, 0);

function callsOf(requests: readonly Series[]): CallCounts {
  const count = (result: keyof CallCounts): number =>
    sum(requests.filter(({ labels }) => resultOf(labels.get('status') ?? '') === result));
  return {
    answered: count('answered'),
    unauthorized: count('unauthorized'),
    failed: count('failed'),
    unanswered: count('unanswered'),
  };
}

/** The wanted series of the text; a sentence about the first line that is not in the text format. */
function parseSeries(text: string): Parsed<readonly Series[]> {
  const wanted = text.split('\n').filter((line) => WANTED.has(nameOf(line)));
  const list: Series[] = [];
  for (const line of wanted) {
    const parsed = seriesOf(line.trimEnd());
    if (!parsed) return { ok: false, why: `its line for ${nameOf(line)} is not in Prometheus' text format` };
    list.push(parsed);
  }
  return { ok: true, value: list };
}

/** Text without gitlab-runner's own metrics comes from another program, not from a runner without traffic. */
export function parseMetrics(text: string): Parsed<Sample> {
  const parsed = parseSeries(text);
  if (!parsed.ok) return parsed;
  const of = (...names: string[]) => parsed.value.filter(({ name }) => names.includes(name));
  const sumIfAny = (...names: string[]) => (of(...names).length === 0 ? undefined : sum(of(...names)));
  if (of(CONCURRENT).length === 0) return { ok: false, why: `it has no ${CONCURRENT}, so it is not a gitlab-runner` };
  const requests = of(REQUESTS);
  return {
    ok: true,
    value: {
      polls: callsOf(requests.filter(isOf('request_job'))),
      reports: callsOf(requests.filter(isOf('update_job', 'patch_trace'))),
      routerRequests: sumIfAny(ROUTER_REQUESTS),
      healthFailures: sum(of(HEALTH_FAILURES)),
      feeds: of(FEEDS).length === 0 ? undefined : sum(of(FEEDS, FEED_FAILURES)),
      pollsUnderWay: sumIfAny(POLLS_UNDER_WAY),
      jobs: sum(of(JOBS)),
      capacity: capacityOf(sum(of(CONCURRENT)), of(LIMIT)),
      draining: isDraining(of),
      startedAt: of(STARTED)[0]?.value,
    },
  };
}

/**
 * gitlab-runner 19.1 and later tells its state. Before, a drain shows in the worker slots: all were started, and those without a
 * job are stopped at once, so there are fewer than `concurrent`.
 */
function isDraining(of: (...names: string[]) => readonly Series[]): boolean {
  const current = of(PROCESS_STATE).filter(({ value }) => value === 1);
  if (current.length > 0) return current.some(({ labels }) => /shutdown/.test(labels.get('state') ?? ''));
  const concurrent = sum(of(CONCURRENT));
  const started = of(SLOT_OPERATIONS).filter(({ labels }) => labels.get('operation') === 'started');
  return of(SLOTS).length > 0 && sum(of(SLOTS)) < concurrent && sum(started) >= concurrent;
}

/** `concurrent` bounds the process, `limit` each of its runners; a limit of 0 is none. */
function capacityOf(concurrent: number, limits: readonly Series[]): number | undefined {
  const isBounded = limits.length > 0 && limits.every(({ value }) => value > 0);
  const limit = isBounded ? limits.reduce((total, { value }) => total + value, 0) : Infinity;
  const capacity = Math.min(concurrent > 0 ? concurrent : Infinity, limit);
  return Number.isFinite(capacity) ? capacity : undefined;
}
