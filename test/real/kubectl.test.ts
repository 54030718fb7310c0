/** The kubectl commands of the docs, run by the real kubectl on a real control plane. */
import assert from 'node:assert/strict';
import { namesOf } from '../../infra/names.ts';
import { startFleet } from '../../lab/demo/fleet.ts';
import { startRealCluster, type RealCluster } from '../../lab/kubernetes/real/cluster.ts';
import { labEngine } from '../../lab/pulumi/engines.ts';
import { until } from '../lab/until.ts';
import { kubectlFor, type Kubectl } from './kubectl.ts';
import { LAB_TIMING } from '../../lab/demo/times.ts';
import { closedAfter } from '../support/closed-after.ts';

const A = 'cluster-a';
const NAMES = namesOf(A);
const NAMESPACE = 'gitlab-runner';
const RUNNER = `deployment/${NAMES.runner}`;
const RUNNERS = 'app.kubernetes.io/component=runner';
const CHECKERS = `app.kubernetes.io/component=checker,app.kubernetes.io/instance=${A}`;
/** The time limit for work of the cluster: the machine may be busy. */
const SOON_MS = 40_000;

describe('kubectl on a real control plane', function () {
  this.timeout(120_000);
  const opened = closedAfter();
  let cluster: RealCluster;
  let kubectl: Kubectl;

  const ask = (...args: readonly string[]) => kubectl('--context', A, '--namespace', NAMESPACE, ...args);
  const refused = async (...args: readonly string[]): Promise<string> => {
    try {
      return assert.fail(`it was done: ${await ask(...args)}`);
    } catch (error) {
      if (error instanceof Error && 'stderr' in error) return String(error.stderr);
      throw error;
    }
  };
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

  before(async () => {
    const clusterFor = async ({ name, runner }: { readonly name: string; readonly runner: string }) =>
      (cluster = await startRealCluster({ name, runner }));
    opened.add(await startFleet([A], { engineFor: labEngine, clusterFor, timing: LAB_TIMING }, () => undefined));
    kubectl = opened.add(await kubectlFor([cluster]));
    // Only runs that the test starts.
    await ask('patch', 'cronjob', NAMES.checker, '--patch', '{"spec":{"suspend":true}}');
  });

  it('waits for the rollout, and shows the runners', async () => {
    assert.match(await ask('rollout', 'status', RUNNER), /successfully rolled out/);
    assert.equal(lines(await ask('get', 'pods', '--selector', RUNNERS, '--no-headers')).length, 2);
    assert.match(await ask('describe', 'pods', '--selector', RUNNERS), /Image: +docker\.io\/gitlab\/gitlab-runner/);
  });

  it('shows the newest lines of a running container with their times', async () => {
    const started = /^\S+ info sidecar-started /m;
    await until('a sidecar is started', async () => started.test(await ask('logs', RUNNER, '-c', 'sidecar')), SOON_MS);
    const [line = '', ...more] = lines(await ask('logs', '--tail=1', '--timestamps', RUNNER, '-c', 'sidecar'));
    assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z \d{4}-.* (info|warn) /);
    assert.deepEqual(more, []);
  });

  it('starts a run of the checker, and follows it to its end', async () => {
    await ask('create', 'job', `--from=cronjob/${NAMES.checker}`, 'by-hand');
    const running = async () =>
      (await cluster.pods('job-name=by-hand')).some(({ status }) => status.phase === 'Running');
    await until('its pod runs', running, SOON_MS);
    const followed = lines(await ask('logs', '--follow', 'job/by-hand'));
    // One line per round.
    assert.ok(followed.filter((line) => / info round-finished /.test(line)).length > 1, followed.join('\n'));
  });

  it('shows the logs of finished runs by a selector', async () => {
    const runs = async () => (await cluster.pods(CHECKERS)).map(({ status }) => status.phase);
    await until('one is finished, and none goes on', async () => (await runs()).join() === 'Succeeded', SOON_MS);
    assert.match(await ask('logs', '--tail=50', `--selector=${CHECKERS}`), / info round-finished /);
    assert.match(await ask('describe', 'pods', `--selector=${CHECKERS}`), /Reason: +Completed/);
  });

  it('shows the previous run of a container separately', async () => {
    const [pod] = await cluster.pods(RUNNERS);
    assert.ok(pod);
    const log = (...more: readonly string[]) => ask('logs', pod.name, '-c', 'sidecar', '--timestamps', ...more);
    assert.match(await refused('logs', pod.name, '-c', 'sidecar', '--previous'), /previous terminated .* not found/);
    const before = lines(await log())[0];
    cluster.killPod(pod.name, { container: 'sidecar' });
    const speaks = async () => {
      const said = lines(await log());
      return said.length > 0 && said[0] !== before ? said : undefined;
    };
    const after = await until('it speaks again', speaks, SOON_MS);
    assert.ok(!after.includes(before ?? ''), after.join('\n'));
    assert.equal(lines(await log('--previous'))[0], before);
  });

  it('scales runners down and up', async () => {
    await ask('scale', RUNNER, '--replicas=1');
    await until('one is left', async () => (await cluster.pods(RUNNERS)).length === 1, SOON_MS);
    await ask('scale', RUNNER, '--replicas=2');
    assert.match(await ask('rollout', 'status', RUNNER), /successfully rolled out/);
  });

  it('gets an error for exec, which the lab’s node does not support', async () => {
    assert.match(
      await refused('exec', RUNNER, '-c', 'runner', '--', 'true'),
      /the lab’s kubelet only serves logs of containers/,
    );
  });

  it('shows the logs again after the cluster has recovered', async () => {
    cluster.crash();
    await assert.rejects(ask('logs', RUNNER, '-c', 'sidecar'));
    await cluster.recover();
    const said = () => ask('logs', RUNNER, '-c', 'sidecar').catch(() => '');
    // It depends on the state of the previous run.
    await until('a sidecar speaks', async () => / info sidecar-(re)?started /.test(await said()), SOON_MS);
  });
});
