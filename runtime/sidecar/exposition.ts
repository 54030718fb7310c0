/** /metrics for Prometheus and /healthz for people: what the sidecar last concluded, and that it still looks. */
import type * as http from 'node:http';
import type { Evidence } from '../core/evidence/evidence.ts';
import { bit, render, single, type Metric, type Sample } from '../adapters/metrics/format.ts';
import { createServer, METRICS_TYPE } from '../adapters/metrics/serve.ts';
import { formatHealth, healthOf, STALE_SECONDS } from './health.ts';
import type { Snapshot } from './loop.ts';

export interface Facts {
  readonly cluster: string;
  readonly record: number;
  readonly systemId: string;
}

export interface Exposed {
  readonly facts: Facts;
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
const EVIDENCE = metric('gauge', 'evidence', 'The present verdict on the runner: 1 for the one that holds.', 'verdict');
const READY = metric('gauge', 'ready', 'The last definite verdict was online.');
const LIVE = metric('gauge', 'live', '0 only while the runner is stuck and GitLab reachable.');
const LAST_LOOK = metric('gauge', 'last_look_timestamp_seconds', 'When the sidecar last looked.');
const LOOKS = metric('counter', 'looks_total', 'Looks at the runner.');
const RUNNER_READS = metric(
  'counter',
  'runner_reads_total',
  "Reads of the runner's metrics by what came of them.",
  'result',
);
const GITLAB_LOOKS = metric(
  'counter',
  'gitlab_looks_total',
  'Looks at the runner record in GitLab by what came of them.',
  'result',
);
const VERDICT_CHANGES = metric('counter', 'verdict_changes_total', 'Changes of the verdict or its cause.');
const WRITE_FAILURES = metric('counter', 'health_write_failures_total', 'Failed writes of the health file.');

/** All that a sidecar may tell. */
export const SIDECAR_METRICS: readonly Metric[] = [
  INFO,
  EVIDENCE,
  READY,
  LIVE,
  LAST_LOOK,
  LOOKS,
  RUNNER_READS,
  GITLAB_LOOKS,
  VERDICT_CHANGES,
  WRITE_FAILURES,
];

const perResult = (counts: Readonly<Record<string, number>>): Sample[] =>
  Object.entries(counts).map(([result, value]) => ({ labels: { result }, value }));

export function renderMetrics({ facts, snapshot, now, wall }: Exposed): string {
  const { state, counts, lookedAtMs } = snapshot();
  const { cluster, record, systemId } = facts;
  const { evidence } = state.verdict;
  return render([
    [INFO, [{ labels: { cluster, record, system_id: systemId }, value: 1 }]],
    [EVIDENCE, VERDICTS.map((verdict) => ({ labels: { verdict }, value: bit(verdict === evidence) }))],
    [READY, single(bit(state.ready))],
    [LIVE, single(bit(state.live))],
    [LAST_LOOK, single(lookedAtMs === undefined ? undefined : Math.round(wall() - (now() - lookedAtMs)) / 1000)],
    [LOOKS, single(counts.looks)],
    [RUNNER_READS, perResult(counts.runnerReads)],
    [GITLAB_LOOKS, perResult(counts.gitlabLooks)],
    [VERDICT_CHANGES, single(counts.verdictChanges)],
    [WRITE_FAILURES, single(counts.healthWriteFailures)],
  ]);
}

/** True while the loop runs; what it says of the runner is another matter. */
const isLooking = ({ snapshot, now }: Exposed): boolean => {
  const { lookedAtMs } = snapshot();
  return lookedAtMs !== undefined && now() - lookedAtMs < STALE_SECONDS * 1000;
};

export const createExposition = (exposed: Exposed): http.Server =>
  createServer({
    '/metrics': () => ({ status: 200, text: renderMetrics(exposed), type: METRICS_TYPE }),
    '/healthz': () => ({
      status: isLooking(exposed) ? 200 : 503,
      text: formatHealth(healthOf(exposed.snapshot().state)),
    }),
  });
