/** The programs that containers find on PATH in the lab: `node` in the pod's network, and `gitlab-runner`. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The programs that every container has on PATH, after its own. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface Programs {
  /** The bundled lab runner (lab/runner/bundle.ts). Without it `gitlab-runner` is not found. */
  readonly runner?: string;
  /** How often a running job reports to GitLab, in seconds. Absent: 60, or the interval that GitLab asks for. */
  readonly runnerHeartbeatSeconds?: number;
}

/** Bundles pod-network.ts so that plain Node can load it. Returns its path. */
export async function bundlePodNetwork(folder: string): Promise<string> {
  const outfile = join(folder, 'pod-network.cjs');
  const entry = join(dirname(fileURLToPath(import.meta.url)), 'pod-network.ts');
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' });
  return outfile;
}

/** Writes the pod's bin folder; `ports` is the folder of its port files. */
export async function writeShims(bin: string, ports: string, network: string, programs: Programs): Promise<void> {
  await mkdir(bin, { recursive: true });
  await mkdir(ports, { recursive: true });
  const node = `exec ${quoted(process.execPath)} --require ${quoted(network)}`;
  const shim = async (name: string, lines: readonly string[]): Promise<void> => {
    const path = join(bin, name);
    await writeFile(path, ['#!/bin/sh', `export LAB_POD_PORTS=${quoted(ports)}`, ...lines, ''].join('\n'));
    await chmod(path, 0o755);
  };
  await shim('node', [`${node} "$@"`]);
  if (programs.runner === undefined) return;
  const heartbeat = programs.runnerHeartbeatSeconds;
  await shim('gitlab-runner', [
    ...(heartbeat === undefined ? [] : [`export LAB_RUNNER_HEARTBEAT_SECONDS=${String(heartbeat)}`]),
    // Many of them share a small machine: a small heap, and a semi-space that does not grow to 16 MB.
    `${node} --max-semi-space-size=1 --max-old-space-size=64 ${quoted(programs.runner)} "$@"`,
  ]);
}

/** The port of this machine behind a pod's port; undefined when nothing in the pod listens on it. */
export async function actualPort(ports: string, port: number): Promise<number | undefined> {
  const text = await readFile(join(ports, String(port)), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number(text.split(' ')[0]);
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
