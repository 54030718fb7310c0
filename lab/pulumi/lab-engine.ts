/**
 * Applies the real Pulumi program in process: what Pulumi's engine does for a stack, as far as a lab needs it. Before an apply
 * all is read anew (`refresh: always`); then every registered resource goes to a provider that creates or updates the real
 * thing, and what a program no longer declares is removed. The state lives in memory.
 */
import type { Changes, DestroyOptions, Engine, Program, StackConfig } from './engine.ts';
import type { LabProvider, Values } from './provider.ts';
import { StackRun, type Kept, type StackState } from './stack-run.ts';

export class LabEngine implements Engine {
  private readonly states = new Map<string, StackState>();
  private readonly providers: readonly LabProvider[];

  constructor(providers: readonly LabProvider[]) {
    this.providers = providers;
  }

  /** Throws the first error of a resource, after all others have settled. */
  async up(config: StackConfig, program: Program): Promise<{ outputs: Values; changes: Changes }> {
    const run = new StackRun('up', await this.refreshed(config.stack), this.providers);
    const outputs = await run.declare(config, program);
    const [error] = run.errors;
    if (error) {
      // What was made stays in the state, so that the next apply goes on from there.
      this.states.set(config.stack, new Map([...run.before, ...run.after]));
      throw error;
    }
    const changes = await run.finish();
    this.states.set(config.stack, run.after);
    return { outputs, changes };
  }

  /** The newest first. A hook that throws ends it; what is left stays in the state. */
  async destroy(
    config: StackConfig,
    program: Program,
    { excludeProtected = false }: DestroyOptions = {},
  ): Promise<void> {
    const run = new StackRun('destroy', await this.refreshed(config.stack), this.providers);
    const kept = [...run.before.values()].filter((state) => state.protect).map((state) => state.name);
    if (kept.length > 0 && !excludeProtected) throw new Error(`${kept.join(', ')} is protected; nothing was destroyed`);
    await run.declare(config, program);
    const [error] = run.errors;
    if (error) throw error;
    const left = new Map(run.before);
    for (const [key, state] of [...run.before].reverse()) {
      if (state.protect) continue;
      await run.remove(run.after.get(key) ?? state);
      left.delete(key);
      this.states.set(config.stack, new Map(left));
    }
  }

  async close(): Promise<void> {
    this.states.clear();
  }

  /** What was deleted behind the engine's back is in the state no more. */
  private async refreshed(stack: string): Promise<StackState> {
    const seen = new Map<string, Kept>();
    for (const [key, state] of this.states.get(stack) ?? []) {
      const provider = this.providers.find(({ prefix }) => state.type.startsWith(prefix));
      const now = provider ? await provider.read(state.type, state) : state;
      if (now) seen.set(key, { ...state, ...now });
    }
    return seen;
  }
}
