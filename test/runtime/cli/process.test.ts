/** `hadr` as its users run it: a process, its exit codes, and the one file that `npm run build:hadr` makes. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../../infra/bundle/bundle.ts';
import { statusSchema } from '../../../runtime/cli/commands/status-view.ts';
import { completionOf } from '../../../runtime/cli/completion.ts';
import { COMMANDS } from '../../../runtime/cli/command-line.ts';
import { A, B, type SimulatedFleet } from '../../support/simulated-fleet.ts';
import { openTerminal, type Terminal } from '../../support/terminal.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe('the hadr process', function () {
  this.timeout(60_000);
  let terminal: Terminal;
  let fleet: SimulatedFleet;
  let file: string;

  before(async () => {
    terminal = await openTerminal();
    fleet = terminal.fleet;
    file = join(terminal.folder, 'hadr.cjs');
    await writeFile(file, await bundle('runtime/cli/main.ts'));
  });
  after(() => terminal?.close());

  const run = (
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    program = [process.execPath, file],
  ): Promise<Ended> =>
    new Promise((resolve) => {
      const [command = '', ...first] = program;
      const options = {
        cwd: terminal.folder,
        env: { PATH: process.env['PATH'], HOME: terminal.folder, HADR_TOKEN: terminal.token, ...env },
      };
      const child = execFile(command, [...first, ...args], options, (_, out, err) =>
        resolve({ code: child.exitCode, out, err }),
      );
      child.stdin?.end();
    });

  it('is one file that Node runs without packages; status exits with 0 and shows a table', async () => {
    const { code, out, err } = await run(['status']);
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /★ {2}cluster-a/);
    assert.ok(!out.includes('\x1b'), 'colours into a pipe');
  });

  it('runs from a checkout as the bin of the package', async () => {
    const { code, out, err } = await run(['history', '-o', 'json'], {}, [join(ROOT, 'runtime/cli/hadr.mjs')]);
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /"ground": "first"/);
  });

  it('exits with 1 when the fleet is degraded, and when it refuses a command', async () => {
    assert.equal((await run(['pause'])).code, 0);
    assert.equal((await run(['status'])).code, 1);
    const { code, out, err } = await run(['switchover', '--to', B, '--yes']);
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, /^hadr: the fleet is paused: .*\n$/);
    assert.equal((await run(['resume'])).code, 0);
  });

  it('exits with 2 when no cluster has the tags, and with 3 when two have them', async () => {
    const [a, b] = [fleet.record(A), fleet.record(B)];
    const health = async (): Promise<[number | null, string]> => {
      const { code, out } = await run(['status', '-o', 'json']);
      return [code, statusSchema.parse(JSON.parse(out)).health];
    };
    a.tags = ['runner-a'];
    assert.deepEqual(await health(), [2, 'no holder']);
    a.tags = ['runner-a', 'rnd-runner'];
    b.tags = ['runner-b', 'rnd-runner'];
    assert.deepEqual(await health(), [3, 'two holders']);
    b.tags = ['runner-b'];
  });

  it('exits with 4 when the state is unknown', async () => {
    const { code, err } = await run(['status'], { HADR_TOKEN: 'glpat-nobody' });
    assert.equal(code, 4);
    assert.match(err, /^hadr: the status project .*\n$/);
    assert.ok(!err.includes('glpat-nobody'));
  });

  it('exits with 64 on wrong usage, and with 0 on --help', async () => {
    assert.equal((await run(['stat'])).code, 64);
    const help = await run(['--help']);
    assert.equal(help.code, 0);
    for (const name of Object.keys(COMMANDS)) assert.match(help.out, new RegExp(`^ {2}${name} `, 'm'));
    assert.deepEqual((await run([])).out, help.out);
    assert.match((await run(['pin', '-h'])).out, /--for 2h/);
  });

  it('asks for --yes when there is no terminal', async () => {
    const { code, err } = await run(['switchover', '--to', B]);
    assert.equal(code, 64);
    assert.match(err, /but there is no terminal; give --yes\. Nothing was changed\.\n$/);
    assert.deepEqual(fleet.holders(), [A]);
  });

  it('reads its config from the environment and from flags', async () => {
    await writeFile(join(terminal.folder, 'small.yaml'), `gitlab: {allowHttp: true, url: ${terminal.url}}\n`);
    const env = { HADR_STATUS_PROJECT: 'platform/status', HADR_FLEET: `${A},${B}`, HADR_MAIN_TAGS: 'nothing' };
    const flags = ['--config', 'small.yaml', '--main-tags', 'rnd-runner'];
    const { out, err } = await run(['status', '-o', 'json', ...flags], env);
    const status = statusSchema.parse(JSON.parse(out));
    assert.equal(err, '');
    assert.deepEqual([status.mainTags, status.clusters.map(({ name }) => name)], [['rnd-runner'], [A, B]]);
  });

  it('reads the file of a stack, and its token from Pulumi', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hadr-stack-'));
    await writeFile(
      join(folder, 'Pulumi.yaml'),
      'name: gitlab-runner-hadr\nconfig:\n  policy: {type: object, default: {}}\n',
    );
    await writeFile(
      join(folder, 'Pulumi.cluster-a.yaml'),
      JSON.stringify({
        config: {
          'gitlab-runner-hadr:gitlab': { url: terminal.url, allowHttp: true, group: 'platform' },
          'gitlab-runner-hadr:statusProject': { manage: true, path: 'platform/status' },
          'gitlab-runner-hadr:fleet': [A, B],
          'gitlab-runner-hadr:mainTags': ['rnd-runner'],
          'gitlab-runner-hadr:ownTags': ['runner-a'],
          'gitlab-runner-hadr:gitlabToken': { secure: 'v1:x' },
        },
      }),
    );
    const bin = join(folder, 'pulumi');
    await writeFile(
      bin,
      `#!/bin/sh\n[ "$*" = "config get gitlabToken --stack cluster-a --non-interactive" ] && echo ${terminal.token}\n`,
      { mode: 0o755 },
    );
    const asked = (token: string) =>
      new Promise<Ended>((resolve) => {
        const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}`, HADR_TOKEN: token };
        const child = execFile(
          process.execPath,
          [file, 'status', '--stack', 'cluster-a'],
          { cwd: folder, env },
          (_, out, err) => resolve({ code: child.exitCode, out, err }),
        );
      });
    const { out, err } = await asked('');
    assert.equal(err, '');
    assert.match(out, /^rnd-runner ★ cluster-a since/);
    await writeFile(bin, '#!/bin/sh\nexit 255\n');
    const refused = await asked('');
    assert.equal(refused.code, 64);
    assert.match(
      refused.err,
      /^hadr: pulumi config get gitlabToken --stack cluster-a failed; log in to Pulumi's backend/,
    );
    await rm(folder, { recursive: true, force: true });
  });

  it('ends status --watch at once on Ctrl-C', async () => {
    // With rounds of a minute, only Ctrl-C can end it within the time of a test.
    const text = await readFile(join(terminal.folder, 'hadr.yaml'), 'utf8');
    await writeFile(join(terminal.folder, 'slow.yaml'), text.replace(/roundSeconds: .*/, 'roundSeconds: 60'));
    const child = spawn(process.execPath, [file, 'status', '--watch', '--config', 'slow.yaml'], {
      cwd: terminal.folder,
      env: { PATH: process.env['PATH'], HOME: terminal.folder, HADR_TOKEN: terminal.token },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.once('data', () => child.kill('SIGINT'));
    const code = await new Promise((resolve) => child.once('exit', (exit) => resolve(exit)));
    assert.equal(code, 0);
  });

  it('completes commands, options and values in bash', async () => {
    const typed = (words: string, at: number): string =>
      `COMP_WORDS=(${words}); COMP_CWORD=${at}; _hadr; echo "\${COMPREPLY[@]}"`;
    const script = [
      completionOf('bash'),
      typed('hadr sw', 1),
      typed('hadr pin --f', 2),
      typed('hadr completion z', 2),
      typed('hadr status -o j', 3),
    ];
    const { out, err } = await run(['--norc', '--noprofile', '-c', script.join('\n')], { BASH_ENV: '' }, ['bash']);
    assert.deepEqual([out, err], ['switchover\n--for --fleet\nzsh\njson\n', '']);
  });
});
