/** Both stacks under the real engine: what it changes in GitLab and Kubernetes, and what it keeps. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import type { Program } from '../../lab/pulumi/engine.ts';
import type { RealEngine } from '../../lab/pulumi/real-engine.ts';
import { NOTHING } from '../support/destroy-cases.ts';
import { MAIN_TAG, shipped, type Stack, type Stacks } from '../support/stacks.ts';
import { underRealEngine } from './underlay.ts';
import { closedAfter } from '../support/closed-after.ts';

const RECORD = 'gitlab:index/userRunner:UserRunner';

/** A later release with another description of the record: the smallest change of a record. */
const reworded: Program = () => {
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) =>
    type === RECORD ? { props: { ...props, description: `${pulumi.getStack()}, in other words` }, opts } : undefined,
  );
  return shipped();
};

describe('the stacks under the real engine', function () {
  this.timeout(60_000);
  const opened = closedAfter();
  let stacks: Stacks;
  let a: Stack;
  const { engines, secrets, start } = underRealEngine();

  const engine = (): RealEngine => engines[0]!;
  const ofA = async (over?: Readonly<Record<string, unknown>>) => engine().stack(await a.config(over), shipped);
  const watch = { onEvent: (event: EngineEvent) => void (secrets.text += JSON.stringify(event)) };
  const record = () => {
    const found = [...stacks.gitlab.model.runners.all.values()].find(({ description }) => description.includes(a.name));
    assert.ok(found, 'no runner record of cluster-a');
    return found;
  };

  before(async () => {
    stacks = opened.add(await start());
    a = stacks.a;
  });

  afterEach(() => secrets.learn(stacks));

  it('previews without any change', async () => {
    const stack = await ofA();
    const { changeSummary } = await stack.preview({ ...engine().output(), ...watch });
    assert.deepEqual(changeSummary, { create: 35 });
    assert.equal(stacks.gitlab.model.runners.all.size, 0);
    assert.deepEqual(await a.api.list({ apiVersion: 'v1', kind: 'Secret' }), []);
  });

  it('creates both stacks, first the one that manages the status project', async () => {
    await a.up();
    await stacks.b.up();
    assert.deepEqual(stacks.a.record()?.tags, ['runner-a']);
    assert.deepEqual(stacks.b.record()?.tags, ['runner-b']);
    for (const { api } of [stacks.a, stacks.b])
      assert.equal(
        (await api.list({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'gitlab-runner' })).length,
        1,
      );
  });

  it('changes nothing when it is run again', async () => {
    assert.deepEqual((await a.up()).changes, NOTHING);
    const { changeSummary } = await (await ofA()).preview({ ...engine().output(), expectNoChanges: true });
    assert.deepEqual(Object.keys(changeSummary), ['same']);
  });

  it('shows no difference and moves nothing after the main tag was moved, a note written and the record paused', async () => {
    Object.assign(record(), { tags: [MAIN_TAG, 'runner-a'], note: 'HADR lease: …', paused: true });
    const { summary } = await (await ofA()).refresh({ ...engine().output(), ...watch });
    assert.deepEqual(Object.keys(summary.resourceChanges ?? {}), ['same']);
    assert.deepEqual((await a.up()).changes, NOTHING);
    const { tags, note, paused } = record();
    assert.deepEqual({ tags, note, paused }, { tags: [MAIN_TAG, 'runner-a'], note: 'HADR lease: …', paused: true });
  });

  it('keeps tags, note and pause as they are when something else of the record changes', async () => {
    const { changes } = await a.up({}, reworded);
    assert.deepEqual(changes, { ...NOTHING, updated: ['runners-record'] });
    const { tags, note, paused, description } = record();
    assert.equal(description, 'cluster-a, in other words');
    assert.deepEqual({ tags, note, paused }, { tags: [MAIN_TAG, 'runner-a'], note: 'HADR lease: …', paused: true });
    Object.assign(record(), { paused: false });
  });

  it('loses the main tag without `refresh: always`', async () => {
    Object.assign(record(), { tags: ['runner-a'] });
    await a.up({}, reworded);
    Object.assign(record(), { tags: [MAIN_TAG, 'runner-a'] });
    const file = join(engine().folder, 'project', 'Pulumi.yaml');
    const project = await readFile(file, 'utf8');
    await writeFile(file, project.replace('refresh: always', '{}'));
    await a.up().finally(() => writeFile(file, project));
    assert.deepEqual(record().tags, ['runner-a']);
    Object.assign(record(), { tags: [MAIN_TAG, 'runner-a'] });
  });

  it('gives a changed own tag to the checker’s config, not to the record', async () => {
    const { changes } = await a.up({ ownTags: ['runner-a', 'arm64'] });
    assert.deepEqual(changes, { ...NOTHING, replaced: ['checker-config'], updated: ['checker-cronjob'] });
    assert.deepEqual(record().tags, [MAIN_TAG, 'runner-a']);
    await a.up();
  });

  it('rolls out a changed image, and changes nothing in GitLab', async () => {
    const writes: string[] = [];
    const stop = stacks.gitlab.model.onEvent((event) => {
      if (event.kind === 'request' && event.method !== 'GET') writes.push(`${event.method} ${event.path}`);
    });
    const { changes } = await a.up({ runner: { image: 'docker.io/gitlab/gitlab-runner:alpine-v18.5.0' } });
    stop();
    assert.deepEqual(changes, { ...NOTHING, updated: ['runners-deployment'] });
    assert.deepEqual(writes, []);
    await a.up();
  });

  it('creates a record again that was deleted by hand, without the main tag', async () => {
    const { id, token } = record();
    stacks.gitlab.model.runners.remove(record());
    const { changes } = await a.up();
    assert.deepEqual(changes.created, ['runners-record']);
    assert.deepEqual(changes.replaced.toSorted(), ['runners-config-toml', 'runners-sidecar-config']);
    assert.deepEqual(changes.updated, ['runners-deployment']);
    assert.deepEqual(record().tags, ['runner-a']);
    assert.notEqual(record().id, id);
    assert.notEqual(record().token, token);
  });

  it('works with another gitlabToken if the program runs first', async () => {
    const { access } = stacks.gitlab.model;
    const old = [...access.tokens.values()].find(({ value }) => value === stacks.gitlab.adminToken);
    assert.ok(old);
    const fresh = access.addToken(old.owner, 'renewed', old.scopes, old.accessLevel, old.expiresAt, old.userId);
    old.revoked = true;
    const config = { ...(await a.config()), secrets: { 'gitlab-runner-hadr:gitlabToken': fresh.value } };
    const stack = await engine().stack(config, shipped);
    // A refresh uses the token of the state, which is invalid now.
    await assert.rejects(stack.up(engine().output()), /Token was revoked/);
    const { summary } = await stack.up({ ...engine().output(), runProgram: true });
    assert.deepEqual(summary.resourceChanges, { same: 34, update: 1 });
  });

  it('shows no secret in state, history, files, output or events', () =>
    secrets.assertHidden(engines, 12, ['runner-cluster-a', 'hadr-cluster-a-fleet', 'ciphertext']));
});
