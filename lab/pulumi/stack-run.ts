/** One run of a stack's program in Pulumi's runtime. Each resource that the program registers passes here. */
import { isDeepStrictEqual } from 'node:util';
import * as pulumi from '@pulumi/pulumi';
import { allowHooks } from '../../infra/render/mocked-hooks.ts';
import type { Changes, Program, StackConfig } from './engine.ts';
import { plainValues, type LabProvider, type State, type Values } from './provider.ts';

/** A resource in the state, with the options that are needed after the program's run. */
export interface Kept extends State {
  readonly type: string;
  readonly name: string;
  readonly protect: boolean;
  readonly hooks: pulumi.ResourceHookBinding;
}

export type StackState = ReadonlyMap<string, Kept>;

const keyOf = (type: string, name: string): string => `${type}::${name}`;
const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

export class StackRun implements pulumi.runtime.Mocks {
  readonly before: StackState;
  readonly after = new Map<string, Kept>();
  readonly errors: Error[] = [];
  private readonly mode: 'up' | 'destroy';
  private readonly providers: readonly LabProvider[];
  private readonly options = new Map<string, pulumi.ResourceOptions>();
  private readonly created: string[] = [];
  private readonly updated: string[] = [];
  private readonly replaced: Kept[] = [];

  /** `destroy` runs the program only for its hooks: its resources are not created. */
  constructor(mode: 'up' | 'destroy', before: StackState, providers: readonly LabProvider[]) {
    this.mode = mode;
    this.before = before;
    this.providers = providers;
  }

  /** Runs the program. Returns its outputs. */
  async declare(config: StackConfig, program: Program): Promise<Values> {
    allowHooks();
    await pulumi.runtime.setMocks(this, config.project, config.stack, false);
    const texts = Object.entries({ ...config.values, ...config.secrets }).map(([key, value]): [string, string] => [
      key,
      textOf(value),
    ]);
    pulumi.runtime.setAllConfig(Object.fromEntries(texts), Object.keys(config.secrets));
    let outputs: pulumi.Output<object> | undefined;
    await pulumi.runtime.runInPulumiStack(async () => {
      // Mocks only get a resource's inputs; its options are taken here.
      pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
        this.options.set(keyOf(type, name), opts);
        return undefined;
      });
      outputs = pulumi.output(await program());
      return {};
    });
    await pulumi.runtime.disconnect();
    if (this.errors.length > 0) return {};
    if (!outputs) throw new Error(`the program of ${config.stack} gave no outputs`);
    return settled(outputs);
  }

  async newResource(args: pulumi.runtime.MockResourceArgs): Promise<{ id: string | undefined; state: Values }> {
    const { type, name } = args;
    const given = plainValues(args.inputs);
    if (type.startsWith('pulumi:')) return { id: `${name}-id`, state: given };
    const key = keyOf(type, name);
    const { protect = false, hooks = {}, ignoreChanges = [], replaceOnChanges = [] } = this.options.get(key) ?? {};
    const old = this.before.get(key);
    const inputs = withIgnored(given, old?.inputs, ignoreChanges);
    try {
      if (this.after.has(key)) throw new Error('the program declares it twice');
      const wanted = { type, name, protect, hooks, id: '', inputs, outputs: {} };
      const state = await this.register(wanted, old, replaceOnChanges);
      this.after.set(key, { ...state, protect, hooks });
      return { id: state.id, state: { ...state.inputs, ...state.outputs } };
    } catch (error) {
      const named = new Error(`${type} ${name}: ${error instanceof Error ? error.message : 'failed'}`);
      this.errors.push(named);
      throw named;
    }
  }

  /** Creates, updates or replaces the resource. A component has no provider: it exists or not. */
  private async register(wanted: Kept, old: Kept | undefined, replaceOnChanges: readonly string[]): Promise<Kept> {
    const { type, name, inputs } = wanted;
    if (this.mode === 'destroy') return old ?? wanted;
    const provider = this.providers.find(({ prefix }) => type.startsWith(prefix));
    await provider?.check(type, inputs);
    if (!old) {
      for (const hook of wanted.hooks.beforeCreate ?? [])
        if (pulumi.ResourceHook.isInstance(hook)) await hook.callback({ ...identityOf(wanted), newInputs: inputs });
      this.created.push(name);
      return provider ? { ...wanted, ...(await provider.create(type, name, inputs)) } : wanted;
    }
    if (isDeepStrictEqual(old.inputs, inputs) || !provider) return { ...old, inputs };
    const changed = replaceOnChanges.some((key) => !isDeepStrictEqual(old.inputs[key], inputs[key]));
    if (changed || provider.replacedBy(type, old.inputs, inputs).length > 0) {
      this.replaced.push(old);
      return { ...wanted, ...(await provider.create(type, name, inputs)) };
    }
    this.updated.push(name);
    const updated = { ...wanted, ...(await provider.update(type, old, inputs)) };
    for (const hook of wanted.hooks.afterUpdate ?? [])
      if (pulumi.ResourceHook.isInstance(hook))
        await hook.callback({ ...identityOf(updated), newInputs: inputs, newOutputs: updated.outputs });
    return updated;
  }

  async call(args: pulumi.runtime.MockCallArgs): Promise<Values> {
    const provider = this.providers.find(({ prefix }) => args.token.startsWith(prefix));
    if (!provider) throw new Error(`no provider serves ${args.token}`);
    return provider.invoke(args.token, plainValues(args.inputs));
  }

  /** Like Pulumi, removes replaced and no longer declared resources at the end. */
  async finish(): Promise<Changes> {
    const gone = [...this.before].filter(([key]) => !this.after.has(key)).map(([, state]) => state);
    for (const state of [...gone, ...this.replaced].reverse()) await this.remove(state);
    const names = (states: readonly Kept[]): string[] => states.map((state) => state.name);
    return { created: this.created, updated: this.updated, replaced: names(this.replaced), removed: names(gone) };
  }

  async remove(state: Kept): Promise<void> {
    const { type, inputs: oldInputs, outputs: oldOutputs } = state;
    for (const hook of state.hooks.beforeDelete ?? [])
      await hook.callback({ ...identityOf(state), oldInputs, oldOutputs });
    await this.providers.find(({ prefix }) => type.startsWith(prefix))?.remove(type, state);
  }
}

const identityOf = ({ type, name, id }: Kept) => ({ urn: keyOf(type, name), id, name, type });

const settled = async (outputs: pulumi.Output<object>): Promise<Values> =>
  plainValues(await new Promise<object>((resolve) => outputs.apply(resolve)));

/** `ignoreChanges`: uses the recorded input instead of the program's. */
function withIgnored(given: Values, before: Values | undefined, ignored: readonly string[]): Values {
  if (!before) return given;
  const inputs: Record<string, unknown> = { ...given };
  for (const key of ignored) {
    if (key in before) inputs[key] = before[key];
    else delete inputs[key];
  }
  return inputs;
}
