/** What a runner calls: a real gitlab-runner can ask for a job, report it and finish it. */
import assert from 'node:assert/strict';
import { startLab, type Answered, type Lab } from './client.ts';
import type { Job } from '../../../lab/gitlab/model/jobs.ts';

const INFO = { version: '18.4.0', revision: '139a0ac0', platform: 'linux', architecture: 'amd64', executor: 'shell' };

describe('the embedded GitLab: what a runner calls', () => {
  let lab: Lab;
  let id: number;
  let token: string;
  beforeEach(async () => {
    lab = await startLab();
    ({ id, token } = await lab.runner(['a']));
  });
  afterEach(() => lab.gitlab.close());

  const newJob = (): Job => lab.gitlab.model.newJob(lab.gitlab.projectId, ['a'], 5);
  const poll = (systemId: string, features: object = {}): Promise<Answered> =>
    lab.call('POST', '/jobs/request', { token, system_id: systemId, info: { ...INFO, features } });
  const update = (job: Job, state: string): Promise<Answered> =>
    lab.call('PUT', `/jobs/${job.id}`, { token: job.token, state });
  const trace = async (job: Job, range: string, text: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${lab.gitlab.url}/api/v4/jobs/${job.id}/trace?debug_trace=false`, {
      method: 'PATCH',
      headers: { 'content-type': 'text/plain', 'content-range': range, 'job-token': job.token, ...headers },
      body: text,
    });
    return { status: response.status, range: response.headers.get('range'), job: response.headers.get('job-status') };
  };
  const record = async (): Promise<{ status: string; online: boolean }> => {
    const { body } = await lab.call('GET', `/runners/${id}`);
    assert.ok(typeof body === 'object' && body && 'status' in body && 'online' in body);
    return { status: String(body.status), online: body.online === true };
  };

  it('F1 gives a job with all that gitlab-runner needs to run it', async () => {
    const job = newJob();
    const answer = await poll('r_1');
    assert.equal(answer.status, 201);
    const body = answer.body as Record<string, Record<string, unknown>>;
    assert.equal(body['id'], job.id);
    assert.equal(String(body['git_info']?.['sha']).length, 40);
    assert.equal(body['git_info']?.['repo_url'], `${lab.gitlab.url}/platform/app.git`);
    assert.deepEqual(body['git_info']?.['refspecs'], ['+refs/heads/main:refs/remotes/origin/main']);
    assert.equal(body['runner_info']?.['timeout'], 3600);
    assert.equal(body['features']?.['trace_sections'], true);
    assert.equal(body['job_info']?.['project_id'], lab.gitlab.projectId);
  });

  it('F1 ends a job as its runner reports it', async () => {
    const [good, bad] = [newJob(), newJob()];
    await poll('r_1');
    await poll('r_1');
    assert.equal((await update(good, 'running')).status, 200);
    assert.equal((await update(good, 'success')).status, 200);
    const failure = { token: bad.token, state: 'failed', failure_reason: 'script_failure', exit_code: 1 };
    assert.equal((await lab.call('PUT', `/jobs/${bad.id}`, failure)).status, 200);
    assert.deepEqual(
      [good, bad].map(({ status, failureReason }) => [status, failureReason]),
      [
        ['success', undefined],
        ['failed', 'script_failure'],
      ],
    );
    assert.equal((await update(good, 'nonsense')).status, 403);
  });

  it('F2 takes the trace with the token in the header JOB-TOKEN, and answers with range, status and interval', async () => {
    const job = newJob();
    await poll('r_1');
    assert.deepEqual(await trace(job, '0-5', 'hello\n'), { status: 202, range: '0-6', job: 'running' });
    assert.deepEqual(await trace(job, '6-8', 'bye'), { status: 202, range: '0-9', job: 'running' });
    assert.deepEqual(await trace(job, '4-7', 'late'), { status: 416, range: '0-9', job: null });
    assert.equal(lab.gitlab.model.jobs.trace(job).toString(), 'hello\nbye');
    assert.equal((await trace(job, '9-10', 'x', { 'job-token': 'glcbt-wrong' })).status, 403);
    const answer = await update(job, 'running');
    assert.equal(answer.headers.get('x-gitlab-trace-update-interval'), '60');
  });

  it('F2 shows a runner with 403 and Job-Status that its job was ended', async () => {
    const job = newJob();
    await poll('r_1');
    await lab.call('POST', `/projects/${lab.gitlab.projectId}/jobs/${job.id}/cancel`);
    assert.equal(job.status, 'canceled');
    assert.deepEqual(await trace(job, '0-1', 'x'), { status: 403, range: null, job: 'canceled' });
  });

  it('F2 leaves a cancelled job to a runner that cancels gracefully', async () => {
    const job = newJob();
    await poll('r_1', { cancel_gracefully: true });
    await lab.call('POST', `/projects/${lab.gitlab.projectId}/jobs/${job.id}/cancel`);
    assert.deepEqual(await trace(job, '0-1', 'x'), { status: 202, range: '0-1', job: 'canceling' });
    assert.equal((await update(job, 'failed')).headers.get('job-status'), 'canceled');
  });

  it('F7 keeps a job pending until its runner reports it as running', async () => {
    const job = newJob();
    assert.equal((await poll('r_1', { two_phase_job_commit: true })).status, 201);
    assert.equal(job.status, 'pending');
    assert.equal((await poll('r_2', { two_phase_job_commit: true })).status, 204);
    lab.advance(100);
    assert.equal((await update(job, 'pending')).status, 200, 'a sign of life');
    lab.advance(100);
    assert.equal((await update(job, 'running')).status, 200);
    assert.equal(job.status, 'running');
  });

  it('F7 retries a job whose runner did not acknowledge it within two minutes', async () => {
    const job = newJob();
    await poll('r_1', { two_phase_job_commit: true });
    lab.advance(119);
    assert.equal((await poll('r_2')).status, 204);
    lab.advance(1);
    const again = await poll('r_2');
    assert.equal(again.status, 201);
    assert.deepEqual([job.status, job.failureReason], ['failed', 'runner_provisioning_timeout']);
    const retried = [...lab.gitlab.model.jobs.all.values()].at(-1);
    assert.deepEqual([retried?.status, retried?.tags, retried?.systemId], ['running', ['a'], 'r_2']);
    const late = await update(job, 'running');
    assert.deepEqual([late.status, late.headers.get('job-status')], [403, 'failed']);
  });

  it('fails a running job that was not reported for an hour', async () => {
    const job = newJob();
    await poll('r_1');
    lab.advance(3599);
    await update(job, 'running');
    lab.advance(3599);
    await lab.call('GET', '/version');
    assert.equal(job.status, 'running');
    lab.advance(1);
    await lab.call('GET', '/version');
    assert.deepEqual([job.status, job.failureReason], ['failed', 'stuck_or_timeout_failure']);
  });

  it('F8 shows a manager with the version that it reported', async () => {
    await poll('r_1');
    const rows = await lab.call('GET', `/runners/${id}/managers`);
    assert.match(rows.text, /"version":"18.4.0","revision":"139a0ac0","platform":"linux","architecture":"amd64"/);
    assert.match((await lab.call('GET', `/runners/${id}`)).text, /"version":"18.4.0"/);
  });

  it('F9 calls a record never_contacted that was only verified, though it is online', async () => {
    await lab.call('POST', '/runners/verify', { token, system_id: 'r_1', info: INFO });
    assert.deepEqual(await record(), { status: 'never_contacted', online: true });
    assert.match((await lab.call('GET', `/runners/${id}/managers`)).text, /"status":"never_contacted"/);
    await poll('r_1');
    assert.deepEqual(await record(), { status: 'online', online: true });
  });

  it('limits the polls of a runner and the reports of a job, each by its token, with Retry-After 60', async () => {
    await lab.gitlab.close();
    lab = await startLab(0, { limits: { requestJob: 2, updateJob: 1, patchTrace: 1 } });
    ({ id, token } = await lab.runner(['a']));
    const job = newJob();
    await poll('r_1');
    await poll('r_2');
    const limited = await poll('r_1');
    assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, '60']);
    assert.deepEqual(limited.body, {
      message: { error: 'This endpoint has been requested too many times. Try again later.' },
    });
    assert.deepEqual([(await update(job, 'running')).status, (await update(job, 'running')).status], [200, 429]);
    assert.deepEqual([(await trace(job, '0-1', 'x')).status, (await trace(job, '1-2', 'x')).status], [202, 429]);
    assert.equal((await lab.call('GET', `/runners/${id}`)).status, 200, 'the API of people is another class');
    lab.advance(60);
    assert.equal((await poll('r_1')).status, 204);
  });

  it('limits only what runners call under the fault runner-limit', async () => {
    lab.gitlab.model.faults.add({ kind: 'runner-limit' });
    const answer = await poll('r_1');
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [429, '60']);
    assert.equal((await lab.call('POST', '/runners/verify', { token })).status, 429);
    assert.equal((await lab.call('GET', `/runners/${id}`)).status, 200);
    assert.equal((await lab.call('PUT', `/runners/${id}`, { description: 'x' })).status, 200);
  });
});
