/** The lab's own switches under /lab: faults, jobs, the loss of Redis. Only for an administrator, and not a part of GitLab. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { FAULTS, type FaultKind } from '../model/faults.ts';
import type { GitLabModel } from '../model/gitlab.ts';
import { paramsOf, type Params } from './params.ts';
import { finish } from './reply.ts';
import { tokenOf } from './request.ts';

const faultBody = z.object({
  kind: z.custom<FaultKind>((kind) => typeof kind === 'string' && Object.hasOwn(FAULTS, kind)),
  method: z.string().optional(),
  pathPrefix: z.string().optional(),
  token: z.string().optional(),
  times: z.number().int().positive().optional(),
});
const jobBody = z.object({ project: z.number(), tags: z.array(z.string()), seconds: z.number().min(0) });

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export async function sendSwitch(
  model: GitLabModel,
  request: IncomingMessage,
  path: string,
  body: Buffer,
  response: ServerResponse,
): Promise<void> {
  const params = await paramsOf(new URLSearchParams(), 'application/json', body).catch(() => ({}));
  const { status, body: answer } = refusal(model, request) ?? act(model, `${request.method} ${path}`, params);
  finish(response, status, 'application/json', JSON.stringify(answer));
}

function refusal(model: GitLabModel, request: IncomingMessage): Answer | undefined {
  try {
    const { admin } = model.access.authenticate(tokenOf(request.headers)).user;
    return admin
      ? undefined
      : { status: 403, body: { message: 'only an administrator may use the switches of the lab' } };
  } catch {
    return { status: 401, body: { message: 'send the admin token as PRIVATE-TOKEN' } };
  }
}

function act(model: GitLabModel, call: string, params: Params): Answer {
  switch (call) {
    case 'POST /lab/faults': {
      const fault = faultBody.safeParse(params);
      if (!fault.success)
        return { status: 400, body: { message: `kind must be one of ${Object.keys(FAULTS).join(', ')}` } };
      model.faults.add(fault.data);
      return { status: 201, body: fault.data };
    }
    case 'GET /lab/faults':
      return { status: 200, body: model.faults.all };
    case 'DELETE /lab/faults':
      model.faults.clear();
      return { status: 200, body: [] };
    case 'POST /lab/redis-loss':
      model.runners.loseRedis();
      return { status: 200, body: {} };
    case 'POST /lab/jobs': {
      const job = jobBody.safeParse(params);
      if (!job.success) return { status: 400, body: { message: 'send project (id), tags (array) and seconds' } };
      const { project, tags, seconds } = job.data;
      return { status: 201, body: { id: model.newJob(project, tags, seconds).id } };
    }
    case 'GET /lab/jobs':
      return { status: 200, body: [...model.jobs.all.values()].map(({ token: _, ...job }) => job) };
    default:
      return { status: 404, body: { message: 'the switches are /lab/faults, /lab/jobs and /lab/redis-loss' } };
  }
}
