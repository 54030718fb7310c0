/** From a request to the endpoint that answers it, and the faults on the way. Synchronous: what waits is in the server. */
import type { GitLabModel } from '../model/gitlab.ts';
import type { FaultKind } from '../model/faults.ts';
import { accountRoutes } from '../api/accounts.ts';
import { jobRoutes } from '../api/jobs.ts';
import { issueRoutes } from '../api/issues.ts';
import { repositoryRoutes } from '../api/repository.ts';
import { runnerRoutes } from '../api/runners.ts';
import { answer, type Reply, type Route } from '../api/route.ts';

export interface ApiRequest {
  readonly method: string;
  /** Path under /api/v4, still encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly rawBody: string;
  readonly token: string | undefined;
  readonly ifUnmodifiedSince: string | undefined;
  /** Under which address the client reached it: links in answers begin with it. */
  readonly origin: string;
}

/** A reply, or what the connection does instead of one. */
export type Outcome =
  | { readonly kind: 'reply'; readonly reply: Reply; readonly contentType: string }
  | { readonly kind: 'cut' }
  | { readonly kind: 'silence' };

const literalness = (parts: readonly string[]): string =>
  parts.map((part) => (part.startsWith(':') ? '0' : '1')).join('');

/** Literal parts come before parameters, so that /runners/all is not a runner named `all`. */
const ROUTES: readonly { readonly route: Route; readonly parts: readonly string[] }[] = [
  ...accountRoutes,
  ...runnerRoutes,
  ...jobRoutes,
  ...issueRoutes,
  ...repositoryRoutes,
]
  .map((route) => ({ route, parts: route.pattern.split('/').slice(1) }))
  .toSorted((a, b) => literalness(b.parts).localeCompare(literalness(a.parts)));

function matchParts(parts: readonly string[], path: readonly string[]): Record<string, string> | undefined {
  if (parts.length !== path.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const given = path[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(given);
    else if (part !== given) return undefined;
  }
  return params;
}

const json = (reply: Reply): Outcome => ({
  kind: 'reply',
  reply,
  contentType: reply.headers?.['Content-Type'] ?? 'application/json',
});

/** Answers one call: faults first, then the endpoint, then what a fault does to its answer. */
export function respond(model: GitLabModel, request: ApiRequest): Outcome {
  const token = tokenName(model, request.token);
  const fault = model.faults.hit({ method: request.method, path: request.path, token });
  model.runners.frozen = model.faults.maintenance;
  const outcome = fault === undefined || fault === 'timeout-after' ? json(handle(model, request)) : faulty(fault);
  const status = outcome.kind === 'reply' ? outcome.reply.status : 0;
  model.emit({
    kind: 'request',
    at: model.now(),
    method: request.method,
    path: request.path,
    status,
    token: token ?? '',
  });
  return fault === 'timeout-after' ? { kind: 'silence' } : outcome;
}

function tokenName(model: GitLabModel, value: string | undefined): string | undefined {
  try {
    return model.access.authenticate(value).token.name;
  } catch {
    return undefined;
  }
}

function handle(model: GitLabModel, request: ApiRequest): Reply {
  const path = request.path.split('/').slice(1);
  for (const { route, parts } of ROUTES) {
    if (route.method !== request.method) continue;
    const params = matchParts(parts, path);
    if (!params) continue;
    const { method, query, body, rawBody, ifUnmodifiedSince, origin } = request;
    return answer(() =>
      route.handle({
        model,
        method,
        path: request.path,
        query,
        body,
        rawBody,
        ifUnmodifiedSince,
        origin,
        params,
        caller: (...extra) => {
          const caller = model.access.authenticate(request.token);
          model.access.requireScope(caller, method, extra);
          return caller;
        },
      }),
    );
  }
  return { status: 404, body: { error: '404 Not Found' } };
}

function faulty(kind: FaultKind): Outcome {
  const text = (status: number, body: string, contentType: string, headers?: Record<string, string>): Outcome => ({
    kind: 'reply',
    reply: { status, body, ...(headers && { headers }) },
    contentType,
  });
  switch (kind) {
    case 'maintenance':
      return json({ status: 503, body: { message: 'GitLab Maintenance: system is in maintenance mode' } });
    case 'read-only':
      return json({ status: 403, body: { message: 'You cannot perform write operations on a read-only instance' } });
    case 'html-502':
      return text(502, '<html><head><title>502 Bad Gateway</title></head><body>502</body></html>', 'text/html');
    case 'error-500':
      return json({ status: 500, body: { message: '500 Internal Server Error' } });
    case 'error-503':
      return text(503, '<html><body>503 Service Unavailable</body></html>', 'text/html');
    case 'rate-limit':
      return text(429, 'Retry later\n', 'text/plain', { 'Retry-After': '60' });
    case 'down':
      return { kind: 'cut' };
    case 'timeout-before':
    case 'timeout-after':
      return { kind: 'silence' };
  }
}
