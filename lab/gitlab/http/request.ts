/** A request over HTTP as the endpoints see it. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { paramsOf, type Params } from './params.ts';

export interface ApiRequest {
  readonly method: string;
  /** Path under /api/v4, still encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Query and body. */
  readonly params: Params;
  readonly body: Buffer;
  readonly headers: IncomingHttpHeaders;
  readonly token: string | undefined;
  /** The address by which the client reached GitLab: links in answers begin with it. */
  readonly origin: string;
}

const API = '/api/v4';

export const isApi = (url: URL): boolean => url.pathname.startsWith(`${API}/`);

export const urlOf = (request: IncomingMessage): URL => new URL(request.url ?? '/', 'http://localhost');

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((resolve, reject) => request.once('end', resolve).once('error', reject));
  return Buffer.concat(chunks);
}

/** Throws where the body is not what its type says. */
export async function apiRequest(request: IncomingMessage, body: Buffer): Promise<ApiRequest> {
  const url = urlOf(request);
  return {
    method: request.method ?? 'GET',
    path: url.pathname.slice(API.length),
    query: url.searchParams,
    params: await paramsOf(url.searchParams, request.headers['content-type'] ?? '', body),
    body,
    headers: request.headers,
    token: tokenOf(request.headers),
    origin: `http://${request.headers.host ?? 'localhost'}`,
  };
}

/** One header's value; undefined where it is absent. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** `PRIVATE-TOKEN`, or a bearer token. */
export const tokenOf = (headers: IncomingHttpHeaders): string | undefined =>
  headerOf(headers, 'private-token') ?? /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
