/** /metrics for Prometheus and /healthz for people: the sidecar's last verdict, and whether its loop runs. */
import type * as http from 'node:http';
import type { Evidence } from '../core/evidence/judge.ts';
import { bit, render, single, type Metric, type Sample } from '../adapters/metrics/format.ts';
import { createServer, METRICS_TYPE } from '../adapters/metrics/serve.ts';
import { formatHealth, healthOf, STALE_SECONDS } from './health.ts';
import type { Snapshot } from './loop.ts';

export interface SidecarInfo {
  readonly cluster: string;
  readonly record: number;
  readonly systemId: string;
}

export interface Exposed {
  readonly info: SidecarInfo;
  readonly snapshot: () => Snapshot;
  /** The clock of the loop, in milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
}

const VERDICTS: readonly Evidence[] = ['online', 'offline', 'unknown'];

const metric = (type: Metric['type'], name: string, help: string, ...labels: string[]): Metric => ({
  type,
  name: `hadr_sidecar_${name}`,
  help,
  labels,
});

const INFO = metric('gauge', 'info', 'Which runner this sidecar watches.', 'cluster', 'record', 'system_id');
const EVIDENCE = metric('gauge', 'evidence', 'The verdict on the runner: 1 for the current one.', 'verdict');
const READY = metric('gauge', 'ready', '1 if the last definite verdict was online.');
const LIVE = metric('gauge', 'live', '0 only while the runner is proven to be stuck.');
const LAST_CHECK = metric('gauge', 'last_check_timestamp_seconds', 'When the sidecar last checked its runner.');
const CHECKS = metric('counter', 'checks_total', 'Checks of the runner.');
const RUNNER_READS = metric('counter', 'runner_reads_total', "Reads of the runner's metrics by result.", 'result');
const GITLAB_READS = metric(
  'counter',
  'gitlab_reads_total',
  'Reads of the runner record in GitLab by result.',
  'result',
);
const VERDICT_CHANGES = metric('counter', 'verdict_changes_total', 'Changes of the verdict or its cause.');
const WRITE_FAILURES = metric('counter', 'health_write_failures_total', 'Failed writes of the health file.');

/** Every metric of a sidecar. */
export const SIDECAR_METRICS: readonly Metric[] = [
  INFO,
  EVIDENCE,
  READY,
  LIVE,
  LAST_CHECK,
  CHECKS,
  RUNNER_READS,
  GITLAB_READS,
  VERDICT_CHANGES,
  WRITE_FAILURES,
];

const perResult = (counts: Readonly<Record<string, number>>): Sample[] =>
  Object.entries(counts).map(([result, value]) => ({ labels: { result }, value }));

export function renderMetrics({ info, snapshot, now, wall }: Exposed): string {
  const { state, counts, checkedAtMs } = snapshot();
  const { cluster, record, systemId } = info;
  const { evidence } = state.verdict;
  return render([
    [INFO, [{ labels: { cluster, record, system_id: systemId }, value: 1 }]],
    [EVIDENCE, VERDICTS.map((verdict) => ({ labels: { verdict }, value: bit(verdict === evidence) }))],
    [READY, single(bit(state.ready))],
    [LIVE, single(bit(state.live))],
    [LAST_CHECK, single(checkedAtMs === undefined ? undefined : Math.round(wall() - (now() - checkedAtMs)) / 1000)],
    [CHECKS, single(counts.checks)],
    [RUNNER_READS, perResult(counts.runnerReads)],
    [GITLAB_READS, perResult(counts.gitlabReads)],
    [VERDICT_CHANGES, single(counts.verdictChanges)],
    [WRITE_FAILURES, single(counts.healthWriteFailures)],
  ]);
}

/** True while the loop runs, whatever its verdict on the runner. */
const isRunning = ({ snapshot, now }: Exposed): boolean => {
  const { checkedAtMs } = snapshot();
  return checkedAtMs !== undefined && now() - checkedAtMs < STALE_SECONDS * 1000;
};

export const createMetricsServer = (exposed: Exposed): http.Server =>
  createServer({
    '/metrics': () => ({ status: 200, text: renderMetrics(exposed), type: METRICS_TYPE }),
    '/healthz': () => ({
      status: isRunning(exposed) ? 200 : 503,
      text: formatHealth(healthOf(exposed.snapshot().state)),
    }),
  });
