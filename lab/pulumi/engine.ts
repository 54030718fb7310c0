/**
 * Applies the real Pulumi program in process: what Pulumi's engine does for a stack, as far as a lab needs it. Every registered
 * resource goes to a provider that creates or updates the real thing; what a program no longer declares is removed. The
 * engine's state lives in memory, so that applying a stack again changes only what changed.
 */
import { isDeepStrictEqual } from 'node:util';
import * as pulumi from '@pulumi/pulumi';

export type Values = Readonly<Record<string, unknown>>;

export interface Applied {
  readonly id: string;
  readonly outputs: Values;
}

/** What a provider does for the resource types that it serves. */
export interface LabProvider {
  /** Type tokens begin with this: `gitlab:` or `kubernetes:`. */
  readonly prefix: string;
  create(type: string, name: string, inputs: Values): Promise<Applied>;
  /** May answer with another id: then the resource was replaced and the old one is removed at the end. */
  update(type: string, name: string, before: State, inputs: Values): Promise<Applied>;
  remove(type: string, before: State): Promise<void>;
  invoke(token: string, args: Values): Promise<Values>;
}

export interface State extends Applied {
  readonly inputs: Values;
}

export interface StackConfig {
  readonly project: string;
  readonly stack: string;
  /** Full keys (`project:key`) to Pulumi's texts. */
  readonly values: Readonly<Record<string, string>>;
  readonly secretKeys: readonly string[];
}

/** What an apply did, by logical name. */
export interface Changes {
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly removed: readonly string[];
}

/** The key and value by which Pulumi's wire format marks a secret. */
const SIGNATURE = '4dabf18193072939515e22adb298388d';
const SECRET = '1b47061264138c4ac30d75fd1eb44270';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Plain data: what leaves Pulumi for an API has no wrappers. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  if (value[SIGNATURE] === SECRET) return plain(value['value']);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}

const plainValues = (values: unknown): Values => {
  const result = plain(values);
  return isObject(result) ? result : {};
};

interface Replaced {
  readonly key: string;
  readonly state: State;
}

export class LabEngine {
  private readonly states = new Map<string, Map<string, State>>();
  private readonly providers: readonly LabProvider[];

  constructor(providers: readonly LabProvider[]) {
    this.providers = providers;
  }

  /** Runs a program as `pulumi up` would. Throws the first error of a resource, after all others have settled. */
  async up<T>(
    config: StackConfig,
    program: () => Promise<T>,
  ): Promise<{ readonly outputs: T; readonly changes: Changes }> {
    const before = this.states.get(config.stack) ?? new Map<string, State>();
    const run = new StackRun(before, this.providers);
    await pulumi.runtime.setMocks(run, config.project, config.stack, false);
    pulumi.runtime.setAllConfig({ ...config.values }, [...config.secretKeys]);
    let outputs: T | undefined;
    await pulumi.runtime.runInPulumiStack(async () => {
      outputs = await program();
      return {};
    });
    await pulumi.runtime.disconnect();
    this.states.set(config.stack, run.after);
    const [error] = run.errors;
    if (error) throw error;
    if (outputs === undefined) throw new Error(`the program of ${config.stack} gave no outputs`);
    return { outputs, changes: await run.finish() };
  }

  /** Removes all that a stack has made, the newest first. */
  async destroy(stack: string): Promise<void> {
    const entries = [...(this.states.get(stack) ?? [])].reverse();
    for (const [key, state] of entries) await providerOf(this.providers, key)?.remove(typeOf(key), state);
    this.states.delete(stack);
  }
}

const keyOf = (type: string, name: string): string => `${type}::${name}`;
const typeOf = (key: string): string => key.split('::')[0] ?? '';

const providerOf = (providers: readonly LabProvider[], type: string): LabProvider | undefined =>
  providers.find((provider) => type.startsWith(provider.prefix));

/** One apply of one stack, as Pulumi's runtime sees it. */
class StackRun implements pulumi.runtime.Mocks {
  readonly after = new Map<string, State>();
  readonly errors: Error[] = [];
  private readonly before: ReadonlyMap<string, State>;
  private readonly providers: readonly LabProvider[];
  private readonly replaced: Replaced[] = [];
  private readonly created: string[] = [];
  private readonly updated: string[] = [];

  constructor(before: ReadonlyMap<string, State>, providers: readonly LabProvider[]) {
    this.before = before;
    this.providers = providers;
  }

  async newResource(args: pulumi.runtime.MockResourceArgs): Promise<{ id: string | undefined; state: Values }> {
    const provider = providerOf(this.providers, args.type);
    const inputs = plainValues(args.inputs);
    if (!provider || args.custom === false) return { id: `${args.name}-id`, state: inputs };
    const key = keyOf(args.type, args.name);
    try {
      if (this.after.has(key)) throw new Error(`${args.type} ${args.name} is declared twice`);
      const applied = await this.apply(provider, args.type, args.name, inputs);
      this.after.set(key, { ...applied, inputs });
      return { id: applied.id, state: { ...inputs, ...applied.outputs } };
    } catch (error) {
      const named = new Error(`${args.type} ${args.name}: ${error instanceof Error ? error.message : 'failed'}`);
      this.errors.push(named);
      throw named;
    }
  }

  private async apply(provider: LabProvider, type: string, name: string, inputs: Values): Promise<Applied> {
    const key = keyOf(type, name);
    const old = this.before.get(key);
    if (!old) {
      this.created.push(name);
      return provider.create(type, name, inputs);
    }
    if (isDeepStrictEqual(old.inputs, inputs)) return old;
    this.updated.push(name);
    const applied = await provider.update(type, name, old, inputs);
    if (applied.id !== old.id) this.replaced.push({ key, state: old });
    return applied;
  }

  async call(args: pulumi.runtime.MockCallArgs): Promise<Values> {
    const provider = providerOf(this.providers, args.token);
    if (!provider) throw new Error(`nobody serves ${args.token}`);
    return provider.invoke(args.token, plainValues(args.inputs));
  }

  /** Like Pulumi, removes last: what was replaced, and what is declared no more. */
  async finish(): Promise<Changes> {
    const gone = [...this.before].filter(([key]) => !this.after.has(key)).map(([key, state]) => ({ key, state }));
    for (const { key, state } of [...gone, ...this.replaced].reverse())
      await providerOf(this.providers, key)?.remove(typeOf(key), state);
    const removed = gone.map(({ key }) => key.split('::')[1] ?? key);
    return { created: this.created, updated: this.updated, removed };
  }
}
