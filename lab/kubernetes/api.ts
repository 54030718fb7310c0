/** The API server: Kubernetes' paths and verbs over HTTP on 127.0.0.1, without watches; clients poll. */
import * as http from 'node:http';
import type { Socket } from 'node:net';
import { onLoopback } from '../loopback.ts';
import { ApiError, badRequest, forbidden, noSuchResource, unauthorized } from './errors.ts';
import type { Identity, User } from './identity.ts';
import { apiVersionOf, KINDS, POD, SERVICE_ACCOUNT, type Kind } from './kinds.ts';
import { isRecord, timestamp } from './objects.ts';
import { isAllowed, refusal } from './rbac.ts';
import { fieldSelector, labelSelector } from './selectors.ts';
import type { Store } from './store.ts';

/** The API server refuses larger bodies (3 MiB, k8s.io/apiserver, MaxRequestBodyBytes). */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

interface Target {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly subresource?: string;
}

interface Reply {
  readonly code: number;
  readonly body: unknown;
}

export interface ApiServer {
  readonly url: string;
  /** Breaks every connection, old or new, until `up`. The port is kept, because the pods' config has the address. */
  down(): void;
  up(): void;
  close(): Promise<void>;
}

export async function serveApi(store: Store, identity: Identity, port = 0): Promise<ApiServer> {
  let isUp = true;
  const sockets = new Set<Socket>();
  const server = http.createServer((request, response) => {
    answer(store, identity, request)
      .catch((error: unknown) => failure(error))
      .then(({ code, body }) => {
        const text = JSON.stringify(body);
        response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
        response.end(text);
      })
      .catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    if (!isUp) return socket.destroy();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    return undefined;
  });
  const url = `http://127.0.0.1:${await onLoopback(server, port)}`;
  const breakAll = () => sockets.forEach((socket) => socket.destroy());
  return {
    url,
    down: () => {
      isUp = false;
      breakAll();
    },
    up: () => {
      isUp = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        breakAll();
      }),
  };
}

function failure(error: unknown): Reply {
  if (error instanceof ApiError) return { code: error.code, body: error.toStatus() };
  const message = `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`;
  return { code: 500, body: new ApiError(500, 'InternalError', message).toStatus() };
}

async function answer(store: Store, identity: Identity, request: http.IncomingMessage): Promise<Reply> {
  const url = new URL(request.url ?? '/', 'http://lab');
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '');
  const user = bearer?.[1] === undefined ? undefined : identity.authenticate(bearer[1]);
  if (!user) throw unauthorized();
  if (['/healthz', '/livez', '/readyz'].includes(url.pathname)) return { code: 200, body: 'ok' };
  if (url.pathname === '/version') return { code: 200, body: { major: '1', minor: '36', gitVersion: 'v1.36.0-lab' } };
  const target = targetOf(url.pathname);
  if (!target) {
    if (user.groups.includes('system:masters')) throw noSuchResource();
    const verb = (request.method ?? 'GET').toLowerCase();
    throw new ApiError(403, 'Forbidden', `forbidden: User "${user.name}" cannot ${verb} path "${url.pathname}"`);
  }
  const verb = verbOf(request.method ?? 'GET', target, url);
  authorise(store, user, verb, target);
  const body = ['POST', 'PUT', 'PATCH', 'DELETE'].includes(request.method ?? '') ? await jsonBody(request) : undefined;
  return act(store, identity, verb, target, url, body, request.headers['content-type'] ?? '');
}

/** `/api/v1/…` and `/apis/<group>/<version>/…` with `[namespaces/<ns>/]<plural>[/<name>[/<subresource>]]` */
function targetOf(path: string): Target | undefined {
  const [root, ...rest] = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const [group, version, ...parts] = root === 'api' ? ['', ...rest] : root === 'apis' ? rest : [];
  const scoped = parts[0] === 'namespaces' && parts.length >= 3;
  const namespace = scoped ? (parts[1] ?? '') : '';
  const [plural, name = '', subresource, more] = scoped ? parts.slice(2) : parts;
  const kind = KINDS.find((each) => each.group === group && each.version === version && each.plural === plural);
  if (!kind || more !== undefined || (scoped && !kind.namespaced)) return undefined;
  if (kind.namespaced && namespace === '' && name !== '') return undefined;
  return { kind, namespace, name, ...(subresource === undefined ? {} : { subresource }) };
}

function verbOf(method: string, target: Target, url: URL): string {
  const one = target.name !== '';
  if (method === 'GET' && !one && /^(1|true)$/.test(url.searchParams.get('watch') ?? '')) return 'watch';
  const verb = {
    GET: one ? 'get' : 'list',
    POST: 'create',
    PUT: 'update',
    PATCH: 'patch',
    DELETE: one ? 'delete' : 'deletecollection',
  }[method];
  if (
    verb === undefined ||
    (one && method === 'POST' && target.subresource === undefined) ||
    (!one && /PUT|PATCH/.test(method))
  )
    throw new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
  return verb;
}

function authorise(store: Store, user: User, verb: string, target: Target): void {
  const attempt = { verb, ...target };
  if (!isAllowed(user, attempt, store)) throw forbidden(target.kind, target.name, refusal(user, attempt));
}

function act(
  store: Store,
  identity: Identity,
  verb: string,
  target: Target,
  url: URL,
  body: unknown,
  contentType: string,
): Reply {
  const { kind, namespace, name, subresource } = target;
  if (kind === SERVICE_ACCOUNT && subresource === 'token' && verb === 'create')
    return { code: 201, body: tokenRequest(identity, target, body) };
  if (subresource !== undefined && subresource !== 'status') throw noSuchResource();
  switch (verb) {
    case 'list':
      return { code: 200, body: list(store, target, url.searchParams) };
    case 'get':
      return { code: 200, body: store.get(kind, namespace, name) };
    case 'create':
      return { code: 201, body: store.create(kind, namespace, body) };
    case 'update':
      return { code: 200, body: store.update(kind, namespace, name, body, subresource) };
    case 'patch':
      if (!/^application\/(strategic-)?merge-patch\+json/.test(contentType))
        throw new ApiError(
          415,
          'UnsupportedMediaType',
          `the body of the request was in an unknown format: ${contentType}`,
        );
      return { code: 200, body: store.patch(kind, namespace, name, body, subresource) };
    case 'delete':
      return { code: 200, body: remove(store, target, body) };
    default:
      throw new ApiError(405, 'MethodNotAllowed', `this lab’s API server does not support ${verb}`);
  }
}

function remove(store: Store, { kind, namespace, name }: Target, body: unknown): unknown {
  const options = isRecord(body) ? body : {};
  const grace = options['gracePeriodSeconds'];
  const uid = isRecord(options['preconditions']) ? options['preconditions']['uid'] : undefined;
  const removed = store.delete(kind, namespace, name, {
    ...(typeof grace === 'number' ? { gracePeriodSeconds: grace } : {}),
    ...(typeof uid === 'string' ? { uid } : {}),
  });
  if (kind === POD) return store.find(kind, namespace, name) ?? removed;
  const details = { name, kind: kind.plural, uid: removed.metadata.uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

function tokenRequest(identity: Identity, target: Target, body: unknown): unknown {
  const spec = isRecord(body) && isRecord(body['spec']) ? body['spec'] : {};
  const seconds = spec['expirationSeconds'];
  const bound = spec['boundObjectRef'];
  const pod =
    isRecord(bound) && typeof bound['name'] === 'string' && typeof bound['uid'] === 'string'
      ? { name: bound['name'], uid: bound['uid'] }
      : undefined;
  const issued = identity.issue({
    namespace: target.namespace,
    serviceAccount: target.name,
    ...(typeof seconds === 'number' ? { expirationSeconds: seconds } : {}),
    ...(pod ? { pod } : {}),
  });
  const status = { token: issued.token, expirationTimestamp: timestamp(issued.expiresAt) };
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name: target.name },
    spec,
    status,
  };
}

function list(store: Store, { kind, namespace }: Target, query: URLSearchParams): unknown {
  const labels = labelSelector(query.get('labelSelector') ?? '');
  const fields = fieldSelector(query.get('fieldSelector') ?? '');
  const all = store.list(kind, namespace).filter((object) => labels(object) && fields(object));
  const start = query.get('continue') ?? '';
  const after = start === '' ? '' : Buffer.from(start, 'base64url').toString('utf8');
  const rest = all.filter((object) => positionOf(object) > after);
  const limit = Number(query.get('limit') ?? '0');
  const items = limit > 0 ? rest.slice(0, limit) : rest;
  const last = items.at(-1);
  const more = rest.length - items.length;
  const page =
    more > 0 && last ? { continue: Buffer.from(positionOf(last)).toString('base64url'), remainingItemCount: more } : {};
  return {
    kind: `${kind.kind}List`,
    apiVersion: apiVersionOf(kind),
    metadata: { resourceVersion: store.resourceVersion, ...page },
    items: items.map(({ apiVersion: _version, kind: _kind, ...item }) => item),
  };
}

const positionOf = (object: { readonly metadata: { readonly namespace?: string; readonly name: string } }): string =>
  `${object.metadata.namespace ?? ''}/${object.metadata.name}`;

async function jsonBody(request: http.IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  const incoming: AsyncIterable<Uint8Array> = request;
  for await (const chunk of incoming) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_BODY_BYTES) throw new ApiError(413, 'RequestEntityTooLarge', 'limit is 3145728');
    chunks.push(bytes);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw badRequest('the body is not valid JSON');
  }
}
