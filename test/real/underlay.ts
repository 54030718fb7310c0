/** Stacks under the real engine, for a suite of its own: every engine is closed at its end, and all that they print is kept. */
import { realEngine, type Reach } from '../../lab/pulumi/engines.ts';
import type { RealEngine } from '../../lab/pulumi/real-engine.ts';
import { startStacks, type Stacks, type StacksOptions } from '../support/stacks.ts';
import { Secrets } from './secrets.ts';

export interface Underlay {
  /** One for each stack, in the order in which they were started. */
  readonly engines: readonly RealEngine[];
  readonly secrets: Secrets;
  readonly engineFor: (reach: Reach) => Promise<RealEngine>;
  /** Both stacks, each under an engine of its own. */
  readonly start: (options?: StacksOptions) => Promise<Stacks>;
}

/** To be called inside a `describe`. */
export function underRealEngine(): Underlay {
  const engines: RealEngine[] = [];
  const secrets = new Secrets();
  after(() => Promise.all(engines.map((engine) => engine.close())));
  const engineFor = async (reach: Reach): Promise<RealEngine> => {
    const engine = await realEngine(reach, (text) => (secrets.text += text));
    engines.push(engine);
    return engine;
  };
  return { engines, secrets, engineFor, start: (options) => startStacks(engineFor, options) };
}
