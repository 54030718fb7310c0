/**
 * A stack whose runners do not get ready, by the real plugin on a real control plane: what `pulumi up` says of it, how long it
 * takes, and what it leaves behind. The time that the plugin waits is shortened here; all else is as shipped.
 */
import assert from 'node:assert/strict';
import * as pulumi from '@pulumi/pulumi';
import { namesOf } from '../../infra/names.ts';
import { program } from '../../infra/program.ts';
import { stackConfig, type StackConfig } from '../../infra/render/stack-config.ts';
import { LAB_POLICY, LAB_TIMING } from '../../lab/demo/times.ts';
import { startGitLab, type GitLabServer } from '../../lab/gitlab/server.ts';
import { parseLogLine } from '../../lab/log-line.ts';
import { startRealCluster, type RealCluster } from '../../lab/kubernetes/real/cluster.ts';
import { realEngine } from '../../lab/pulumi/engines.ts';
import type { RealEngine } from '../../lab/pulumi/real-engine.ts';
import { bundleRunner } from '../../lab/runner/bundle.ts';
import { until } from '../lab/until.ts';
import { NOTHING } from '../support/destroy-cases.ts';
import { A, MAIN_TAG, NAMESPACE, ROOT } from '../support/stacks.ts';
import { laidOver, namesIn } from './applied.ts';
import { closedAfter, temporaryFolder } from '../support/closed-after.ts';

/** Instead of the minutes that the program waits for the runners. */
const PATIENCE = '15s';
const SOON_MS = 40_000;
const RUNNERS = 'app.kubernetes.io/component=runner';

const impatient = (): ReturnType<typeof program> => {
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) =>
    type === 'kubernetes:apps/v1:Deployment'
      ? { props, opts: { ...opts, customTimeouts: { create: PATIENCE, update: PATIENCE } } }
      : undefined,
  );
  return program();
};

describe('a stack with unready runners, applied by the real plugin', function () {
  this.timeout(180_000);
  const opened = closedAfter();
  let gitlab: GitLabServer;
  let cluster: RealCluster;
  let engine: RealEngine;
  let config: StackConfig;
  const events: (string | undefined)[] = [];

  const up = async (over: Readonly<Record<string, unknown>> = {}) =>
    (await engine.up(laidOver(config, over), impatient)).changes;
  const ready = async () => (await cluster.pods(RUNNERS)).filter((pod) => pod.ready).length;
  const tags = () => [...gitlab.model.runners.all.values()].flatMap((record) => record.tags);

  before(async () => {
    const folder = await temporaryFolder(opened, 'unready');
    gitlab = opened.add(await startGitLab({ longPollMs: LAB_TIMING.longPollSeconds * 1000 }));
    const runEveryMs = LAB_TIMING.periodSeconds * 1000;
    cluster = opened.add(await startRealCluster({ name: A, runner: await bundleRunner(folder), runEveryMs }));
    cluster.onLog(({ container, line }) => void (container === 'checker' && events.push(parseLogLine(line)?.event)));
    engine = opened.add(await realEngine({ gitlab, kubernetes: cluster.access, kubeconfig: cluster.kubeconfig }));
    const over = {
      gitlab: { url: gitlab.url, group: 'platform', allowHttp: true },
      statusProject: { path: 'platform/runner-status' },
      kubernetes: { server: cluster.access.url },
      timing: LAB_TIMING,
      policy: LAB_POLICY,
      lab: true,
    };
    config = await stackConfig(ROOT, A, over, { gitlabToken: gitlab.adminToken });
    // Runners cannot reach GitLab; Pulumi can.
    gitlab.model.faults.add({ kind: 'down', pathPrefix: '/jobs/request' });
  });

  it('fails, and names the pods that are not ready', async () => {
    await assert.rejects(up(), (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, new RegExp(`'${namesOf(A).runner}' timed out waiting to be Ready`));
      assert.match(error.message, /\[Pod gitlab-runner\/\S+\]: containers with unready status: \[runner\]/);
      return true;
    });
    assert.equal(await ready(), 0);
  });

  it('is not a member of the fleet yet, even if the runners get ready: its checker has no rights', async () => {
    gitlab.model.faults.clear();
    await until('both are ready', async () => (await ready()) === 2, SOON_MS);
    events.length = 0;
    await until('a round was not finished', () => events.includes('round-unfinished'), SOON_MS);
    assert.equal(tags().includes(MAIN_TAG), false);
  });

  it('is completed by the next pulumi up', async () => {
    assert.deepEqual(await up(), { ...NOTHING, created: ['checker-role', 'checker-binding', 'hand-over'] });
    await until('it holds the main tag', () => tags().includes(MAIN_TAG), SOON_MS);
  });

  it('waits for runners that became unready, but updates the checker anyway', async () => {
    for (const pod of await cluster.pods(RUNNERS)) cluster.killPod(pod.name, { container: 'runner', stayDown: true });
    await until('none is ready', async () => (await ready()) === 0, SOON_MS);
    const maps = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
    const before = await namesIn(cluster.api, maps);
    await assert.rejects(up({ ownTags: ['runner-a', 'arm64'] }), /timed out waiting to be Ready/);
    const made = (await namesIn(cluster.api, maps)).filter((name) => !before.includes(name));
    assert.equal(made.length, 1);
    const job = await cluster.api.call('GET', `/apis/batch/v1/namespaces/${NAMESPACE}/cronjobs/${namesOf(A).checker}`);
    assert.ok(JSON.stringify(job).includes(made[0] ?? '?'));
  });

  it('is complete when the runners are ready again', async () => {
    for (const pod of await cluster.pods(RUNNERS)) cluster.releasePod(pod.name);
    await until('both are ready', async () => (await ready()) === 2, SOON_MS);
    const { removed, ...others } = await up({ ownTags: ['runner-a', 'arm64'] });
    assert.deepEqual({ ...others, removed: [] }, NOTHING);
    assert.deepEqual(
      removed.filter((name) => name !== 'checker-config'),
      [],
    );
  });
});
