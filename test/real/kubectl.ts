/** The real kubectl, as a person runs it who may do everything in some clusters: each is a context by its name. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { RealCluster } from '../../lab/kubernetes/real/cluster.ts';
import { requireTool } from '../../tools/find.ts';

const run = promisify(execFile);

export interface Kubectl {
  /** What it printed. Rejects where it fails; the error has its `stderr`. */
  (...args: readonly string[]): Promise<string>;
  /** What a shell needs to run `kubectl` like this; its cache is kept in `HOME`. */
  readonly environment: Readonly<{ PATH: string; HOME: string; KUBECONFIG: string }>;
  close(): Promise<void>;
}

/** The first cluster's context is the current one. Throws a ToolError where there is no kubectl. */
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

/** It waits for itself in places: for a log's end, for a rollout. */
const TIMEOUT_MS = 60_000;
