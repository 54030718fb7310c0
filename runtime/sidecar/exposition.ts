/** /metrics for Prometheus and /healthz for people: what the sidecar last concluded, and that it still looks. */
import * as http from 'node:http';
import type { Evidence } from '../core/evidence.ts';
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

const escaped = (value: string): string => value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');

type Labels = Readonly<Record<string, string | number>>;

function metric(type: 'gauge' | 'counter', name: string, help: string, values: readonly (readonly [Labels, number])[]) {
  const lines = values.map(([labels, value]) => {
    const text = Object.entries(labels).map(([key, label]) => `${key}="${escaped(String(label))}"`);
    return `${name}${text.length > 0 ? `{${text.join(',')}}` : ''} ${value}`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`;
}

const perKey = (label: string, counts: Readonly<Record<string, number>>): (readonly [Labels, number])[] =>
  Object.entries(counts).map(([key, count]) => [{ [label]: key }, count]);

/** Prometheus' text format. A timestamp that is not known yet is left out, as the format's conventions ask. */
export function renderMetrics({ facts, snapshot, now, wall }: Exposed): string {
  const { state, counts, lookedAtMs } = snapshot();
  const { cluster, record, systemId } = facts;
  const bit = (value: boolean) => (value ? 1 : 0);
  const looked: (readonly [Labels, number])[] =
    lookedAtMs === undefined ? [] : [[{}, Math.round(wall() - (now() - lookedAtMs)) / 1000]];
  return [
    metric('gauge', 'hadr_sidecar_info', 'Which runner this sidecar watches.', [
      [{ cluster, record, system_id: systemId }, 1],
    ]),
    metric(
      'gauge',
      'hadr_sidecar_evidence',
      'The present verdict on the runner: 1 for the one that holds.',
      VERDICTS.map((verdict) => [{ verdict }, bit(verdict === state.verdict.evidence)]),
    ),
    metric('gauge', 'hadr_sidecar_ready', 'The last definite verdict was online.', [[{}, bit(state.ready)]]),
    metric('gauge', 'hadr_sidecar_live', '0 only while the runner is stuck and GitLab reachable.', [
      [{}, bit(state.live)],
    ]),
    ...(looked.length > 0
      ? [metric('gauge', 'hadr_sidecar_last_look_timestamp_seconds', 'When the sidecar last looked.', looked)]
      : []),
    metric('counter', 'hadr_sidecar_looks_total', 'Looks at the runner.', [[{}, counts.looks]]),
    metric(
      'counter',
      'hadr_sidecar_runner_reads_total',
      "Reads of the runner's metrics by what came of them.",
      perKey('result', counts.runnerReads),
    ),
    metric(
      'counter',
      'hadr_sidecar_gitlab_looks_total',
      'Looks at the runner record in GitLab by what came of them.',
      perKey('result', counts.gitlabLooks),
    ),
    metric('counter', 'hadr_sidecar_verdict_changes_total', 'Changes of the verdict or its cause.', [
      [{}, counts.verdictChanges],
    ]),
    metric('counter', 'hadr_sidecar_health_write_failures_total', 'Failed writes of the health file.', [
      [{}, counts.healthWriteFailures],
    ]),
  ].join('');
}

/** True while the loop runs; what it says of the runner is another matter. */
const isLooking = ({ snapshot, now }: Exposed): boolean => {
  const { lookedAtMs } = snapshot();
  return lookedAtMs !== undefined && now() - lookedAtMs < STALE_SECONDS * 1000;
};

export function createExposition(exposed: Exposed): http.Server {
  return http.createServer((request, response) => {
    const send = (status: number, text: string, type = 'text/plain; charset=utf-8') => {
      response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
      response.end(request.method === 'HEAD' ? undefined : text);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, 'only GET\n');
    const path = request.url?.split('?')[0];
    if (path === '/metrics') return send(200, renderMetrics(exposed), 'text/plain; version=0.0.4; charset=utf-8');
    if (path === '/healthz')
      return send(isLooking(exposed) ? 200 : 503, formatHealth(healthOf(exposed.snapshot().state)));
    return send(404, 'here are /metrics and /healthz\n');
  });
}

/**
 * On every address of the pod, of whichever IP family it has: Prometheus comes from outside, `kubectl port-forward` to the
 * loopback. What is served says nothing that is secret.
 */
export const listen = (server: http.Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, () => {
      server.off('error', reject);
      resolve();
    });
  });
