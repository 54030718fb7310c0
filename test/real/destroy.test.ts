import { destroyCases } from '../support/destroy-cases.ts';
import { startStacks } from '../support/stacks.ts';
import type { RealEngine } from '../../lab/pulumi/real-engine.ts';
import { realEngine } from './engine.ts';

describe('destroying a stack, under the real engine', function () {
  this.timeout(120_000);
  const engines: RealEngine[] = [];
  after(() => Promise.all(engines.map((engine) => engine.close())));

  destroyCases(() =>
    startStacks(async (reach) => {
      const engine = await realEngine(reach, (text) => process.env['SHOW'] && process.stdout.write(text));
      engines.push(engine);
      return engine;
    }),
  );
});
