import assert from 'node:assert/strict';
import { rotationCases, TOKENS } from '../support/rotation-cases.ts';
import { shipped } from '../support/stacks.ts';
import { underRealEngine } from './underlay.ts';

const URN = 'urn:pulumi:cluster-a::gitlab-runner-hadr::hadr:index:';
const FLEET_TOKEN = `${URN}Tokens$gitlab:index/groupAccessToken:GroupAccessToken::tokens-fleet`;
const RECORD = `${URN}RunnerGroup$gitlab:index/userRunner:UserRunner::runners-record`;

describe('the rotation of tokens, under the real engine', function () {
  this.timeout(120_000);
  const { engines, secrets, start } = underRealEngine();

  rotationCases(start, (stacks) => {
    afterEach(() => secrets.learn(stacks()));

    it('previews a rotation as a replacement, and renews a token on demand in the same order', async () => {
      const stack = await engines[0]!.stack(await stacks().a.config({ tokens: { lifetimeDays: 200 } }), shipped);
      const { changeSummary } = await stack.preview(engines[0]!.output());
      // In a preview the engine regards everything that depends on them as changed: names of Secrets, and so pods.
      const { replace, create, delete: removed } = changeSummary;
      assert.deepEqual({ replace, create, removed }, { replace: 3, create: undefined, removed: undefined });
      const calls: string[] = [];
      const stop = stacks().gitlab.model.onEvent((event) => {
        if (event.kind === 'request' && event.method !== 'GET') calls.push(event.method);
      });
      const current = await engines[0]!.stack(await stacks().a.config({ tokens: TOKENS }), shipped);
      const { summary } = await current.up({ ...engines[0]!.output(), replace: [FLEET_TOKEN] });
      stop();
      assert.deepEqual(summary.resourceChanges, { replace: 1, update: 1, same: 33 });
      assert.deepEqual(calls, ['POST', 'DELETE']);
    });

    it('replaces a runner record on demand, the new one first', async () => {
      const { a, gitlab } = stacks();
      const old = a.record();
      assert.ok(old);
      const calls: string[] = [];
      const stop = gitlab.model.onEvent((event) => {
        if (event.kind === 'request' && event.method !== 'GET') calls.push(`${event.method} ${event.path}`);
      });
      const stack = await engines[0]!.stack(await a.config({ tokens: TOKENS }), shipped);
      const { summary } = await stack.up({ ...engines[0]!.output(), replace: [RECORD] });
      stop();
      // The record changes config.toml and the sidecars' config, so the Deployment is rolled out.
      assert.deepEqual(summary.resourceChanges, { replace: 3, update: 1, same: 31 });
      assert.deepEqual(calls, ['POST /user/runners', `DELETE /runners/${old.id}`]);
      assert.notEqual(a.record()?.token, old.token);
    });

    it('shows the wait, and no secret', async () => {
      assert.match(secrets.text, /waiting 1 s until every pod has them, then the old tokens are revoked/);
      await secrets.assertHidden(engines, 9, ['hadr-cluster-a-fleet', 'ciphertext']);
    });
  });
});
