/** Stacks under the real engine, for one suite: closes every engine at its end, and keeps their output. */
import { realEngine, type Reach } from '../../lab/pulumi/engines.ts';
import type { RealEngine } from '../../lab/pulumi/real-engine.ts';
import { startStacks, type Stacks, type StacksOptions } from '../support/stacks.ts';
import { Secrets } from './secrets.ts';

export interface Underlay {
  /** One engine per stack, in the order of their start. */
  readonly engines: readonly RealEngine[];
  readonly secrets: Secrets;
  readonly engineFor: (reach: Reach) => Promise<RealEngine>;
  /** Starts both stacks, each under its own engine. */
  readonly start: (options?: StacksOptions) => Promise<Stacks>;
}

/** Call it inside a `describe`. */
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
