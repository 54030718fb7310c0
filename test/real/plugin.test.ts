/**
 * Both stacks as their users apply them: Pulumi's CLI and Kubernetes' own plugin for it on real control planes, whose nodes are
 * the lab's. What the plugin waits for, replaces, and finds changed is what a user will see.
 */
import assert from 'node:assert/strict';
import { namesOf } from '../../infra/names.ts';
import { program } from '../../infra/program.ts';
import { realCluster } from '../../lab/demo/clusters.ts';
import { startFleet, type Fleet } from '../../lab/demo/fleet.ts';
import { mayClaim } from '../../lab/demo/context.ts';
import { KubernetesApi } from '../../lab/kubernetes/access.ts';
import type { RealEngine } from '../../lab/pulumi/real-engine.ts';
import { until } from '../lab/until.ts';
import { NOTHING } from '../support/destroy-cases.ts';
import { A, B, MAIN_TAG, NAMESPACE } from '../support/stacks.ts';
import { deploymentOf, laidOver, namesIn } from './applied.ts';
import { underRealEngine } from './underlay.ts';
import { LAB_TIMING } from '../../lab/demo/times.ts';
import { closedAfter } from '../support/closed-after.ts';

const FLEET_TOKEN = `urn:pulumi:${A}::gitlab-runner-hadr::hadr:index:Tokens$gitlab:index/groupAccessToken:GroupAccessToken::tokens-fleet`;
/** The time limit for work of the cluster: the machine may be busy. */
const SOON_MS = 40_000;
/** The lab's kubelet updates its volumes every 5 s. */
const SECRET_SYNC_SECONDS = 8;

describe('both stacks, applied by the real plugin on real control planes', function () {
  this.timeout(180_000);
  const opened = closedAfter();
  const { engines, secrets, engineFor } = underRealEngine();
  let fleet: Fleet;
  let api: KubernetesApi;

  const engineOf = (name: string): RealEngine => engines[name === A ? 0 : 1]!;
  const configOf = (name: string, over: Readonly<Record<string, unknown>> = {}) =>
    laidOver(fleet.member(name).config, { kubernetes: { secretSyncSeconds: SECRET_SYNC_SECONDS }, ...over });
  const up = async (name: string, over?: Readonly<Record<string, unknown>>) =>
    (await engineOf(name).up(configOf(name, over), program)).changes;
  const records = () => [...fleet.gitlab.model.runners.all.values()];
  /** By name, because a stack that is created again has another record. */
  const holders = (): string[] =>
    records()
      .filter(({ tags }) => tags.includes(MAIN_TAG))
      .map(({ description }) => description);
  const inA = (path: string) => namesIn(api, path);

  before(async () => {
    fleet = opened.add(
      await startFleet([A, B], { engineFor, clusterFor: realCluster, timing: LAB_TIMING }, () => undefined),
    );
    api = opened.add(new KubernetesApi(fleet.member(A).cluster.access));
  });

  afterEach(() => {
    const [a, b] = [A, B].map((name) => ({ name, token: fleet.member(name).cluster.access.token }));
    if (a && b) secrets.learn({ gitlab: fleet.gitlab, a, b });
  });

  it('completes pulumi up when its runners are ready', async () => {
    assert.match(secrets.text, /using pulumi-resource-kubernetes from \$PATH/);
    const { deployment } = await (await engineOf(A).stack(fleet.member(A).config, program)).exportStack();
    assert.match(JSON.stringify(deployment), /"readyReplicas":2/);
    // Ten minutes, and one for each pod of a rollout.
    assert.match(JSON.stringify(deployment), /"customTimeouts":\{"update":720\}/);
  });

  it('changes nothing when it is run again', async () => {
    for (const name of [A, B]) assert.deepEqual(await up(name), NOTHING);
  });

  it('shows no difference and moves nothing after changes by controllers, kubelet and checkers', async () => {
    await until('A holds the main tag', () => holders().join() === namesOf(A).record, SOON_MS);
    await until('B has reported', () => fleet.report(B)?.online === 2, SOON_MS);
    const term = fleet.newestTerm();
    for (const name of [A, B]) {
      const stack = await engineOf(name).stack(configOf(name), program);
      const { summary } = await stack.refresh(engineOf(name).output());
      assert.deepEqual(Object.keys(summary.resourceChanges ?? {}), ['same']);
      await stack.preview({ ...engineOf(name).output(), expectNoChanges: true });
    }
    assert.deepEqual([holders(), fleet.newestTerm()], [[namesOf(A).record], term]);
  });

  it('rolls out a changed image, and ends when the new runner pods are ready', async () => {
    const image = 'docker.io/gitlab/gitlab-runner:alpine-v18.5.0';
    assert.deepEqual(await up(A, { runner: { image } }), { ...NOTHING, updated: ['runners-deployment'] });
    const { spec, status } = await deploymentOf(api, NAMESPACE, namesOf(A).runner);
    assert.equal(spec.template.spec.containers.find(({ name }) => name === 'runner')?.image, image);
    assert.deepEqual([status.updatedReplicas, status.readyReplicas], [2, 2]);
    assert.deepEqual(await up(A), { ...NOTHING, updated: ['runners-deployment'] });
  });

  it('replaces an immutable ConfigMap by one with another name', async () => {
    const maps = () => inA(`/api/v1/namespaces/${NAMESPACE}/configmaps`);
    const before = await maps();
    const changes = await up(A, { ownTags: ['runner-a', 'arm64'] });
    assert.deepEqual(changes, { ...NOTHING, replaced: ['checker-config'], updated: ['checker-cronjob'] });
    const [gone, made] = [before, await maps()].map((names, index, both) =>
      names.filter((name) => !both[1 - index]?.includes(name)),
    );
    assert.deepEqual([gone?.length, made?.length], [1, 1]);
    for (const name of [...(gone ?? []), ...(made ?? [])]) assert.match(name, /^checker-config-[0-9a-f]+$/);
    await up(A);
  });

  it('updates a renewed token in its Secret without a rollout', async () => {
    const path = `/api/v1/namespaces/${NAMESPACE}/secrets`;
    const before = await inA(path);
    const { metadata } = await deploymentOf(api, NAMESPACE, namesOf(A).runner);
    const stack = await engineOf(A).stack(configOf(A), program);
    const { summary } = await stack.up({ ...engineOf(A).output(), replace: [FLEET_TOKEN] });
    const { same: _same, ...changed } = summary.resourceChanges ?? {};
    assert.deepEqual(changed, { replace: 1, update: 1 });
    assert.deepEqual(await inA(path), before);
    const after = await deploymentOf(api, NAMESPACE, namesOf(A).runner);
    assert.equal(after.metadata.generation, metadata.generation);
  });

  it('removes the holder’s objects after the other cluster has the tag', async () => {
    await until('B may claim', () => mayClaim(fleet.member(B).record, B, LAB_TIMING), SOON_MS);
    await engineOf(A).destroy(configOf(A), program, { excludeProtected: true });
    assert.deepEqual(holders(), [namesOf(B).record]);
    const left = await inA('/api/v1/namespaces');
    assert.deepEqual(
      left.filter((name) => name.startsWith(NAMESPACE)),
      [],
    );
    assert.equal((await inA('/apis/scheduling.k8s.io/v1/priorityclasses')).includes(namesOf(A).priorityClass), false);
  });

  it('creates the stack again', async () => {
    const { created, ...others } = await up(A);
    assert.ok(created.includes('runners-deployment') && created.includes('hand-over'));
    assert.deepEqual({ created: [], ...others }, NOTHING);
  });

  it('reports a dead cluster as unreachable, and changes nothing', async () => {
    fleet.member(B).cluster.crash();
    await until('A has taken the tag', () => holders().join() === namesOf(A).record, SOON_MS);
    for (const act of [() => up(B), () => engineOf(B).destroy(configOf(B), program)])
      await assert.rejects(act(), /failed to read resource state due to unreachable cluster/);
    assert.ok(records().some(({ description }) => description === namesOf(B).record));
  });

  it('removes the stack of a dead cluster with PULUMI_K8S_DELETE_UNREACHABLE', async () => {
    const stack = await engineOf(B).stack(configOf(B), program);
    stack.workspace.envVars['PULUMI_K8S_DELETE_UNREACHABLE'] = 'true';
    await engineOf(B).destroy(configOf(B), program);
    const { deployment } = await stack.exportStack();
    assert.doesNotMatch(JSON.stringify(deployment), /"urn":"urn:pulumi:cluster-b::[^"]+::(runners|checker)-/);
    assert.equal(
      records().some(({ description }) => description === namesOf(B).record),
      false,
    );
  });

  it('showed no secret in state, history, files or output', () =>
    secrets.assertHidden(engines, 12, ['runner-cluster-a', 'hadr-cluster-a-fleet', 'ciphertext']));
});
