/** The embedded GitLab over HTTP, on loopback: the API, Workhorse's long poll, the lab's switches and a browser's pages. */
import * as http from 'node:http';
import * as z from 'zod';
import { onLoopback } from '../loopback.ts';
import { FAULT_KINDS } from './model/faults.ts';
import { GitLabModel, seed, type GitLabOptions } from './model/gitlab.ts';
import { respond, type ApiRequest, type Outcome } from './http/router.ts';
import { renderPage } from './http/pages.ts';

export interface ServerOptions extends Partial<GitLabOptions> {
  readonly port?: number;
  /** Workhorse's polling duration; 0 sends every poll to Rails. */
  readonly longPollMs?: number;
}

export interface GitLabServer {
  readonly url: string;
  readonly model: GitLabModel;
  readonly adminToken: string;
  readonly groupId: number;
  readonly projectId: number;
  close(): Promise<void>;
}

export async function startGitLab(options: ServerOptions = {}): Promise<GitLabServer> {
  const model = new GitLabModel({ ...options, now: options.now ?? Date.now, random: options.random ?? Math.random });
  const seeded = seed(model);
  const longPollMs = options.longPollMs ?? 50_000;
  const server = http.createServer((request, response) => {
    serve(model, longPollMs, request, response).catch((error: unknown) => {
      process.stderr.write(`lab gitlab: ${error instanceof Error ? (error.stack ?? error.message) : 'failed'}\n`);
      response.destroy();
    });
  });
  server.keepAliveTimeout = 30_000;
  const port = await onLoopback(server, options.port);
  return {
    url: `http://127.0.0.1:${port}`,
    model,
    ...seeded,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  model: GitLabModel,
  longPollMs: number,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const rawBody = await textOf(request);
  model.jobs.dropStuck();
  if (url.pathname.startsWith('/lab/')) return sendLab(model, request, url.pathname, rawBody, response);
  if (!url.pathname.startsWith('/api/v4/')) {
    const page = renderPage(model, decodeURIComponent(url.pathname));
    return finish(response, page.status, page.type, page.body);
  }
  const call: ApiRequest = {
    method: request.method ?? 'GET',
    path: url.pathname.slice('/api/v4'.length),
    query: url.searchParams,
    body: bodyOf(request.headers['content-type'] ?? '', rawBody),
    rawBody,
    token: tokenOf(request),
    ifUnmodifiedSince: one(request.headers['if-unmodified-since']),
    origin: `http://${request.headers.host ?? 'localhost'}`,
  };
  if (
    call.method === 'POST' &&
    call.path === '/jobs/request' &&
    longPollMs > 0 &&
    (await heldByWorkhorse(model, call, longPollMs, response))
  )
    return;
  send(model, respond(model, call), response);
}

const one = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header);

function tokenOf(request: http.IncomingMessage): string | undefined {
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  return one(request.headers['private-token']) ?? bearer;
}

async function textOf(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((resolve, reject) => request.once('end', resolve).once('error', reject));
  return Buffer.concat(chunks).toString('utf8');
}

const record = z.record(z.string(), z.unknown());

/** A JSON or form body as one flat record; `tag_list[]=a&tag_list[]=b` is an array. */
function bodyOf(contentType: string, text: string): Record<string, unknown> {
  if (text === '') return {};
  if (contentType.includes('application/x-www-form-urlencoded')) {
    const form: Record<string, unknown> = {};
    for (const key of new Set(new URLSearchParams(text).keys())) {
      const values = new URLSearchParams(text).getAll(key);
      if (key.endsWith('[]')) form[key.slice(0, -2)] = values;
      else form[key] = values.at(-1);
    }
    return form;
  }
  try {
    return record.catch({}).parse(JSON.parse(text));
  } catch {
    return {};
  }
}

/** Workhorse's share of a poll: true where it has answered without Rails (gitlab-facts B2). */
async function heldByWorkhorse(
  model: GitLabModel,
  call: ApiRequest,
  longPollMs: number,
  response: http.ServerResponse,
): Promise<boolean> {
  const token = z.string().optional().catch(undefined).parse(call.body['token']);
  const lastUpdate = z.string().optional().catch(undefined).parse(call.body['last_update']);
  // A GitLab that is down or broken is so for its proxy too.
  if (model.faults.all.length > 0 || !model.runners.shortCircuits(token, lastUpdate)) return false;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      clearTimeout(limit);
      letGo();
      response.off('close', go);
      resolve();
    };
    const limit = setTimeout(go, longPollMs);
    const letGo = model.runners.hold(token ?? '', go);
    response.once('close', go);
  });
  response.setHeader('Gitlab-Ci-Builds-Polling', 'yes');
  response.setHeader('Date', new Date(model.now()).toUTCString());
  finish(response, 204, undefined, '');
  return true;
}

function send(model: GitLabModel, outcome: Outcome, response: http.ServerResponse): void {
  switch (outcome.kind) {
    case 'cut':
      response.destroy();
      return;
    case 'silence':
      return;
    case 'reply': {
      const { status, body, headers } = outcome.reply;
      for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
      response.setHeader('Date', new Date(model.now()).toUTCString());
      response.setHeader('RateLimit-Limit', '7200');
      response.setHeader('RateLimit-Name', 'throttle_authenticated_api');
      response.setHeader('RateLimit-Remaining', '7000');
      response.setHeader('RateLimit-Observed', '200');
      response.setHeader('RateLimit-Reset', String(Math.floor(model.now() / 1000) + 60));
      const isJson = outcome.contentType === 'application/json';
      finish(
        response,
        status,
        status === 204 ? undefined : outcome.contentType,
        isJson ? JSON.stringify(body) : String(body),
      );
    }
  }
}

function finish(
  response: http.ServerResponse,
  status: number,
  contentType: string | undefined,
  text: string | undefined,
): void {
  response.statusCode = status;
  if (contentType) response.setHeader('Content-Type', contentType);
  response.end(status === 204 ? undefined : text);
}

const faultBody = z.object({
  kind: z.enum(FAULT_KINDS),
  method: z.string().optional(),
  pathPrefix: z.string().optional(),
  token: z.string().optional(),
  times: z.number().int().positive().optional(),
});
const jobBody = z.object({ project: z.number(), tags: z.array(z.string()), seconds: z.number().min(0) });

/** The lab's own switches; only for an administrator, and no part of GitLab. */
function sendLab(
  model: GitLabModel,
  request: http.IncomingMessage,
  path: string,
  rawBody: string,
  response: http.ServerResponse,
): void {
  const reply = (status: number, body: unknown): void =>
    finish(response, status, 'application/json', JSON.stringify(body));
  try {
    if (!model.access.authenticate(tokenOf(request)).user.admin) return reply(403, { message: 'for an administrator' });
  } catch {
    return reply(401, { message: 'give the admin token as PRIVATE-TOKEN' });
  }
  const body = bodyOf('', rawBody);
  switch (`${request.method} ${path}`) {
    case 'POST /lab/faults': {
      const fault = faultBody.safeParse(body);
      if (!fault.success) return reply(400, { message: `kind must be one of ${FAULT_KINDS.join(', ')}` });
      model.faults.add(fault.data);
      return reply(201, fault.data);
    }
    case 'DELETE /lab/faults':
      model.faults.clear();
      return reply(200, []);
    case 'POST /lab/redis-loss':
      model.runners.loseRedis();
      return reply(200, {});
    case 'POST /lab/jobs': {
      const job = jobBody.safeParse(body);
      if (!job.success) return reply(400, { message: 'give project (id), tags (array) and seconds' });
      return reply(201, { id: model.newJob(job.data.project, job.data.tags, job.data.seconds).id });
    }
    case 'GET /lab/jobs':
      return reply(
        200,
        [...model.jobs.all.values()].map(({ token: _, ...job }) => job),
      );
    default:
      return reply(404, { message: 'the lab knows /lab/faults, /lab/jobs and /lab/redis-loss' });
  }
}
