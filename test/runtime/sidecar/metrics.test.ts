import assert from 'node:assert/strict';
import * as http from 'node:http';
import { atBirth, type EvidenceState } from '../../../runtime/core/evidence/evidence.ts';
import { listen } from '../../../runtime/adapters/metrics/serve.ts';
import { createMetricsServer, renderMetrics, type Exposed } from '../../../runtime/sidecar/metrics.ts';
import type { Snapshot } from '../../../runtime/sidecar/loop.ts';
import { onLoopback } from '../../../lab/loopback.ts';

const online: EvidenceState = {
  ...atBirth(),
  verdict: { evidence: 'online', cause: 'poll', reason: 'GitLab answered its poll 2 s ago' },
  ready: true,
};
const snapshot = (state: EvidenceState, checkedAtMs: number | undefined): Snapshot => ({
  state,
  checkedAtMs,
  counts: {
    checks: 9,
    runnerReads: { sample: 8, closed: 1, timeout: 0, unknown: 0 },
    gitlabReads: { found: 2, absent: 0, unknown: 1 },
    verdictChanges: 3,
    healthWriteFailures: 0,
  },
});
const exposed = (current: Snapshot, now = 5000): Exposed => ({
  info: { cluster: 'a', record: 7, systemId: 'r_0123456789ab' },
  snapshot: () => current,
  now: () => now,
  wall: () => 1_700_000_005_000,
});

describe('the sidecar’s metrics', () => {
  it('have conventional names and types, in the text format', () => {
    const text = renderMetrics(exposed(snapshot(online, 3000)));
    const lines = text.trimEnd().split('\n');
    for (const line of [
      'hadr_sidecar_info{cluster="a",record="7",system_id="r_0123456789ab"} 1',
      'hadr_sidecar_evidence{verdict="online"} 1',
      'hadr_sidecar_evidence{verdict="offline"} 0',
      'hadr_sidecar_evidence{verdict="unknown"} 0',
      'hadr_sidecar_ready 1',
      'hadr_sidecar_live 1',
      'hadr_sidecar_last_check_timestamp_seconds 1700000003',
      'hadr_sidecar_checks_total 9',
      'hadr_sidecar_runner_reads_total{result="closed"} 1',
      'hadr_sidecar_gitlab_reads_total{result="unknown"} 1',
      'hadr_sidecar_verdict_changes_total 3',
    ])
      assert.ok(lines.includes(line), line);
    const names = new Set(lines.filter((line) => !line.startsWith('#')).map((line) => line.split(/[{ ]/)[0] ?? ''));
    for (const name of names) {
      const type = lines.find((line) => line.startsWith(`# TYPE ${name} `))?.split(' ')[3];
      assert.equal(type, name.endsWith('_total') ? 'counter' : 'gauge', name);
    }
    assert.ok(text.endsWith('\n'));
  });

  it('have no time of a check before the first check', () => {
    assert.doesNotMatch(renderMetrics(exposed(snapshot(atBirth(), undefined))), /last_check/);
  });

  it('are served on every address of the pod, because Prometheus scrapes from outside', async () => {
    const asked: unknown[][] = [];
    class Asked extends http.Server {
      override listen(...args: unknown[]): this {
        asked.push(args.filter((arg) => typeof arg !== 'function'));
        return super.listen(0, '127.0.0.1', () => {
          for (const arg of args) if (typeof arg === 'function') Reflect.apply(arg, this, []);
        });
      }
    }
    const server = new Asked();
    await listen(server, 9253);
    server.close();
    assert.deepEqual(asked, [[9253]]);
  });

  describe('over HTTP', () => {
    let server: http.Server | undefined;
    afterEach(() => server?.close());
    const get = async (from: Exposed, path: string, method = 'GET') => {
      server = createMetricsServer(from);
      const port = await onLoopback(server);
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
      const text = await response.text();
      server.close();
      return { status: response.status, type: response.headers.get('content-type'), text };
    };

    it('answer /metrics with the content type that Prometheus expects', async () => {
      const { status, type, text } = await get(exposed(snapshot(online, 3000)), '/metrics');
      assert.equal(status, 200);
      assert.match(type ?? '', /^text\/plain; version=0\.0\.4/);
      assert.match(text, /hadr_sidecar_ready 1/);
    });

    it('answer /healthz with the sidecar’s own health: 503 before the first check and after the loop has stopped', async () => {
      const good = await get(exposed(snapshot(online, 3000)), '/healthz');
      assert.equal(good.status, 200);
      assert.match(good.text, /^ready=yes\nlive=yes\nevidence=online\nreason=GitLab answered/);
      assert.equal((await get(exposed(snapshot(online, undefined)), '/healthz')).status, 503);
      assert.equal((await get(exposed(snapshot(online, 3000), 63_001), '/healthz')).status, 503);
    });

    it('answer 404 for other paths and 405 for other methods', async () => {
      assert.equal((await get(exposed(snapshot(online, 3000)), '/')).status, 404);
      assert.equal((await get(exposed(snapshot(online, 3000)), '/metrics', 'POST')).status, 405);
    });
  });
});
