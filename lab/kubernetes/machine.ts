/** The machine of a cluster's only node: a folder, child processes, their logs, and the kubelet. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backoff } from './kubelet/container.ts';
import { Kubelet, messageOf } from './kubelet/kubelet.ts';
import { LogBook } from './kubelet/logs.ts';
import type { NodeApi } from './kubelet/node-api.ts';
import { Processes } from './kubelet/processes.ts';
import { bundlePodNetwork } from './kubelet/shims.ts';

export interface MachineOptions {
  /** The name of the cluster, for messages and the node's name. */
  readonly name: string;
  /** The bundled lab runner, which containers call as `gitlab-runner` (lab/runner/bundle.ts). */
  readonly runner?: string;
  /** How often the lab runner reports a running job, in seconds. Absent: what GitLab asks for, or 60. */
  readonly runnerHeartbeatSeconds?: number;
  /** Between restarts of a container; 1 s doubling up to 10 s by default (a real kubelet: 10 s up to 5 min). */
  readonly backoff?: Backoff;
  /** How often volumes follow their ConfigMaps and Secrets, in ms; 5000 by default (a real kubelet: about a minute). */
  readonly volumeRefreshMs?: number;
  /** Gets errors of the cluster's own parts, one line each; standard error by default. */
  readonly onError?: (message: string) => void;
}

export class Machine {
  readonly node: string;
  /** The folder of everything that its processes write. */
  readonly root: string;
  readonly processes: Processes;
  readonly logs = new LogBook();
  readonly #options: MachineOptions;

  private constructor(options: MachineOptions, root: string) {
    this.#options = options;
    this.node = `${options.name}-node`;
    this.root = root;
    this.processes = new Processes(root);
  }

  static async start(options: MachineOptions): Promise<Machine> {
    return new Machine(options, await mkdtemp(join(tmpdir(), `hadr-lab-${options.name}-`)));
  }

  readonly onError = (error: unknown): void => {
    const report = this.#options.onError ?? ((message: string) => void process.stderr.write(`${message}\n`));
    report(`lab cluster ${this.#options.name}: ${messageOf(error)}`);
  };

  /** The kubelet of this machine, not yet started. */
  async kubelet(api: NodeApi): Promise<Kubelet> {
    const { runner, runnerHeartbeatSeconds, backoff, volumeRefreshMs = 5000 } = this.#options;
    const pods = join(this.root, 'pods');
    await mkdir(pods);
    return new Kubelet({
      api,
      processes: this.processes,
      logs: this.logs,
      root: pods,
      network: await bundlePodNetwork(this.root),
      programs: {
        ...(runner === undefined ? {} : { runner }),
        ...(runnerHeartbeatSeconds === undefined ? {} : { runnerHeartbeatSeconds }),
      },
      backoff: backoff ?? { firstMs: 1000, maxMs: 10_000 },
      pollMs: 2000,
      volumeRefreshMs,
      onError: this.onError,
    });
  }

  /** Removes its files; its processes must have ended. */
  async close(): Promise<void> {
    await this.processes.close();
    await rm(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}
