/** What a runner calls: polls, reports of jobs, verify (gitlab-facts 0, A5, B4, B7). Workhorse's part is in http/workhorse.ts. */
import * as z from 'zod';
import { headerOf } from '../http/request.ts';
import { ApiError, forbidden } from '../model/errors.ts';
import type { Job } from '../model/jobs.ts';
import type { Runner, RunnerInfo } from '../model/runners.ts';
import { jobPayload } from './job-payload.ts';
import { flag, noContent, ok, parse, route, type Call, type Reply, type Route } from './route.ts';

const text = z.string().nullable().default(null);
const info = z.object({
  version: text,
  revision: text,
  platform: text,
  architecture: text,
  features: z
    .object({ two_phase_job_commit: flag.default(false), cancel_gracefully: flag.default(false) })
    .default({ two_phase_job_commit: false, cancel_gracefully: false }),
});
const fromRunner = z.object({
  token: z.string(),
  system_id: z.string().max(64).optional(),
  last_update: z.string().optional(),
  info: info.optional(),
});
type FromRunner = z.infer<typeof fromRunner>;

function infoOf({ info }: FromRunner): RunnerInfo | undefined {
  if (!info) return undefined;
  const { features: _, ...rest } = info;
  return rest;
}

function runnerOf(call: Call): { runner: Runner; body: FromRunner } {
  const body = parse(fromRunner, call.params);
  const runner = call.model.runners.withToken(body.token);
  if (!runner) throw forbidden();
  return { runner, body };
}

/** A poll that reached Rails: the limit first, then contact, then paused, then the queue. */
function requestJob(call: Call): Reply {
  const { model } = call;
  const { token } = parse(fromRunner, call.params);
  model.limits.count('requestJob', token);
  const { runner, body } = runnerOf(call);
  const { systemId } = model.runners.heartbeat(runner, body.system_id, () => model.access.id(), infoOf(body));
  const before = model.runners.queueValue(token);
  const queue = model.runners.ensureQueue(runner);
  const nothing: Reply = { ...noContent, headers: { 'X-GitLab-Last-Update': queue } };
  if (before !== undefined && before === body.last_update) return nothing;
  const job = model.jobs.take(runner, systemId, {
    twoPhaseCommit: body.info?.features.two_phase_job_commit ?? false,
    cancelGracefully: body.info?.features.cancel_gracefully ?? false,
  });
  return job ? ok(jobPayload(call, job), 201) : nothing;
}

/** The token is in the header JOB-TOKEN or a parameter. A 403 ends the job in the runner, so a missing job is one too. */
function jobOf(call: Call, limit: 'updateJob' | 'patchTrace'): Job {
  const { model } = call;
  const { token } = parse(z.object({ token: z.string().optional() }), call.params);
  const given = token ?? headerOf(call.headers, 'job-token') ?? '';
  model.limits.count(limit, given);
  const job = model.jobWithToken(Number(call.ids['id']), given);
  if (!job) throw forbidden();
  if (!model.jobs.isProcessed(job))
    throw new ApiError(
      403,
      { message: '403 Forbidden - Job is not processing on runner' },
      { 'Job-Status': job.status },
    );
  model.jobContact(job);
  return job;
}

const interval = (call: Call): Record<string, string> => ({
  'X-GitLab-Trace-Update-Interval': String(call.model.jobReportSeconds),
});

function updateJob(call: Call): Reply {
  const job = jobOf(call, 'updateJob');
  const { jobs } = call.model;
  const { state, failure_reason } = parse(
    z.object({ state: z.string().optional(), failure_reason: z.string().optional() }),
    call.params,
  );
  const done = (status: number): Reply => ({
    status,
    body: String(status),
    headers: { ...interval(call), 'Job-Status': job.status },
  });
  if (jobs.isWaiting(job)) return done(jobs.acknowledge(job, state) ? 200 : 400);
  if (state === 'success' || state === 'failed')
    jobs.finish(job, state, state === 'failed' ? (failure_reason ?? 'unknown_failure') : undefined);
  return done(state === 'success' || state === 'failed' || state === 'running' ? 200 : 400);
}

/** The range says where the text begins; only the end of the trace is taken. */
function patchTrace(call: Call): Reply {
  const job = jobOf(call, 'patchTrace');
  const start = /^(\d+)-/.exec(headerOf(call.headers, 'content-range') ?? '')?.[1];
  if (start === undefined) throw new ApiError(400, { error: '400 Missing header Content-Range' });
  const offset = Number(start);
  const size = call.model.jobs.append(job, offset, call.body);
  const range = { Range: `0-${size}` };
  if (size !== offset + call.body.length) throw new ApiError(416, { error: '416 Range Not Satisfiable' }, range);
  return { status: 202, body: range.Range, headers: { ...interval(call), ...range, 'Job-Status': job.status } };
}

export const runnerApiRoutes: readonly Route[] = [
  route('POST', '/jobs/request', requestJob),
  route('PUT', '/jobs/:id', updateJob),
  route('PATCH', '/jobs/:id/trace', patchTrace),
  route('POST', '/runners/verify', (call) => {
    const { runner, body } = runnerOf(call);
    call.model.runners.verified(runner, body.system_id, () => call.model.access.id(), infoOf(body));
    return ok({ id: runner.id, token: runner.token, token_expires_at: null });
  }),
  route('POST', '/runners/reset_authentication_token', (call) => {
    const { runner, body } = runnerOf(call);
    call.model.runners.verified(runner, body.system_id, () => call.model.access.id(), infoOf(body));
    call.model.runners.resetToken(runner, call.model.access.secret('glrt-t2_'));
    return ok({ token: runner.token, token_expires_at: null }, 201);
  }),
  route('DELETE', '/runners', (call) => {
    call.model.runners.remove(runnerOf(call).runner);
    return noContent;
  }),
  route('DELETE', '/runners/managers', (call) => {
    const { runner, body } = runnerOf(call);
    if (!runner.managers.delete(body.system_id ?? ''))
      throw new ApiError(404, { message: '404 Runner manager not found Not Found' });
    return noContent;
  }),
];
