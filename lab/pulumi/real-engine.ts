/**
 * Applies a stack with the real Pulumi engine: its CLI, driven through the Automation API, with the program of this process, and
 * the lab's providers attached or real plugins on its PATH. State, secrets and history lie in a folder of its own, as a
 * self-managed backend has them.
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
  /** To be attached to. */
  readonly providers: readonly ProviderServer[];
  /** Paths of plugins that it is to find on PATH. */
  readonly plugins?: readonly string[];
  /** The path of the kubeconfig of whoever runs it. */
  readonly kubeconfig?: string;
  /** Hears all that Pulumi prints, in pieces. */
  readonly onOutput?: (text: string) => void;
}

/** What Pulumi's CLI must find in its environment to keep all of its own below a folder, in `home/` and `state/`, and to fetch nothing. */
export const pulumiIn = (folder: string) => ({
  PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
  PULUMI_HOME: join(folder, 'home'),
  PULUMI_SKIP_UPDATE_CHECK: 'true',
  // A provider that is neither attached nor on PATH must fail at once.
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
});

export class RealEngine implements Engine {
  /** State and history (`state/`), Pulumi's home, and the stacks' files (`project/`). */
  readonly folder: string;
  /** What the CLI must find in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  private readonly options: RealEngineOptions;
  private readonly pulumi: automation.PulumiCommand;
  /** Selecting a stack and encrypting its secrets takes seconds: once for each config. */
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
    // The Automation API looks for bin/pulumi under a folder, and otherwise only on PATH.
    await symlink(options.command, join(folder, 'bin', 'pulumi'));
    for (const plugin of options.plugins ?? []) await symlink(plugin, join(folder, 'bin', basename(plugin)));
    // Pulumi.yaml names its program, and the CLI looks whether it is there, though it runs the one of this process.
    await symlink(join(options.projectFolder, 'infra'), join(folder, 'project', 'infra'));
    await copyFile(join(options.projectFolder, 'Pulumi.yaml'), join(folder, 'project', 'Pulumi.yaml'));
    return new RealEngine(options, folder, await automation.PulumiCommand.get({ root: folder }));
  }

  /** The stack as the Automation API has it, with this config, for what an Engine does not offer. */
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

  /** What all commands share. */
  output(): { readonly onOutput: (text: string) => void; readonly onError: (text: string) => void } {
    const onOutput = this.options.onOutput ?? (() => undefined);
    return { onOutput, onError: onOutput };
  }

  async close(): Promise<void> {
    for (const provider of this.options.providers) provider.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** What the engine reports of each resource, gathered by logical name. */
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
