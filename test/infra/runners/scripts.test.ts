/** The shell commands that start the runner, run by a real shell, with their paths moved as a kubelet without containers would. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import * as paths from '../../../infra/kubernetes/paths.ts';
import { prepareCommand, runCommand } from '../../../infra/runners/scripts.ts';

describe('the commands of the runner pod', () => {
  let root: string;
  let state: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'hadr-pod-'));
    state = join(root, 'state');
    for (const folder of ['state', 'secret', 'bin']) await mkdir(join(root, folder));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const moved = (command: readonly string[]) =>
    command.map((word) =>
      word.replaceAll(paths.RUNNER_DIR, state).replaceAll(paths.RUNNER_SECRET_DIR, join(root, 'secret')),
    );

  const start = (command: readonly string[], env: Record<string, string> = {}) => {
    const [file, ...args] = moved(command);
    assert.ok(file);
    const path = [join(root, 'bin'), process.env['PATH'] ?? ''].join(delimiter);
    return spawn(file, args, { env: { PATH: path, ...env }, stdio: ['ignore', 'pipe', 'ignore'] });
  };

  const codeOf = async (command: readonly string[], env: Record<string, string> = {}): Promise<unknown> => {
    const ended: unknown[] = await once(start(command, env), 'exit');
    return ended[0];
  };

  /** A gitlab-runner that ends on SIGQUIT after a moment, or by itself at once. */
  const fakeRunner = async (body: string) => {
    const file = join(root, 'bin', 'gitlab-runner');
    await writeFile(file, `#!${process.execPath}\n${body}\n`);
    await chmod(file, 0o755);
  };

  it('prepare gives the pod a system id of its own, and the runner a config that only it can read', async () => {
    await writeFile(join(root, 'secret', 'config.toml'), 'concurrent = 1\n');
    assert.equal(await codeOf(prepareCommand(), { POD_UID: '0f3c9a51-77de-4b1c-9d2e-1a2b3c4d5e6f' }), 0);
    assert.equal(await readFile(join(state, '.runner_system_id'), 'utf8'), 'r_0f3c9a5177de');
    assert.equal(await readFile(join(state, 'config.toml'), 'utf8'), 'concurrent = 1\n');
    assert.equal((await stat(join(state, 'config.toml'))).mode & 0o077, 0);
  });

  it('prepare copies the certificate authority of GitLab, and can run again over its own copies', async () => {
    for (const name of ['config.toml', paths.CA_FILE]) {
      await writeFile(join(root, 'secret', name), name);
      await chmod(join(root, 'secret', name), 0o440);
    }
    for (const run of [1, 2]) assert.equal(await codeOf(prepareCommand(), { POD_UID: 'a-b' }), 0, `run ${run}`);
    assert.equal(await readFile(join(state, paths.CA_FILE), 'utf8'), paths.CA_FILE);
  });

  it('prepare fails without a config, so that no runner starts unprepared', async () => {
    assert.notEqual(await codeOf(prepareCommand(), { POD_UID: 'a-b' }), 0);
  });

  it('run turns SIGTERM into SIGQUIT and waits for the runner to finish its jobs', async () => {
    await fakeRunner(`
      process.on('SIGTERM', () => process.exit(99));
      process.on('SIGQUIT', () => setTimeout(() => { console.log('drained'); process.exit(0); }, 300));
      console.log(process.argv.slice(2).join(' '));
      setInterval(() => {}, 1000);`);
    const wrapper = start(runCommand());
    const lines: string[] = [];
    wrapper.stdout.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
    await once(wrapper.stdout, 'data');
    assert.equal(lines.join(''), `run --config ${state}/config.toml --working-directory ${state}\n`);
    wrapper.kill('SIGTERM');
    // A second signal while it drains must not end the wait either.
    setTimeout(() => wrapper.kill('SIGTERM'), 100);
    const ended: unknown[] = await once(wrapper, 'close');
    assert.equal(ended[0], 0);
    assert.match(lines.join(''), /drained\n$/);
  });

  it('run ends with the runner’s own exit code, so that Kubernetes restarts it', async () => {
    await fakeRunner('process.exit(7);');
    assert.equal(await codeOf(runCommand()), 7);
  });

  it('run ends when the runner is killed', async () => {
    await fakeRunner("process.kill(process.pid, 'SIGKILL');");
    assert.equal(await codeOf(runCommand()), 137);
  });
});
