/** Runs the program of a shipped stack under Pulumi's mocks, and keeps all that it declared. */
import assert from 'node:assert/strict';
import * as pulumi from '@pulumi/pulumi';
import * as z from 'zod';
import type { Outputs } from '../../infra/outputs.ts';
import { program } from '../../infra/program.ts';
import { allowHooks } from '../../infra/render/mocked-hooks.ts';
import { configOf } from './yaml.ts';

const PROJECT = 'gitlab-runner-hadr';

// Turns text that was made of an output by mistake into an error.
process.env['PULUMI_ERROR_OUTPUT_STRING'] = 'true';

/** When the stacks are run, as far as they ask. */
const NOW = Date.parse('2026-11-25T12:00:00Z');

export const SECRETS = {
  gitlabToken: 'glpat-provisioning-secret',
  runner: 'glrt-runner-secret',
  made: (name: string) => `glpat-made-secret-${name}`,
} as const;

/** A resource as the engine would see it: secrets are kept apart by `secretPaths`. */
export interface Declared {
  readonly type: string;
  readonly name: string;
  /** With secrets in clear. */
  readonly inputs: unknown;
  /** Where in the inputs a secret is, for example `stringData.fleet`. */
  readonly secretPaths: readonly string[];
  readonly provider: string;
  readonly options: pulumi.ResourceOptions & pulumi.CustomResourceOptions;
}

export interface Stack {
  readonly resources: readonly Declared[];
  readonly calls: readonly { readonly token: string; readonly inputs: unknown }[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly secretOutputs: readonly string[];
  one(type: string, name: string): Declared;
}

export interface StackOptions {
  /** Top-level config keys laid over the shipped file. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** What GitLab says that it is; CE unless given. */
  readonly edition?: 'CE' | 'EE';
  /** Filled as resources are declared: of a program that fails, this is all there is. */
  readonly seen?: Declared[];
}

const propertiesSchema = z.record(z.string(), z.unknown());

const SECRET_SIGNATURE = '1b47061264138c4ac30d75fd1eb44270';
const SIGNATURE_KEY = '4dabf18193072939515e22adb298388d';

/** Config as the CLI hands it to the program: the project's defaults, the stack's file, and what is laid over. */
async function shippedConfig(stack: string, over: Readonly<Record<string, unknown>> = {}) {
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  const config: Record<string, string> = {};
  for (const [key, declared] of Object.entries(await configOf('Pulumi.yaml')))
    if (!key.includes(':') && typeof declared === 'object' && declared !== null && 'default' in declared)
      config[`${PROJECT}:${key}`] = text(declared.default);
  for (const [key, value] of Object.entries(await configOf(`Pulumi.${stack}.yaml`))) config[key] = text(value);
  for (const [key, value] of Object.entries(over)) config[`${PROJECT}:${key}`] = text(value);
  return config;
}

export async function runStack(stack: string, options: StackOptions = {}): Promise<Stack> {
  const config = await shippedConfig(stack, { gitlabToken: SECRETS.gitlabToken, ...options.config });
  const resources = options.seen ?? [];
  const calls: Call[] = [];
  const optionsOf = new Map<string, pulumi.ResourceOptions>();

  allowHooks();
  await pulumi.runtime.setMocks(mocksOf(resources, calls, optionsOf, options.edition), PROJECT, stack, false);
  pulumi.runtime.setAllConfig(config, [`${PROJECT}:gitlabToken`]);

  let made: Outputs | undefined;
  await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
      optionsOf.set(`${type} ${name}`, opts);
      return undefined;
    });
    const code = { checker: '/* checker */', sidecar: '/* sidecar */' };
    made = await program(
      () => Promise.resolve(code),
      () => NOW,
    );
    return made;
  });
  await pulumi.runtime.disconnect();
  assert.ok(made);
  return {
    resources,
    calls,
    ...(await outputsOf(made)),
    one: (type, name) => {
      const found = resources.find((resource) => resource.type === type && resource.name === name);
      assert.ok(found, `no ${type} named ${name} among\n${resources.map((r) => `${r.type} ${r.name}`).join('\n')}`);
      return found;
    },
  };
}

interface Call {
  readonly token: string;
  readonly inputs: unknown;
}

/** Records each resource and call, and answers as the providers do. */
const mocksOf = (
  resources: Declared[],
  calls: Call[],
  optionsOf: ReadonlyMap<string, pulumi.ResourceOptions>,
  edition: StackOptions['edition'],
): pulumi.runtime.Mocks => ({
  newResource: (args) => {
    const key = `${args.type} ${args.name}`;
    assert.ok(!resources.some((known) => `${known.type} ${known.name}` === key), `${key} is declared twice`);
    const secretPaths: string[] = [];
    const inputs = plain(args.inputs, [], secretPaths);
    resources.push({
      type: args.type,
      name: args.name,
      inputs,
      secretPaths,
      provider: args.provider ?? '',
      options: optionsOf.get(key) ?? {},
    });
    return {
      id: idOf(args.type, args.name),
      state: stateOf(args.type, args.name, propertiesSchema.parse(args.inputs)),
    };
  },
  call: (args) => {
    calls.push({ token: args.token, inputs: args.inputs });
    switch (args.token) {
      case 'gitlab:index/getGroup:getGroup':
        return { id: '5', groupId: 5 };
      case 'gitlab:index/getProject:getProject':
        return { id: '77', webUrl: 'https://gitlab.example.com/rnd/runner-status' };
      case 'gitlab:index/getMetadata:getMetadata':
        return { id: '1', enterprise: edition === 'EE' };
      default:
        throw new Error(`unexpected call of ${args.token}`);
    }
  },
});

async function outputsOf(made: Outputs): Promise<Pick<Stack, 'outputs' | 'secretOutputs'>> {
  const secretOutputs: string[] = [];
  const outputs: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(made)) {
    const output = pulumi.output(value);
    if (await pulumi.isSecret(output)) secretOutputs.push(key);
    outputs[key] = await settled(output);
  }
  return { outputs, secretOutputs };
}

const settled = <T>(output: pulumi.Output<T>): Promise<unknown> =>
  new Promise((resolve) => {
    output.apply((value) => {
      resolve(value);
    });
  });

/** Numbers of GitLab where the real provider has numbers, the name elsewhere. */
function idOf(type: string, name: string): string {
  switch (type) {
    case 'gitlab:index/userRunner:UserRunner':
      return '101';
    case 'gitlab:index/project:Project':
      return '77';
    default:
      return `${name}-id`;
  }
}

function stateOf(type: string, name: string, inputs: Record<string, unknown>): Record<string, unknown> {
  if (type.startsWith('kubernetes:')) return { ...inputs, metadata: named(name, inputs['metadata']) };
  switch (type) {
    case 'gitlab:index/userRunner:UserRunner':
      return { ...inputs, token: SECRETS.runner };
    case 'gitlab:index/groupAccessToken:GroupAccessToken':
    case 'gitlab:index/projectAccessToken:ProjectAccessToken':
      return { ...inputs, token: SECRETS.made(name) };
    case 'gitlab:index/project:Project':
      return { ...inputs, webUrl: 'https://gitlab.example.com/rnd/runner-status' };
    default:
      return inputs;
  }
}

/** What the Kubernetes provider does for an object without a name. */
function named(name: string, metadata: unknown): Record<string, unknown> {
  return { name: `${name}-autonamed`, ...(typeof metadata === 'object' ? metadata : {}) };
}

function plain(value: unknown, path: readonly string[], secretPaths: string[]): unknown {
  if (Array.isArray(value)) return value.map((item, index) => plain(item, [...path, String(index)], secretPaths));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.some(([key, signature]) => key === SIGNATURE_KEY && signature === SECRET_SIGNATURE)) {
    secretPaths.push(path.join('.'));
    return plain(entries.find(([key]) => key === 'value')?.[1], path, secretPaths);
  }
  return Object.fromEntries(entries.map(([key, item]) => [key, plain(item, [...path, key], secretPaths)]));
}
