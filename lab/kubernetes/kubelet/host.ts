/** What a pod offers its containers: folders, processes in its network, probes. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Probe } from '../pods.ts';
import type { ContainerHost, Launch } from './container.ts';
import { ConfigError, environment, expand } from './env.ts';
import type { LogBook } from './logs.ts';
import type { NodeApi, NodePod } from './node-api.ts';
import { rewriter, type Mount } from './paths.ts';
import { httpProbe } from './probes.ts';
import type { Processes } from './processes.ts';
import { actualPort, SYSTEM_PATH } from './shims.ts';
import type { Volumes } from './volumes.ts';

export interface PodFolders {
  readonly volumes: string;
  readonly bin: string;
  readonly ports: string;
  readonly home: string;
  terminationLog(container: Container): string;
}

export function podFolders(root: string, uid: string): PodFolders {
  const pod = join(root, uid);
  return {
    volumes: join(pod, 'volumes'),
    bin: join(pod, 'bin'),
    ports: join(pod, 'ports'),
    home: join(pod, 'home'),
    terminationLog: (container) => join(pod, 'containers', container.name, 'termination-log'),
  };
}

export interface PodHostDeps {
  readonly pod: NodePod;
  readonly api: NodeApi;
  readonly processes: Processes;
  readonly logs: LogBook;
  readonly folders: PodFolders;
  readonly volumes: Volumes;
  readonly onChange: () => void;
}

export function podHost({ pod, api, processes, logs, folders, volumes, onChange }: PodHostDeps): ContainerHost {
  const mountsOf = (container: Container): readonly Mount[] => [
    ...volumes.mounts(container),
    { containerPath: container.terminationMessagePath, hostPath: folders.terminationLog(container) },
  ];

  const setting = async (container: Container) => {
    const rewrite = rewriter(mountsOf(container));
    const base = { PATH: `${folders.bin}:${SYSTEM_PATH}`, HOME: folders.home };
    const env = await environment(container, pod, api, base, rewrite);
    const cwd = container.workingDir === undefined ? '' : rewrite(container.workingDir);
    return { rewrite, env, cwd: cwd === '' || cwd === container.workingDir ? folders.home : cwd };
  };

  const launch = async (container: Container): Promise<Launch> => {
    const { rewrite, env, cwd } = await setting(container);
    for (const [index, mount] of volumes.mounts(container).entries())
      if (container.volumeMounts[index]?.subPath !== '')
        await mkdir(mount.hostPath, { recursive: true }).catch(() => undefined);
    const [file, ...args] = [...container.command, ...container.args].map((word) => expand(rewrite(word), env));
    if (file === undefined || container.command.length === 0)
      throw new ConfigError(
        `container ${container.name} has no command, and the lab has no images with an entry point`,
      );
    return { file, args, cwd, env, terminationLog: folders.terminationLog(container) };
  };

  const exec = async (container: Container, command: readonly string[], timeoutMs: number): Promise<boolean> => {
    const { rewrite, env, cwd } = await setting(container);
    const [file = '', ...args] = command.map(rewrite);
    const process = processes.spawn({ file, args, cwd, env, onLine: () => undefined });
    const limit = setTimeout(() => process.signalGroup('SIGKILL'), timeoutMs);
    const exit = await process.exited;
    clearTimeout(limit);
    return exit.code === 0;
  };

  const probe = async (container: Container, { exec: run, httpGet, timeoutSeconds }: Probe): Promise<boolean> => {
    const timeoutMs = timeoutSeconds * 1000;
    if (run) return exec(container, run.command, timeoutMs);
    if (!httpGet) throw new ConfigError(`container ${container.name}: a probe is neither exec nor httpGet`);
    const named = container.ports.find((port) => port.name === httpGet.port)?.containerPort;
    const port = await actualPort(folders.ports, Number(named ?? httpGet.port));
    const headers = Object.fromEntries(httpGet.httpHeaders.map((header) => [header.name, header.value]));
    return port !== undefined && httpProbe({ port, path: httpGet.path, headers, timeoutMs });
  };

  const { name, namespace = '' } = pod.metadata;
  return {
    launch,
    exec,
    probe,
    spawn: (command) => processes.spawn(command),
    onLine: (container, line) =>
      logs.write({ at: Date.now(), namespace, pod: name, container: container.name, ...line }),
    onChange,
  };
}
