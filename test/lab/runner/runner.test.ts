import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGitLab } from '../../../lab/gitlab/server.ts';
import { bundleRunner } from '../../../lab/runner/bundle.ts';
import { until } from '../until.ts';
import { concurrent } from '../concurrent.ts';
import { inScenario, SYSTEM_ID, type Scenario } from './scenario.ts';
import { job } from './stub.ts';

describe('lab runner', function () {
  this.timeout(60_000);
  let folder: string;
  let bundle: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hadr-runner-test-'));
    bundle = await bundleRunner(folder);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const scenario = (act: (scenario: Scenario) => Promise<void>): Promise<void> => inScenario(bundle, folder, act);

  concurrent(3, {
    'polls with its token, system id and the newest last_update, which a 204 without the header does not change': () =>
      scenario(async ({ stub, start }) => {
        stub.onPoll = (count) => ({
          status: 204,
          ...(count === 1 ? { headers: { 'X-GitLab-Last-Update': 'abc' } } : {}),
        });
        await start('', '');
        await until('three polls', () => stub.polls().length >= 3);
        const [first, second, third] = stub.polls().map((poll) => poll.body);
        assert.equal(first?.token, 'glrt-abcdefghijkl');
        assert.equal(first?.system_id, SYSTEM_ID);
        assert.deepEqual([first?.last_update, second?.last_update, third?.last_update], [undefined, 'abc', 'abc']);
      }),

    'stops polling when it is full, reports its job, and polls again': () =>
      scenario(async ({ stub, start, updates }) => {
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
      }),

    'asks again at once after it got a job, up to concurrent': () =>
      scenario(async ({ stub, start }) => {
        stub.onPoll = (count) => (count <= 3 ? job(count, 30) : { status: 204 });
        const runner = await start('concurrent = 3', '');
        await until(
          'three jobs run',
          async () => (await runner.metric('gitlab_runner_jobs', { state: 'running' })) === 3,
        );
        const [first, , third] = stub.polls();
        assert.ok(first && third && third.at - first.at < 900, 'within less than a check_interval');
        assert.equal(await runner.metric('gitlab_runner_concurrent'), 3);
        assert.equal(await runner.metric('gitlab_runner_limit', { runner: 'abcdefghi', system_id: SYSTEM_ID }), 0);
        assert.equal(await runner.metric('gitlab_runner_jobs', { state: 'idle' }), 0);
      }),

    'drains on SIGQUIT: it ends its held poll, finishes its job, and exits with 0': () =>
      scenario(async ({ stub, start, updates }) => {
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
      }),

    'aborts its job on SIGTERM and reports it to GitLab as failed': () =>
      scenario(async ({ stub, start, updates }) => {
        stub.onPoll = (count) => (count === 1 ? job(1, 60) : { status: 204 });
        const runner = await start('', '');
        await until('the job runs', () => updates(1).length > 0);
        runner.process.kill('SIGTERM');
        assert.equal(await runner.exited, 0);
        const last = updates(1).at(-1)?.body;
        assert.deepEqual([last?.state, last?.failure_reason], ['failed', 'runner_system_failure']);
      }),

    'sleeps unhealthy_interval after so many 403, counted from the last good answer': () =>
      scenario(async ({ stub, start }) => {
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
      }),

    'does not count 5xx as unhealthy, retries them inside a poll, and counts the poll once': () =>
      scenario(async ({ stub, start }) => {
        stub.onPoll = (count) =>
          count === 1
            ? { status: 503, headers: { 'Retry-After': '1' } }
            : count <= 4
              ? { status: 502 }
              : { status: 204 };
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
      }),

    'counts polls without an answer as status -1, goes on polling and is not unhealthy': () =>
      scenario(async ({ stub, start }) => {
        stub.onPoll = (count) => (count <= 4 ? 'cut' : { status: 204 });
        const runner = await start('', 'unhealthy_requests_limit = 2');
        const requests = 'gitlab_runner_api_request_statuses_total';
        const counted = (status: string) => runner.metric(requests, { endpoint: 'request_job', status });
        await until('a good answer is counted', async () => (await counted('204')) !== undefined);
        assert.equal(await counted('-1'), 4);
        assert.equal(await runner.metric('gitlab_runner_worker_health_check_failures_total'), 0);
      }),

    'waits for Retry-After inside the call: no counter moves, and a poll is under way': () =>
      scenario(async ({ stub, start }) => {
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
      }),

    'stops feeding while a held poll or jobs occupy all workers': () =>
      scenario(async ({ stub, start, updates }) => {
        stub.onPoll = (count) => (count === 1 ? job(1, 2.2) : { status: 204 });
        const runner = await start('concurrent = 1', '');
        const fed = async () => (await runner.metric('gitlab_runner_worker_feeds_total')) ?? 0;
        await until('the job is done', () => updates(1).some((each) => each.body.state === 'success'));
        assert.equal(await fed(), 2, 'one poll for the job, and the next waits for a worker');
        await until('it is fed again', async () => (await fed()) >= 3);
      }),

    'takes jobs from the lab GitLab, and GitLab sees its manager': () =>
      scenario(async ({ start }) => {
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
      }),
  });

  it('refuses a config that gitlab-runner would refuse', async () => {
    const config = join(folder, 'bad.toml');
    await writeFile(config, 'check_interval = 0.5\n');
    const child = spawn(process.execPath, [bundle, 'run', '--config', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {},
    });
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await once(child, 'close');
    assert.equal(child.exitCode, 1);
    assert.match(output, /^FATAL: config.toml: incompatible types for check_interval/);
  });
});
