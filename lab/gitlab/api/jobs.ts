/** The runner's side: polls, job reports, verify (gitlab-facts A5, B4, B7). Workhorse's share is in the server. */
import * as z from 'zod';
import { ApiError, forbidden } from '../model/errors.ts';
import type { Job } from '../model/jobs.ts';
import type { Runner } from '../model/runners.ts';
import { noContent, ok, parse, route, type Call, type Reply, type Route } from './route.ts';

const poll = z.object({
  token: z.string(),
  system_id: z.string().max(64).optional(),
  last_update: z.string().optional(),
});
const managed = z.object({ token: z.string(), system_id: z.string().max(64).optional() });

function runnerOf(call: Call): { runner: Runner; systemId: string | undefined } {
  const body = parse(managed, call.body);
  const runner = call.model.runners.withToken(body.token);
  if (!runner) throw forbidden('');
  return { runner, systemId: body.system_id };
}

function beat(call: Call): { runner: Runner; systemId: string } {
  const { runner, systemId } = runnerOf(call);
  return { runner, systemId: call.model.runners.heartbeat(runner, systemId, () => call.model.access.id()).systemId };
}

const jobView = (job: Job): unknown => ({
  id: job.id,
  token: job.token,
  allow_git_fetch: true,
  job_info: { id: job.id, name: 'job', stage: 'test', project_id: job.projectId },
  variables: [{ key: 'LAB_SECONDS', value: String(job.seconds), public: true, masked: false }],
  steps: [
    { name: 'script', script: [`sleep ${job.seconds}`], timeout: 3600, when: 'on_success', allow_failure: false },
  ],
});

/** A poll that has reached Rails: contact first, then paused, then the queue. */
function request(call: Call): Reply {
  parse(poll, call.body);
  const { runner, systemId } = beat(call);
  const queue = call.model.runners.ensureQueue(runner);
  const job = call.model.jobs.take(runner, systemId);
  if (job) return ok(jobView(job), 201);
  return { ...noContent, headers: { 'X-GitLab-Last-Update': queue } };
}

function jobOf(call: Call, token: string | undefined): Job {
  const job = call.model.jobWithToken(Number(call.params['id']), token);
  if (!job) throw forbidden('');
  if (job.status !== 'running') throw new ApiError(403, { message: '403 Forbidden - Job is not running' });
  call.model.jobContact(job);
  return job;
}

export const jobRoutes: readonly Route[] = [
  route('POST', '/jobs/request', request),
  route('PUT', '/jobs/:id', (call) => {
    const body = parse(
      z.object({ token: z.string(), state: z.enum(['running', 'success', 'failed', 'pending']).optional() }),
      call.body,
    );
    const job = jobOf(call, body.token);
    if (body.state === 'success' || body.state === 'failed') call.model.jobs.finish(job, body.state);
    return {
      status: 200,
      body: '200',
      headers: { 'X-GitLab-Trace-Update-Interval': String(call.model.jobReportSeconds) },
    };
  }),
  route('PATCH', '/jobs/:id/trace', (call) => {
    jobOf(call, call.query.get('token') ?? z.string().optional().parse(call.body['token']));
    return {
      status: 202,
      body: '0-0',
      headers: { 'X-GitLab-Trace-Update-Interval': String(call.model.jobReportSeconds), Range: '0-0' },
    };
  }),
  route('POST', '/runners/verify', (call) => {
    const { runner } = beat(call);
    return ok({ id: runner.id, token: runner.token, token_expires_at: null });
  }),
  route('POST', '/runners/reset_authentication_token', (call) => {
    const { runner } = beat(call);
    call.model.runners.resetToken(runner, call.model.access.secret('glrt-t2_'));
    return ok({ token: runner.token, token_expires_at: null }, 201);
  }),
  route('DELETE', '/runners', (call) => {
    call.model.runners.remove(runnerOf(call).runner);
    return noContent;
  }),
  route('DELETE', '/runners/managers', (call) => {
    const { runner, systemId } = runnerOf(call);
    if (!runner.managers.delete(systemId ?? ''))
      throw new ApiError(404, { message: '404 Runner manager not found Not Found' });
    return noContent;
  }),
  route('GET', '/projects/:id/jobs', (call) => {
    const project = call.model.access.findProject(call.params['id'] ?? '', call.caller());
    const jobs = [...call.model.jobs.all.values()].filter((job) => job.projectId === project.id);
    return ok(
      jobs.map(({ id, status, tags, runnerId }) => ({
        id,
        status,
        tag_list: tags,
        runner: runnerId ? { id: runnerId } : null,
      })),
    );
  }),
];
