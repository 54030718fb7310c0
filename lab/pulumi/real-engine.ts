/**
 * Applies a stack with the real Pulumi engine: its CLI, driven through the Automation API, with the program of this process, and
 * with attached providers of the lab or real plugins on PATH. State, secrets and history are in a folder of its own, like
 * those of a self-managed backend.
 */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as automation from '@pulumi/pulumi/automation/index.js';
import { stringify } from 'yaml';
import type { Changes, DestroyOptions, Engine, Program, StackConfig } from './engine.ts';
import type { ProviderServer } from './provider-server.ts';
import type { Values } from './provider.ts';

export interface RealEngineOptions {
  /** Path of the Pulumi CLI. */
  readonly command: string;
  /** The folder with the shipped Pulumi.yaml. */
  readonly projectFolder: string;
  /** Providers that the engine attaches to. */
  readonly providers: readonly ProviderServer[];
  /** Paths of plugins to put on PATH. */
  readonly plugins?: readonly string[];
  /** The path of the user's kubeconfig. */
  readonly kubeconfig?: string;
  /** Gets Pulumi's output, in pieces. */
  readonly onOutput?: (text: string) => void;
}

/** What Pulumi's CLI must find in its environment to keep all of its own below a folder, in `home/` and `state/`, and to fetch nothing. */
export const pulumiIn = (folder: string) => ({
  PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
  PULUMI_HOME: join(folder, 'home'),
  PULUMI_SKIP_UPDATE_CHECK: 'true',
  // A provider that is neither attached nor on PATH fails at once.
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
});

export class RealEngine implements Engine {
  /** The folder of state and history (`state/`), Pulumi's home, and the stacks' files (`project/`). */
  readonly folder: string;
  /** Environment variables of the CLI. */
  readonly environment: Readonly<Record<string, string>>;
  private readonly options: RealEngineOptions;
  private readonly pulumi: automation.PulumiCommand;
  /** Stacks by config: to select one and encrypt its secrets takes seconds. */
  private readonly selected = new Map<string, { readonly config: StackConfig; readonly stack: automation.Stack }>();

  private constructor(options: RealEngineOptions, folder: string, pulumi: automation.PulumiCommand) {
    this.options = options;
    this.folder = folder;
    this.pulumi = pulumi;
    this.environment = {
      ...pulumiIn(folder),
      PULUMI_CONFIG_PASSPHRASE: randomBytes(16).toString('hex'),
      PULUMI_DEBUG_PROVIDERS: options.providers.map(({ attach }) => attach).join(','),
      PATH: [join(folder, 'bin'), process.env['PATH']].join(delimiter),
      ...(options.kubeconfig !== undefined && { KUBECONFIG: options.kubeconfig }),
    };
  }

  static async start(options: RealEngineOptions): Promise<RealEngine> {
    const folder = await mkdtemp(join(tmpdir(), 'hadr-pulumi-'));
    for (const name of ['bin', 'home', 'state', 'project']) await mkdir(join(folder, name));
    // The Automation API looks for bin/pulumi in a folder, or else on PATH.
    await symlink(options.command, join(folder, 'bin', 'pulumi'));
    for (const plugin of options.plugins ?? []) await symlink(plugin, join(folder, 'bin', basename(plugin)));
    // The CLI checks that the program of Pulumi.yaml exists, although it runs the program of this process.
    await symlink(join(options.projectFolder, 'infra'), join(folder, 'project', 'infra'));
    await copyFile(join(options.projectFolder, 'Pulumi.yaml'), join(folder, 'project', 'Pulumi.yaml'));
    return new RealEngine(options, folder, await automation.PulumiCommand.get({ root: folder }));
  }

  /** The stack of the Automation API with this config, for operations that Engine does not have. */
  async stack(config: StackConfig, program: Program): Promise<automation.Stack> {
    const inline = async (): Promise<Record<string, unknown>> => ({ ...(await program()) });
    const known = this.selected.get(config.stack);
    if (known && isDeepStrictEqual(known.config, config)) {
      known.stack.workspace.program = inline;
      return known.stack;
    }
    const workDir = join(this.folder, 'project');
    await writeFile(join(workDir, `Pulumi.${config.stack}.yaml`), stringify({ config: config.values }));
    const stack = await automation.LocalWorkspace.createOrSelectStack(
      { stackName: config.stack, projectName: config.project, program: inline },
      { workDir, pulumiCommand: this.pulumi, pulumiHome: join(this.folder, 'home'), envVars: { ...this.environment } },
    );
    for (const [key, value] of Object.entries(config.secrets)) await stack.setConfig(key, { value, secret: true });
    this.selected.set(config.stack, { config, stack });
    return stack;
  }

  async up(config: StackConfig, program: Program): Promise<{ outputs: Values; changes: Changes }> {
    const stack = await this.stack(config, program);
    const changes = new ChangeLog();
    const result = await stack.up({ ...this.output(), onEvent: (event) => changes.see(event) });
    const outputs = Object.entries(result.outputs).map(([key, { value }]): [string, unknown] => [key, value]);
    return { outputs: Object.fromEntries(outputs), changes: changes.all() };
  }

  async destroy(config: StackConfig, program: Program, options: DestroyOptions = {}): Promise<void> {
    const stack = await this.stack(config, program);
    const { excludeProtected = false } = options;
    await stack.destroy({ ...this.output(), runProgram: true, excludeProtected });
  }

  /** Options of all commands. */
  output(): { readonly onOutput: (text: string) => void; readonly onError: (text: string) => void } {
    const onOutput = this.options.onOutput ?? (() => undefined);
    return { onOutput, onError: onOutput };
  }

  async close(): Promise<void> {
    for (const provider of this.options.providers) provider.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The engine's reports on resources, by logical name. */
class ChangeLog {
  private readonly steps: { readonly op: string; readonly name: string }[] = [];

  see(event: automation.EngineEvent): void {
    const done = event.resOutputsEvent?.metadata;
    if (done) this.steps.push({ op: done.op, name: done.urn.split('::').at(-1) ?? done.urn });
  }

  private named(op: string): string[] {
    return this.steps.filter((step) => step.op === op).map((step) => step.name);
  }

  all(): Changes {
    return {
      created: this.named('create'),
      updated: this.named('update'),
      replaced: this.named('create-replacement'),
      removed: this.named('delete'),
    };
  }
}
