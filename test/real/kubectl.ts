/** The real kubectl, as a person runs it who may do everything in some clusters: each is a context by its name. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { KubernetesAccess } from '../../lab/kubernetes/access.ts';
import { requireTool } from '../../tools/find.ts';

const run = promisify(execFile);

export interface Kubectl {
  /** What it printed. Rejects where it fails; the error has its `stderr`. */
  (...args: readonly string[]): Promise<string>;
  /** What a shell needs to run `kubectl` like this; its cache is kept in `HOME`. */
  readonly environment: Readonly<{ PATH: string; HOME: string; KUBECONFIG: string }>;
  close(): Promise<void>;
}

interface Reachable {
  readonly name: string;
  readonly access: KubernetesAccess;
}

/** The first cluster's context is the current one. Throws a ToolError where there is no kubectl. */
export async function kubectlFor(clusters: readonly Reachable[]): Promise<Kubectl> {
  const { path } = await requireTool('kubectl');
  const home = await mkdtemp(join(tmpdir(), 'hadr-kubectl-'));
  const file = join(home, 'kubeconfig');
  await writeFile(file, kubeconfig(clusters), { mode: 0o600 });
  const environment = { PATH: `${dirname(path)}:${process.env['PATH'] ?? ''}`, HOME: home, KUBECONFIG: file };
  const kubectl = async (...args: readonly string[]): Promise<string> =>
    (await run(path, [...args], { env: environment, timeout: TIMEOUT_MS })).stdout;
  return Object.assign(kubectl, { environment, close: () => rm(home, { recursive: true, force: true }) });
}

/** It waits for itself in places: for a log's end, for a rollout. */
const TIMEOUT_MS = 60_000;

/** A kubeconfig is YAML, and so is JSON. */
const kubeconfig = (clusters: readonly Reachable[]): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: clusters.map(({ name, access: { url, ca = '' } }) => ({
      name,
      cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
    })),
    users: clusters.map(({ name, access: { token } }) => ({ name, user: { token } })),
    contexts: clusters.map(({ name }) => ({ name, context: { cluster: name, user: name } })),
    'current-context': clusters[0]?.name,
  });
