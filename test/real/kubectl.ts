/** The real kubectl of an administrator of some clusters. Each cluster is a context of its name. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { RealCluster } from '../../lab/kubernetes/real/cluster.ts';
import { requireTool } from '../../tools/find.ts';

const run = promisify(execFile);

export interface Kubectl {
  /** Its output. Rejects on failure; the error has its `stderr`. */
  (...args: readonly string[]): Promise<string>;
  /** Environment variables for a shell that runs this `kubectl`; `HOME` has its cache. */
  readonly environment: Readonly<{ PATH: string; HOME: string; KUBECONFIG: string }>;
  close(): Promise<void>;
}

/** The context of the first cluster is the current one. Throws a ToolError if kubectl is missing. */
export async function kubectlFor(clusters: readonly Pick<RealCluster, 'kubeconfig'>[]): Promise<Kubectl> {
  const { path } = await requireTool('kubectl');
  const home = await mkdtemp(join(tmpdir(), 'hadr-kubectl-'));
  const environment = {
    PATH: `${dirname(path)}:${process.env['PATH'] ?? ''}`,
    HOME: home,
    KUBECONFIG: clusters.map(({ kubeconfig }) => kubeconfig).join(delimiter),
  };
  const kubectl = async (...args: readonly string[]): Promise<string> =>
    (await run(path, [...args], { env: environment, timeout: TIMEOUT_MS })).stdout;
  return Object.assign(kubectl, { environment, close: () => rm(home, { recursive: true, force: true }) });
}

/** The time limit: some commands wait for the end of a log or a rollout. */
const TIMEOUT_MS = 60_000;
