/** What a checker tells Prometheus of its newest round. */
import assert from 'node:assert/strict';
import { CHECKER_METRICS, createExposition, Monitor } from '../../../runtime/checker/metrics.ts';
import { run } from '../../../runtime/checker/run.ts';
import type { TokenExpiry } from '../../../runtime/expiries.ts';
import { LASTING } from '../../../simulation/world/expiries.ts';
import { onLoopback } from '../../../lab/loopback.ts';
import { World } from '../../support/world.ts';

const A = 'cluster-a';
const B = 'cluster-b';
const ENDS: TokenExpiry = { expiresOn: '2026-03-01', madeBy: 'stack' };

async function settled(): Promise<World> {
  const world = new World([A, B], { preferred: A });
  assert.ok(await world.run(300, () => world.newestTerm === 1));
  await world.run(60);
  return world;
}

/** One run of a checker, and its samples by name and labels. */
async function told(world: World, name = A): Promise<Map<string, number>> {
  const monitor = new Monitor({
    config: world.cluster(name).config,
    expiries: world.cluster(name).expiries,
    wall: () => world.ms,
  });
  await run(world.checker(name), (round, seconds) => monitor.add(round, seconds));
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
  it('tell who holds, who could, and how everybody is', async () => {
    const world = await settled();
    world.cluster(B).ready = 1;
    await world.run(30);
    const samples = await told(world);
    const now = world.ms / 1000;
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
    assert.ok(lease <= now && now - lease <= 15);
    assert.ok((samples.get('hadr_checker_last_finished_round_timestamp_seconds') ?? 0) <= now);
  });

  it('are each told by a checker to which nothing is unknown', async () => {
    const world = await settled();
    world.cluster(A).expiries = { kind: 'known', value: { version: 1, fleet: ENDS, sidecar: ENDS, status: ENDS } };
    const samples = await told(world);
    const names = new Set([...samples.keys()].map((key) => key.split('{')[0]));
    assert.deepEqual([...names].sort(), CHECKER_METRICS.map(({ name }) => name).sort());
  });

  it('say when a token expires, and nothing of one that never does', async () => {
    const world = await settled();
    assert.ok(LASTING.kind === 'known');
    const never = { expiresOn: 'never', madeBy: 'people' } as const;
    world.cluster(A).expiries = {
      kind: 'known',
      value: { ...LASTING.value, fleet: never, status: ENDS },
    };
    const samples = await told(world);
    const name = (token: string): string => `hadr_token_expiry_timestamp_seconds{cluster="cluster-a",token="${token}"}`;
    assert.equal(samples.get(name('status')), Date.parse('2026-03-01') / 1000);
    assert.equal(samples.get(name('fleet')), undefined);
  });

  it('leave out what is unknown, also how many are eligible', async () => {
    const world = await settled();
    world.files.set('control.json', 'nonsense');
    const blindToOrders = await told(world);
    for (const name of ['hadr_paused', 'hadr_eligible_clusters', 'hadr_cluster_eligible{cluster="cluster-a"}'])
      assert.equal(blindToOrders.get(name), undefined, name);
    assert.equal(blindToOrders.get('hadr_term'), 1);
    world.down = true;
    const blind = await told(world);
    assert.deepEqual(
      [...blind.keys()].filter((key) => /^hadr_(term|cluster|paused|eligible)/.test(key)),
      [],
    );
    assert.equal(blind.get('hadr_checker_rounds_total{result="finished"}'), 0);
    assert.ok((blind.get('hadr_checker_rounds_total{result="unfinished"}') ?? 0) > 0);
    assert.equal(blind.get('hadr_checker_last_finished_round_timestamp_seconds'), undefined);
  });

  it('are served as Prometheus asks, and nothing else is', async () => {
    const world = new World([A, B]);
    const monitor = new Monitor({ config: world.cluster(A).config, expiries: LASTING, wall: () => world.ms });
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

  it('count no eligible cluster where each is known to be faint or silent', async () => {
    const world = await settled();
    world.kill(A);
    world.cluster(B).ready = 0;
    await world.run(180);
    const samples = await told(world, B);
    assert.equal(samples.get('hadr_eligible_clusters'), 0);
    assert.equal(samples.get('hadr_cluster_eligible{cluster="cluster-a"}'), 0);
  });

  it('show two clusters with a main tag', async () => {
    const world = await settled();
    world.cluster(A).checkerAlive = false;
    world.record(B).tags.push('rnd-runner');
    world.files.set('control.json', JSON.stringify({ version: 1, paused: true }));
    const samples = await told(world, B);
    assert.equal(samples.get('hadr_cluster_tagged{cluster="cluster-a"}'), 1);
    assert.equal(samples.get('hadr_cluster_tagged{cluster="cluster-b"}'), 1);
    assert.equal(samples.get('hadr_paused'), 1);
  });
});
