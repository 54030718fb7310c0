/** The embedded GitLab over HTTP, on loopback: the API, Workhorse's long poll, the switches of the lab and pages for a browser. */
import * as http from 'node:http';
import { onLoopback } from '../loopback.ts';
import { answer } from './api/route.ts';
import { GitLabModel, seed, type GitLabOptions } from './model/gitlab.ts';
import { json, type Outcome } from './http/outcome.ts';
import { renderPage } from './http/pages.ts';
import { finish, send } from './http/reply.ts';
import { apiRequest, isApi, readBody, urlOf, type ApiRequest } from './http/request.ts';
import { respond } from './http/router.ts';
import { sendSwitch } from './http/switches.ts';
import { hold, isHeld } from './http/workhorse.ts';

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
  return { model, ...seeded, ...(await serveGitLab(model, options)) };
}

/** The API of a model over HTTP. */
export async function serveGitLab(
  model: GitLabModel,
  options: Pick<ServerOptions, 'port' | 'longPollMs'> = {},
): Promise<Pick<GitLabServer, 'url' | 'close'>> {
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
  const url = urlOf(request);
  const body = await readBody(request);
  model.jobs.expire();
  if (url.pathname.startsWith('/lab/')) return sendSwitch(model, request, url.pathname, body, response);
  if (!isApi(url)) {
    const page = renderPage(model, decodeURIComponent(url.pathname));
    return finish(response, page.status, page.type, page.body);
  }
  const call = await readRequest(request, body);
  if ('kind' in call) return send(call, model.now(), response);
  if (longPollMs > 0 && isHeld(model, call)) return hold(model, call, longPollMs, response);
  return send(respond(model, call), model.now(), response);
}

/** A body that cannot be read is answered before any endpoint sees the call. */
async function readRequest(request: http.IncomingMessage, body: Buffer): Promise<ApiRequest | Outcome> {
  try {
    return await apiRequest(request, body);
  } catch (error) {
    return json(
      answer(() => {
        throw error;
      }),
    );
  }
}
