import assert from 'node:assert/strict';
import { realEngine } from '../../lab/pulumi/engines.ts';
import type { RealEngine } from '../../lab/pulumi/real-engine.ts';
import { rotationCases } from '../support/rotation-cases.ts';
import { startStacks } from '../support/stacks.ts';
import { Secrets } from './secrets.ts';

describe('the rotation of tokens, under the real engine', function () {
  this.timeout(120_000);
  const engines: RealEngine[] = [];
  const secrets = new Secrets();
  after(() => Promise.all(engines.map((engine) => engine.close())));

  rotationCases(
    () =>
      startStacks(async (reach) => {
        const engine = await realEngine(reach, (text) => (secrets.text += text));
        engines.push(engine);
        return engine;
      }),
    (stacks) => {
      afterEach(() => secrets.learn(stacks()));

      it('told of the wait, and showed no secret all along', async () => {
        assert.match(secrets.text, /checker-tokens: written; waiting 1 s until every pod of cluster-a has it/);
        await secrets.assertHidden(engines, 9, ['hadr-cluster-a-fleet', 'ciphertext']);
      });
    },
  );
});
