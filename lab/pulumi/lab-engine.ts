/**
 * Applies the real Pulumi program in this process, like Pulumi's engine, as far as the lab needs it. An apply first reads all
 * resources again (`refresh: always`). A provider then creates or updates each registered resource, and resources that the
 * program no longer declares are removed. The state is in memory.
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

  /** Throws the first error of a resource, when all others are done. */
  async up(config: StackConfig, program: Program): Promise<{ outputs: Values; changes: Changes }> {
    const run = new StackRun('up', await this.refreshed(config.stack), this.providers);
    const outputs = await run.declare(config, program);
    const [error] = run.errors;
    if (error) {
      // Created resources stay in the state, so the next apply continues from there.
      this.states.set(config.stack, new Map([...run.before, ...run.after]));
      throw error;
    }
    const changes = await run.finish();
    this.states.set(config.stack, run.after);
    return { outputs, changes };
  }

  /** Removes the newest first. A hook that throws ends it; the rest stays in the state. */
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

  /** Removes from the state what was deleted outside of the engine. */
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
