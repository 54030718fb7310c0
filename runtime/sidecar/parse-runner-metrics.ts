/** gitlab-runner's metrics as a sample: https://docs.gitlab.com/runner/monitoring/ and network/api_requests_collector.go. */
import type { Parsed } from '../core/model/read.ts';
import type { Sample } from '../core/evidence/history.ts';

interface Series {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const REQUESTS = 'gitlab_runner_api_request_statuses_total';
const JOBS = 'gitlab_runner_jobs';
const CONCURRENT = 'gitlab_runner_concurrent';
const LIMIT = 'gitlab_runner_limit';
const TROUBLES = ['gitlab_runner_errors_total', 'gitlab_runner_worker_health_check_failures_total'];
const STARTED = 'process_start_time_seconds';
const WANTED = new Set([REQUESTS, JOBS, CONCURRENT, LIMIT, STARTED, ...TROUBLES]);

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

type Outcome = 'answered' | 'unauthorized' | 'failed';

/** 409: another runner got the job first. GitLab did answer this one. */
function pollOutcome(status: string | undefined): Outcome {
  if (status === '401' || status === '403') return 'unauthorized';
  return isSuccess(status) || status === '409' ? 'answered' : 'failed';
}

const isSuccess = (status: string | undefined): boolean => /^2\d\d$/.test(status ?? '');

/** Text without gitlab-runner's own metrics comes from another program; it is not a runner without traffic. */
export function parseMetrics(text: string): Parsed<Sample> {
  const wanted = text.split('\n').filter((line) => WANTED.has(nameOf(line)));
  const series: Series[] = [];
  for (const line of wanted) {
    const parsed = seriesOf(line.trimEnd());
    if (!parsed) return { ok: false, why: `its line for ${nameOf(line)} is not in Prometheus' text format` };
    series.push(parsed);
  }
  const of = (...names: string[]) => series.filter(({ name }) => names.includes(name));
  const sum = (list: readonly Series[]) => list.reduce((total, { value }) => total + value, 0);
  if (of(CONCURRENT).length === 0) return { ok: false, why: `it has no ${CONCURRENT}, so it is not a gitlab-runner` };

  const requests = of(REQUESTS);
  const polls = requests.filter(({ labels }) => labels.get('endpoint') === 'request_job');
  const reports = requests.filter(({ labels }) => ['update_job', 'patch_trace'].includes(labels.get('endpoint') ?? ''));
  const poll = (outcome: Outcome) => sum(polls.filter(({ labels }) => pollOutcome(labels.get('status')) === outcome));
  const reported = sum(reports.filter(({ labels }) => isSuccess(labels.get('status'))));
  return {
    ok: true,
    value: {
      polls: { answered: poll('answered'), unauthorized: poll('unauthorized'), failed: poll('failed') },
      reports: { answered: reported, failed: sum(reports) - reported },
      troubles: sum(of(...TROUBLES)),
      jobs: sum(of(JOBS)),
      capacity: capacityOf(sum(of(CONCURRENT)), of(LIMIT)),
      startedAt: of(STARTED)[0]?.value,
    },
  };
}

/** `concurrent` bounds the process, `limit` each of its runners; a limit of 0 is none. */
function capacityOf(concurrent: number, limits: readonly Series[]): number | undefined {
  const isBounded = limits.length > 0 && limits.every(({ value }) => value > 0);
  const limit = isBounded ? limits.reduce((total, { value }) => total + value, 0) : Infinity;
  const capacity = Math.min(concurrent > 0 ? concurrent : Infinity, limit);
  return Number.isFinite(capacity) ? capacity : undefined;
}
