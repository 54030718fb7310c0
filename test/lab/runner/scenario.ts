/** A lab runner as a process, with a stub of GitLab and a folder of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { until } from '../until.ts';
import { startStub, type Seen, type Stub } from './stub.ts';

export const SYSTEM_ID = 'r_0123456789ab';

export interface Running {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly output: () => string;
  /** The lines of its metrics endpoint. */
  metrics(): Promise<readonly string[]>;
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number | undefined>;
}

export interface Scenario {
  readonly stub: Stub;
  start(top: string, entry: string, url?: string, token?: string): Promise<Running>;
  /** What the stub was told of a job. */
  updates(id: number): readonly Seen[];
}

/** A runner and a GitLab of its own. */
export async function inScenario(
  bundle: string,
  folder: string,
  act: (scenario: Scenario) => Promise<void>,
): Promise<void> {
  const stub = await startStub();
  const home = await mkdtemp(join(folder, 'scenario-'));
  const started: ChildProcess[] = [];
  const start: Scenario['start'] = async (top, entry, url = stub.url, token = 'glrt-abcdefghijkl') => {
    const port = await freePort();
    const config = join(home, 'config.toml');
    await writeFile(
      config,
      `check_interval = 1\nlisten_address = "127.0.0.1:${String(port)}"\n${top}\n[[runners]]\nname = "lab"\nurl = "${url}"\ntoken = "${token}"\nexecutor = "shell"\n${entry}\n`,
    );
    await writeFile(join(home, '.runner_system_id'), SYSTEM_ID);
    const child = spawn(process.execPath, [bundle, 'run', '--config', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { LAB_RUNNER_HEARTBEAT_SECONDS: '0.2' },
    });
    started.push(child);
    return running(child, port);
  };
  try {
    await act({
      stub,
      start,
      updates: (id) => stub.seen.filter(({ method, path }) => method === 'PUT' && path === `/api/v4/jobs/${id}`),
    });
  } finally {
    await Promise.all(started.map(end));
    await stub.close();
  }
}

async function running(child: ChildProcess, port: number): Promise<Running> {
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'exit').then(() => child.exitCode);
  await until('the runner has started', () => output.includes('Configuration loaded'));
  const metrics = async () => (await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).split('\n');
  return {
    process: child,
    exited,
    output: () => output,
    metrics,
    metric: async (name, labels = {}) => {
      const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
      const line = (await metrics()).find(
        (each) => new RegExp(`^${name}[{ ]`).test(each) && wanted.every((label) => each.includes(label)),
      );
      return line === undefined ? undefined : Number(line.split(' ').at(-1));
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
