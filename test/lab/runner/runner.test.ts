import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGitLab } from '../../../lab/gitlab/server.ts';
import { bundleRunner } from '../../../lab/runner/bundle.ts';
import { until } from '../until.ts';
import { job, startStub, type Stub } from './stub.ts';

const SYSTEM_ID = 'r_0123456789ab';

interface Running {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly output: () => string;
  /** The lines of its metrics endpoint. */
  metrics(): Promise<readonly string[]>;
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number | undefined>;
}

describe('lab runner', () => {
  let folder: string;
  let bundle: string;
  let stub: Stub;
  const started: ChildProcess[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hadr-runner-test-'));
    bundle = await bundleRunner(folder);
  });
  after(() => rm(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    stub = await startStub();
  });
  afterEach(async () => {
    for (const process of started.splice(0)) {
      if (process.exitCode === null && process.signalCode === null) {
        process.kill('SIGKILL');
        await once(process, 'exit');
      }
    }
    await stub.close();
  });

  async function start(top: string, entry: string, url = stub.url, token = 'glrt-abcdefghijkl'): Promise<Running> {
    const port = await freePort();
    const config = join(folder, 'config.toml');
    await writeFile(
      config,
      `check_interval = 1\nlisten_address = "127.0.0.1:${String(port)}"\n${top}\n[[runners]]\nname = "lab"\nurl = "${url}"\ntoken = "${token}"\nexecutor = "shell"\n${entry}\n`,
    );
    await writeFile(join(folder, '.runner_system_id'), SYSTEM_ID);
    const child = spawn(process.execPath, [bundle, 'run', '--config', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { LAB_RUNNER_HEARTBEAT_SECONDS: '0.2' },
    });
    started.push(child);
    let output = '';
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const exited = once(child, 'exit').then(() => child.exitCode);
    await until('the runner has started', () => output.includes('Configuration loaded'));
    const metrics = async () => (await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text()).split('\n');
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
  const updates = (id: number) =>
    stub.seen.filter((each) => each.method === 'PUT' && each.path === `/api/v4/jobs/${String(id)}`);

  it('polls with its token, system id and the newest last_update, which a 204 without the header leaves alone', async () => {
    stub.onPoll = (count) => ({ status: 204, ...(count === 1 ? { headers: { 'X-GitLab-Last-Update': 'abc' } } : {}) });
    await start('', '');
    await until('three polls', () => stub.polls().length >= 3);
    const [first, second, third] = stub.polls().map((poll) => poll.body);
    assert.equal(first?.token, 'glrt-abcdefghijkl');
    assert.equal(first?.system_id, SYSTEM_ID);
    assert.deepEqual([first?.last_update, second?.last_update, third?.last_update], [undefined, 'abc', 'abc']);
  });

  it('stops polling when it is full, reports its job, and polls again', async () => {
    stub.onPoll = (count) => (count === 1 ? job(7, 1.2) : { status: 204 });
    const runner = await start('concurrent = 4', 'limit = 1');
    await until('the job is done', () => updates(7).some((each) => each.body.state === 'success'));
    assert.equal(stub.polls().length, 1, 'no poll while full, though one was due');
    assert.ok(updates(7).filter((each) => each.body.state === 'running').length >= 4);
    const traces = stub.seen.filter((each) => each.path === '/api/v4/jobs/7/trace');
    assert.ok(traces.length >= 4 && traces.every((each) => each.jobToken === 'job-7'));
    await until('it polls again', () => stub.polls().length >= 2);
    assert.ok(
      ((await runner.metric('gitlab_runner_api_request_statuses_total', {
        endpoint: 'update_job',
        status: '200',
        method: 'put',
      })) ?? 0) >= 4,
    );
  });

  it('asks again at once after it got a job, up to concurrent', async () => {
    stub.onPoll = (count) => (count <= 3 ? job(count, 30) : { status: 204 });
    const runner = await start('concurrent = 3', '');
    await until('three jobs run', async () => (await runner.metric('gitlab_runner_jobs', { state: 'running' })) === 3);
    const [first, , third] = stub.polls();
    assert.ok(first && third && third.at - first.at < 900, 'within less than a check_interval');
    assert.equal(await runner.metric('gitlab_runner_concurrent'), 3);
    assert.equal(await runner.metric('gitlab_runner_limit', { runner: 'abcdefghi', system_id: SYSTEM_ID }), 0);
    assert.equal(await runner.metric('gitlab_runner_jobs', { state: 'idle' }), 0);
  });

  it('drains on SIGQUIT: ends its held poll, finishes its job, then exits with 0', async () => {
    stub.onPoll = (count) => (count === 1 ? job(1, 3) : 'hold');
    const runner = await start('concurrent = 2', '');
    await until('the job runs and a poll is held', () => updates(1).length > 0 && stub.polls().length === 2);
    assert.equal(await runner.metric('gitlab_runner_worker_slots_number'), 2);
    runner.process.kill('SIGQUIT');
    await until(
      'its state is told',
      async () => (await runner.metric('gitlab_runner_process_state_info', { state: 'graceful-shutdown' })) === 1,
    );
    const polls = { endpoint: 'request_job', status: '-1' };
    await until(
      'its cancelled poll is counted',
      async () => (await runner.metric('gitlab_runner_api_request_statuses_total', polls)) === 1,
    );
    assert.equal(await runner.metric('gitlab_runner_worker_slots_number'), 1);
    assert.equal(await runner.metric('gitlab_runner_request_concurrency'), 0);
    assert.equal(await runner.exited, 0);
    assert.equal(updates(1).at(-1)?.body.state, 'success');
    assert.equal(stub.polls().length, 2);
  });

  it('aborts its job on SIGTERM and tells GitLab so', async () => {
    stub.onPoll = (count) => (count === 1 ? job(1, 60) : { status: 204 });
    const runner = await start('', '');
    await until('the job runs', () => updates(1).length > 0);
    runner.process.kill('SIGTERM');
    assert.equal(await runner.exited, 0);
    const last = updates(1).at(-1)?.body;
    assert.deepEqual([last?.state, last?.failure_reason], ['failed', 'runner_system_failure']);
  });

  it('sleeps unhealthy_interval after so many 403, counted from the last good answer', async () => {
    stub.onPoll = () => ({ status: 403 });
    const runner = await start('', 'unhealthy_requests_limit = 2\nunhealthy_interval = "2500ms"');
    await until('it gives up', () => runner.output().includes('will be disabled for 2.5 seconds'));
    assert.equal(stub.polls().length, 2);
    assert.equal(await runner.metric('gitlab_runner_worker_health_check_failures_total'), 2);
    await until(
      'it has been fed and refused',
      async () => ((await runner.metric('gitlab_runner_worker_feed_failures_total')) ?? 0) >= 1,
    );
    assert.equal(stub.polls().length, 2);
    await until('it asks again', () => stub.polls().length > 2);
    const [first, , third] = stub.polls();
    assert.ok(first && third && third.at - first.at >= 2400);
  });

  it('does not count 5xx as unhealthy, retries them inside a poll, and counts the poll once', async () => {
    stub.onPoll = (count) =>
      count === 1 ? { status: 503, headers: { 'Retry-After': '1' } } : count <= 4 ? { status: 502 } : { status: 204 };
    const runner = await start('', '');
    await until('a good answer', () => stub.polls().length >= 5);
    const [first, second] = stub.polls();
    assert.ok(first && second && second.at - first.at >= 990, 'Retry-After was obeyed');
    const requests = 'gitlab_runner_api_request_statuses_total';
    await until(
      'it is counted',
      async () =>
        (await runner.metric(requests, { endpoint: 'request_job', status: '204', method: 'post' })) !== undefined,
    );
    assert.equal(await runner.metric(requests, { status: '502' }), undefined);
    assert.equal(await runner.metric('gitlab_runner_worker_health_check_failures_total'), 0);
  });

  it('counts polls without an answer as status -1, goes on polling and is not unhealthy', async () => {
    stub.onPoll = (count) => (count <= 4 ? 'cut' : { status: 204 });
    const runner = await start('', 'unhealthy_requests_limit = 2');
    const requests = 'gitlab_runner_api_request_statuses_total';
    const counted = (status: string) => runner.metric(requests, { endpoint: 'request_job', status });
    await until('a good answer is counted', async () => (await counted('204')) !== undefined);
    assert.equal(await counted('-1'), 4);
    assert.equal(await runner.metric('gitlab_runner_worker_health_check_failures_total'), 0);
  });

  it('waits for Retry-After inside the call: no counter moves, and a poll is under way', async () => {
    stub.onPoll = () => ({ status: 429, headers: { 'Retry-After': '60' } });
    const runner = await start('concurrent = 2', '');
    await until('it has polled', () => stub.polls().length === 1);
    await until(
      'it is fed meanwhile',
      async () => ((await runner.metric('gitlab_runner_worker_feeds_total')) ?? 0) >= 3,
    );
    assert.equal(stub.polls().length, 1);
    assert.equal(await runner.metric('gitlab_runner_api_request_statuses_total'), undefined);
    assert.equal(await runner.metric('gitlab_runner_request_concurrency'), 1);
    assert.equal(await runner.metric('gitlab_runner_worker_slots_number'), 2);
    // At its start it warns of request_concurrency 1.
    assert.equal(await runner.metric('gitlab_runner_errors_total', { level: 'warning' }), 1);
  });

  it('stops feeding while a held poll or jobs occupy all workers', async () => {
    stub.onPoll = (count) => (count === 1 ? job(1, 2.2) : { status: 204 });
    const runner = await start('concurrent = 1', '');
    const fed = async () => (await runner.metric('gitlab_runner_worker_feeds_total')) ?? 0;
    await until('the job is done', () => updates(1).some((each) => each.body.state === 'success'));
    assert.equal(await fed(), 2, 'one poll for the job, and the next waits for a worker');
    await until('it is fed again', async () => (await fed()) >= 3);
  });

  it('takes jobs from the lab GitLab, and GitLab sees its manager', async () => {
    const gitlab = await startGitLab({ longPollMs: 0 });
    try {
      const api = async (method: string, path: string, body?: unknown): Promise<unknown> => {
        const response = await fetch(`${gitlab.url}/api/v4${path}`, {
          method,
          headers: { 'private-token': gitlab.adminToken, 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        assert.ok(response.ok, `${method} ${path}: ${String(response.status)}`);
        return response.json();
      };
      const made = await api('POST', '/user/runners', {
        runner_type: 'group_type',
        group_id: gitlab.groupId,
        tag_list: ['main'],
      });
      assert.ok(typeof made === 'object' && made !== null && 'id' in made && 'token' in made);
      const work = gitlab.model.newJob(gitlab.projectId, ['main'], 0.6);
      await start('', '', gitlab.url, String(made.token));
      await until('the job is done', () => gitlab.model.jobs.all.get(work.id)?.status === 'success');
      const managers = await api('GET', `/runners/${String(made.id)}/managers`);
      assert.match(JSON.stringify(managers), new RegExp(`"system_id":"${SYSTEM_ID}".*"status":"online"`));
    } finally {
      await gitlab.close();
    }
  });

  it('refuses a config that gitlab-runner would refuse', async () => {
    const config = join(folder, 'bad.toml');
    await writeFile(config, 'check_interval = 0.5\n');
    const child = spawn(process.execPath, [bundle, 'run', '--config', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {},
    });
    started.push(child);
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await once(child, 'close');
    assert.equal(child.exitCode, 1);
    assert.match(output, /^FATAL: config.toml: incompatible types for check_interval/);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
