import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import * as http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { actualPort, bundlePodNetwork } from '../../../lab/kubernetes/kubelet/shims.ts';
import { DEFAULT_TIMING } from '../../../runtime/timing.ts';
import { startLab, type Lab } from '../../lab/gitlab/client.ts';
import { onLoopback } from '../../../lab/loopback.ts';

const SYSTEM_ID = 'r_0123456789ab';

const configOf = (url: string, record: number, runnerPort: number) => ({
  version: 1,
  cluster: 'a',
  record,
  gitlab: { url, allowHttp: true },
  runnerMetricsUrl: `http://127.0.0.1:${runnerPort}/metrics`,
  port: 9253,
  timing: { ...DEFAULT_TIMING, detectionSeconds: 0.4, leaseSeconds: 3, requestSeconds: 1 },
});

/** Waits for a condition; mocha's own limit ends the wait when it never comes true. */
async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('the sidecar as a process', () => {
  let folder = '';
  const servers: http.Server[] = [];
  const labs: Lab[] = [];
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hadr-sidecar-'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
    for (const server of servers.splice(0)) stop(server);
    for (const lab of labs.splice(0)) await lab.gitlab.close();
    await rm(folder, { recursive: true, force: true });
  });

  const stop = (server: http.Server) => {
    server.closeAllConnections();
    server.close();
  };
  const serve = async (handler: http.RequestListener) => {
    const server = http.createServer(handler);
    servers.push(server);
    return { server, port: await onLoopback(server) };
  };
  /** In a pod's network: the port of its config is a free one of this machine, on the loopback. */
  const start = async (env: Record<string, string>) => {
    const network = await bundlePodNetwork(folder);
    const args = ['--require', network, '--import', 'tsx', 'runtime/sidecar/main.ts'];
    const child = spawn(process.execPath, args, {
      env: { PATH: process.env['PATH'] ?? '', LAB_POD_PORTS: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    const output = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()));
    return { child, output };
  };

  it('exits with 64 and one sentence for each problem of a bad config', async () => {
    const { child, output } = await start({ HADR_CONFIG: join(folder, 'none.json'), HADR_TOKENS: folder });
    assert.deepEqual(await once(child, 'close'), [64, null]);
    assert.match(
      output.err,
      /^HADR_HEALTH: is not set; .*\nHADR_SYSTEM_ID: is not set; .*\n\S+none\.json cannot be read .*\n$/,
    );
    assert.equal(output.out, '');
  });

  it('follows a runner from its first poll to its death, rereads its token, and stops at once on SIGTERM', async () => {
    let polls = 0;
    const runner = await serve((_, response) => {
      polls += 1;
      response.end(
        `gitlab_runner_concurrent 4\ngitlab_runner_api_request_statuses_total{endpoint="request_job",status="204"} ${polls}\n`,
      );
    });
    const lab = await startLab();
    labs.push(lab);
    const record = await lab.runner(['runner-a']);
    await lab.poll(record.token, SYSTEM_ID);
    // The sidecar's own: it reads a group's runners and may not edit them.
    const { token } = await lab.groupToken('sidecar', ['manage_runner'], 40);
    const seen: string[] = [];
    lab.gitlab.model.onEvent((event) => {
      if (event.kind === 'request') seen.push(`${event.method} ${event.path} ${event.status}`);
    });
    const health = join(folder, 'health');
    const config = configOf(lab.gitlab.url, record.id, runner.port);
    await writeFile(join(folder, 'sidecar.json'), JSON.stringify(config));
    await writeFile(join(folder, 'sidecar'), 'glpat-revoked');
    await writeFile(join(folder, '.runner_system_id'), SYSTEM_ID);
    const { child, output } = await start({
      HADR_CONFIG: join(folder, 'sidecar.json'),
      HADR_TOKENS: folder,
      HADR_HEALTH: health,
      HADR_SYSTEM_ID: join(folder, '.runner_system_id'),
    });
    const says = async (line: string) => (await readFile(health, 'utf8').catch(() => '')).split('\n').includes(line);

    await until(() => seen.some((call) => call.endsWith(' 401')));
    assert.ok(await says('ready=no'));
    await writeFile(join(folder, 'sidecar'), token);
    await until(() => says('ready=yes'));
    const port = await actualPort(folder, config.port);
    assert.match(
      await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
      /hadr_sidecar_evidence\{verdict="online"\} 1/,
    );

    stop(runner.server);
    await until(() => says('ready=no'));
    assert.ok(await says('live=yes'));

    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'close'), [0, null]);
    const own = new RegExp(`^GET /runners/${record.id}(/managers)? (200|401)$`);
    assert.ok(
      seen.every((call) => own.test(call)),
      seen.join('\n'),
    );
    assert.ok(seen.some((call) => call.endsWith('/managers 200')));
    assert.doesNotMatch(output.out + output.err, /glpat/);
    assert.equal(output.err, '');
  });
});
