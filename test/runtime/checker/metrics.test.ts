/** What a checker exposes to Prometheus of its newest round. */
import assert from 'node:assert/strict';
import { CHECKER_METRICS, createExposition, Monitor } from '../../../runtime/checker/metrics.ts';
import { run } from '../../../runtime/checker/run.ts';
import type { TokenExpiry } from '../../../runtime/expiries.ts';
import { LASTING } from '../../../simulation/world/expiries.ts';
import { onLoopback } from '../../../lab/loopback.ts';
import { A, B, MINUTE, settledFleet, SimulatedFleet } from '../../support/simulated-fleet.ts';

const ENDS: TokenExpiry = { expiresOn: '2026-03-01', madeBy: 'stack' };

/** The samples, by name and labels, of one run of a checker beside the CronJob's. */
async function samplesOf(fleet: SimulatedFleet, name = A): Promise<Map<string, number>> {
  const monitor = new Monitor({
    config: fleet.config(name),
    expiries: fleet.expiries.get(name) ?? LASTING,
    wall: () => fleet.ms,
  });
  fleet.stopChecker(name);
  await fleet.during(run(fleet.checker(name), (round, seconds) => monitor.add(round, seconds)));
  const lines = monitor
    .render()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line): [string, number] => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

describe('the metrics of a checker', () => {
  it('show the holder, the clusters that may claim, and the runners of each cluster', async () => {
    const fleet = await settledFleet();
    fleet.keepOnline(B, 1);
    await fleet.run(MINUTE);
    const samples = await samplesOf(fleet);
    const now = fleet.ms / 1000;
    for (const [name, value] of Object.entries({
      'hadr_checker_info{cluster="cluster-a"}': 1,
      'hadr_checker_rounds_total{result="finished"}': 4,
      'hadr_checker_rounds_total{result="unfinished"}': 0,
      hadr_term: 1,
      hadr_paused: 0,
      hadr_eligible_clusters: 2,
      'hadr_cluster_holder{cluster="cluster-a"}': 1,
      'hadr_cluster_holder{cluster="cluster-b"}': 0,
      'hadr_cluster_tagged{cluster="cluster-a"}': 1,
      'hadr_cluster_tagged{cluster="cluster-b"}': 0,
      'hadr_cluster_eligible{cluster="cluster-b"}': 1,
      'hadr_cluster_runners{cluster="cluster-b"}': 2,
      'hadr_cluster_online_runners{cluster="cluster-b"}': 1,
      'hadr_cluster_pinned{cluster="cluster-a"}': 0,
      'hadr_cluster_retired{cluster="cluster-b"}': 0,
    }))
      assert.equal(samples.get(name), value, name);
    const lease = samples.get('hadr_cluster_lease_timestamp_seconds{cluster="cluster-a"}') ?? 0;
    // The clocks of the nodes of GitLab differ by up to a second.
    assert.ok(lease <= now + 1 && now - lease <= 20);
    assert.ok((samples.get('hadr_checker_last_finished_round_timestamp_seconds') ?? 0) <= now);
  });

  it('are complete when the checker could read everything', async () => {
    const fleet = await settledFleet();
    fleet.expiries.set(A, { kind: 'known', value: { version: 1, fleet: ENDS, sidecar: ENDS, status: ENDS } });
    const samples = await samplesOf(fleet);
    const names = new Set([...samples.keys()].map((key) => key.split('{')[0]));
    assert.deepEqual([...names].sort(), CHECKER_METRICS.map(({ name }) => name).sort());
  });

  it('show when a token expires, and omit a token that never expires', async () => {
    const fleet = await settledFleet();
    assert.ok(LASTING.kind === 'known');
    const never = { expiresOn: 'never', madeBy: 'people' } as const;
    fleet.expiries.set(A, {
      kind: 'known',
      value: { ...LASTING.value, fleet: never, status: ENDS },
    });
    const samples = await samplesOf(fleet);
    const name = (token: string): string => `hadr_token_expiry_timestamp_seconds{cluster="cluster-a",token="${token}"}`;
    assert.equal(samples.get(name('status')), Date.parse('2026-03-01') / 1000);
    assert.equal(samples.get(name('fleet')), undefined);
  });

  it('omit what is unknown, also the number of clusters that may claim', async () => {
    const fleet = await settledFleet();
    fleet.edit({ 'control.json': 'nonsense' });
    const blindToOrders = await samplesOf(fleet);
    for (const name of ['hadr_paused', 'hadr_eligible_clusters', 'hadr_cluster_eligible{cluster="cluster-a"}'])
      assert.equal(blindToOrders.get(name), undefined, name);
    assert.equal(blindToOrders.get('hadr_term'), 1);
    fleet.outage();
    const blind = await samplesOf(fleet);
    assert.deepEqual(
      [...blind.keys()].filter((key) => /^hadr_(term|cluster|paused|eligible)/.test(key)),
      [],
    );
    assert.equal(blind.get('hadr_checker_rounds_total{result="finished"}'), 0);
    assert.ok((blind.get('hadr_checker_rounds_total{result="unfinished"}') ?? 0) > 0);
    assert.equal(blind.get('hadr_checker_last_finished_round_timestamp_seconds'), undefined);
  });

  it('are served at /metrics in the format of Prometheus, and nothing else is served', async () => {
    const fleet = new SimulatedFleet();
    const monitor = new Monitor({ config: fleet.config(A), expiries: LASTING, wall: () => fleet.ms });
    const server = createExposition(monitor);
    const url = `http://127.0.0.1:${await onLoopback(server)}`;
    const response = await fetch(`${url}/metrics`);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(await response.text(), /^hadr_checker_rounds_total\{result="finished"\} 0$/m);
    assert.equal((await fetch(`${url}/`)).status, 404);
    assert.equal((await fetch(`${url}/metrics`, { method: 'POST' })).status, 405);
    server.close();
    server.closeAllConnections();
  });

  it('count no cluster that may claim when one is dead and the other unhealthy', async () => {
    const fleet = await settledFleet();
    fleet.kill(A);
    fleet.keepOnline(B, 0);
    await fleet.run(3 * MINUTE);
    const samples = await samplesOf(fleet, B);
    assert.equal(samples.get('hadr_eligible_clusters'), 0);
    assert.equal(samples.get('hadr_cluster_eligible{cluster="cluster-a"}'), 0);
  });

  it('show that two clusters have a main tag', async () => {
    const fleet = await settledFleet();
    fleet.stopChecker(A);
    fleet.record(B).tags.push('rnd-runner');
    fleet.control({ paused: true });
    const samples = await samplesOf(fleet, B);
    assert.equal(samples.get('hadr_cluster_tagged{cluster="cluster-a"}'), 1);
    assert.equal(samples.get('hadr_cluster_tagged{cluster="cluster-b"}'), 1);
    assert.equal(samples.get('hadr_paused'), 1);
  });
});
