import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KubernetesApi } from '../../../lab/kubernetes/access.ts';
import { startCluster, type LabCluster } from '../../../lab/kubernetes/cluster.ts';
import { isRecord } from '../../../lab/kubernetes/objects.ts';
import type { PodView } from '../../../lab/kubernetes/pods.ts';
import { isAlive, until } from '../until.ts';
import { deployment, linesOf, one, pod, sh } from './workloads.ts';

describe('lab cluster', () => {
  let cluster: LabCluster;
  beforeEach(async () => {
    cluster = await startCluster({ name: 'cluster', backoff: { firstMs: 100, maxMs: 200 } });
  });
  afterEach(() => cluster.close());

  const app = (replicas: number, version = '1') =>
    deployment('app', replicas, { containers: [{ name: 'c', ...sh('echo "pid $$"; exec sleep 600') }] }, version);
  const ready = (where: (pod: PodView) => boolean = () => true) =>
    cluster.pods('app=app').filter((each) => each.ready && !each.terminating && where(each));
  const pidOf = (name: string, run = -1): number => Number(linesOf(cluster, name).at(run)?.split(' ')[1]);
  const status = async (): Promise<Record<string, unknown>> => {
    const found = await cluster.client.get({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' });
    assert.ok(isRecord(found?.['status']));
    return found['status'];
  };

  it("runs a Deployment's pods, counts them, and scales", async () => {
    await cluster.client.apply(app(2));
    await until('two are ready', () => ready().length === 2);
    await until('the status says so', async () => (await status())['readyReplicas'] === 2);
    for (const each of ready()) assert.match(each.name, /^app-[a-z0-9]+-[a-z0-9]{5}$/);
    await cluster.client.apply(app(1));
    await until('one is left', () => cluster.pods('app=app').length === 1);
    assert.equal((await status())['replicas'], 1);
  });

  it('rolls out a changed template without fewer ready pods at any time', async () => {
    await cluster.client.apply(app(2));
    await until('two are ready', () => ready().length === 2);
    let fewest = 2;
    const stop = cluster.onChange(() => (fewest = Math.min(fewest, ready().length)));
    await cluster.client.apply(app(2, '2'));
    await until(
      'only new ones',
      () => cluster.pods('app=app').length === 2 && ready((each) => each.labels['version'] === '2').length === 2,
    );
    stop();
    assert.equal(fewest, 2);
  });

  it('replaces a deleted pod, and deletes the pods with their Deployment', async () => {
    await cluster.client.apply(app(1));
    const [first] = await until('it is ready', () => (ready().length === 1 ? ready() : undefined));
    assert.ok(first);
    await cluster.client.delete({ apiVersion: 'v1', kind: 'Pod', name: first.name });
    await until('another is ready', () => ready((each) => each.name !== first.name).length === 1);
    await cluster.client.delete({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' }, { waitMs: 5000 });
    assert.deepEqual(cluster.pods('app=app'), []);
  });

  it('crashes at once, answers no call, and recovers with restarted pods', async () => {
    await cluster.client.apply(app(2));
    await until('two are ready', () => ready().length === 2);
    const names = ready().map((each) => each.name);
    await until('both spoke', () => names.every((name) => linesOf(cluster, name).length > 0));
    const pids = names.map((name) => pidOf(name));
    cluster.crash();
    await until('the processes are gone', () => !pids.some(isAlive), 1000);
    const api = new KubernetesApi(cluster.access);
    await assert.rejects(api.send('GET', '/version'), /ECONNRESET|socket hang up/);
    await assert.rejects(cluster.client.list({ apiVersion: 'v1', kind: 'Pod' }), /it is down/);
    cluster.recover();
    await until(
      'the same pods with new processes',
      () =>
        ready((each) => names.includes(each.name) && each.status.containerStatuses[0]?.restartCount === 1).length === 2,
    );
    assert.equal((await api.send('GET', '/version')).status, 200);
    api.close();
    await until('both spoke again', () => names.every((name) => linesOf(cluster, name).length === 2));
    for (const [index, name] of names.entries()) {
      assert.notEqual(pidOf(name), pids[index]);
      assert.deepEqual(
        cluster.logs('default', name, 'c').map(({ run }) => run),
        [0, 1],
      );
    }
  });

  it('does not run a pod again that may only run once', async () => {
    await cluster.client.apply(pod('once', { containers: [{ name: 'c', ...sh('echo ran; exec sleep 600') }] }));
    await until('it runs', () => linesOf(cluster, 'once').length === 1);
    cluster.crash();
    cluster.recover();
    await until('it has failed', () => one(cluster, 'once', (each) => each.status.phase === 'Failed'));
    assert.deepEqual(linesOf(cluster, 'once'), ['ran']);
  });

  it('kills a pod, which restarts at once or stays down until it is released', async () => {
    await cluster.client.apply(app(1));
    const name = await until('it spoke', () =>
      ready()[0] && linesOf(cluster, ready()[0]?.name ?? '').length > 0 ? ready()[0]?.name : undefined,
    );
    cluster.killPod(name);
    await until('it was restarted', () => linesOf(cluster, name).length === 2 && ready().length === 1);
    cluster.killPod(name, { stayDown: true });
    await until(
      'it is down',
      () => one(cluster, name)?.status.containerStatuses[0]?.state.waiting?.reason === 'CrashLoopBackOff',
    );
    assert.equal(ready().length, 0);
    assert.equal((await status())['readyReplicas'], 0);
    cluster.releasePod(name);
    await until('it is back', () => ready().length === 1 && linesOf(cluster, name).length === 3);
  });

  it('freezes and unfreezes a process', async () => {
    await cluster.client.apply(
      pod('busy', { containers: [{ name: 'c', ...sh('while :; do echo tick; sleep 0.02; done') }] }),
    );
    const ticks = () => linesOf(cluster, 'busy').length;
    await until('it ticks', () => ticks() > 3);
    cluster.freezePod('busy');
    const pauses = async () => {
      const before = ticks();
      await new Promise((resolve) => setTimeout(resolve, 150));
      return ticks() === before;
    };
    await until('it stands still', pauses);
    const frozen = ticks();
    cluster.unfreezePod('busy');
    await until('it ticks again', () => ticks() > frozen + 3);
  });

  it('keeps new pods pending while it is full', async () => {
    cluster.unschedulable();
    await cluster.client.apply(app(1));
    const reason = await until(
      'it is refused a place',
      () => cluster.pods('app=app')[0]?.status.conditions.find((each) => each.type === 'PodScheduled')?.reason,
    );
    assert.equal(reason, 'Unschedulable');
    assert.equal(cluster.pods('app=app')[0]?.status.phase, 'Pending');
    cluster.unschedulable(false);
    await until('it runs', () => ready().length === 1);
  });

  it('leaves no process and no file when it is closed', async () => {
    await cluster.client.apply(
      deployment('app', 1, { containers: [{ name: 'c', ...sh('echo "pid $$"; echo "$HOME"; exec sleep 600') }] }),
    );
    const name = await until('it runs', () => ready()[0]?.name);
    await until('it spoke', () => linesOf(cluster, name).length === 2);
    const pid = Number(linesOf(cluster, name)[0]?.split(' ')[1]);
    const home = linesOf(cluster, name)[1] ?? '';
    assert.ok(isAlive(pid) && existsSync(home));
    await cluster.close();
    assert.equal(isAlive(pid), false);
    assert.equal(existsSync(home), false);
  });

  it('ends its containers when its own process is killed', async () => {
    const entry = join(dirname(fileURLToPath(import.meta.url)), 'parent.ts');
    const parent = spawn(process.execPath, ['--import=tsx', entry], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    parent.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    try {
      const found = () => [...output.matchAll(/pid (\d+)/g)].map((match) => Number(match[1]));
      await until('four processes run', () => found().length === 4 && output.split('dir ').length === 3);
      const folders = [...output.matchAll(/dir (\S+)/g)].map((match) => match[1] ?? '');
      assert.ok(found().every(isAlive) && folders.every(existsSync));
      parent.kill('SIGKILL');
      await until('all are gone', () => !found().some(isAlive) && !folders.some(existsSync), 2000);
    } finally {
      parent.kill('SIGKILL');
    }
  });
});
