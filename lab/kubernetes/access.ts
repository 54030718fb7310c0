/** Plain HTTP calls of a Kubernetes API, the lab's or a real one, with a token. */
import * as http from 'node:http';
import * as https from 'node:https';
import { ApiError } from './errors.ts';
import { isRecord } from './objects.ts';

export interface KubernetesAccess {
  readonly url: string;
  readonly token: string;
  /** PEM of the CA of an `https:` address. */
  readonly ca?: string;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** The time limit of a call. An overloaded API server answers late. */
const TIMEOUT_MS = 20_000;

export class KubernetesApi {
  readonly #access: KubernetesAccess;
  readonly #agent: http.Agent;

  constructor(access: KubernetesAccess) {
    this.#access = access;
    this.#agent = access.url.startsWith('https:')
      ? new https.Agent({ keepAlive: true, ...(access.ca === undefined ? {} : { ca: access.ca }) })
      : new http.Agent({ keepAlive: true });
  }

  /** Undefined for a GET or DELETE of an object that does not exist; throws an ApiError for any other refusal. */
  async call(method: Method, path: string, body?: unknown): Promise<Record<string, unknown> | undefined> {
    const { status, text } = await this.send(method, path, body);
    if (status === 404 && (method === 'GET' || method === 'DELETE')) return undefined;
    const answer = jsonOf(text);
    if (status >= 200 && status < 300) return answer;
    const { reason, message } = answer;
    const why = typeof message === 'string' ? message : text.slice(0, 300);
    throw new ApiError(status, typeof reason === 'string' ? reason : '', `${method} ${path}: ${status} ${why}`);
  }

  /** The answer with any status. A patch is a merge patch. */
  async send(method: Method, path: string, body?: unknown): Promise<Reply> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const text = body === undefined ? undefined : JSON.stringify(body);
    try {
      return await this.#once(method, path, type, text);
    } catch (error) {
      // The server closed an idle connection just when it was used again: nothing was sent.
      if (!(error instanceof StaleConnection)) throw error;
      return this.#once(method, path, type, text);
    }
  }

  /**
   * Calls `onEvent` at once and after each change in the collection of this path, until the result is called. A watch that
   * breaks is started again, and that counts as a change.
   */
  watch(path: string, onEvent: () => void): () => void {
    let ended = false;
    let request: http.ClientRequest | undefined;
    let timer: NodeJS.Timeout | undefined;
    const again = (): void => {
      if (!ended) timer = setTimeout(open, WATCH_AGAIN_MS);
    };
    const open = (): void => {
      request = this.#request('GET', `${path}${path.includes('?') ? '&' : '?'}watch=true`, {}, (response) => {
        response.on('data', onEvent);
        response.on('error', () => undefined);
        response.on('close', again);
      });
      request.on('error', again);
      request.end();
    };
    open();
    return () => {
      ended = true;
      clearTimeout(timer);
      request?.destroy();
    };
  }

  close(): void {
    this.#agent.destroy();
  }

  #once(method: Method, path: string, type: string, body: string | undefined): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) };
      const request = this.#request(method, path, headers, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      });
      request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
      request.on('error', (error) => {
        const stale = request.reusedSocket && 'code' in error && error.code === 'ECONNRESET';
        const why = `${method} ${this.#access.url}${path}: ${error.message}`;
        reject(stale ? new StaleConnection(why) : new Error(why, { cause: error }));
      });
      request.end(body);
    });
  }

  #request(
    method: Method,
    path: string,
    headers: http.OutgoingHttpHeaders,
    onResponse: (response: http.IncomingMessage) => void,
  ): http.ClientRequest {
    const secure = this.#access.url.startsWith('https:');
    return (secure ? https : http).request(
      new URL(path, this.#access.url),
      {
        method,
        agent: this.#agent,
        headers: { authorization: `Bearer ${this.#access.token}`, accept: 'application/json', ...headers },
      },
      onResponse,
    );
  }
}

const WATCH_AGAIN_MS = 500;

class StaleConnection extends Error {}

/** Kubernetes writes an unknown time as null; for a reader this is the same as an absent field. */
const withoutNulls = (_key: string, value: unknown): unknown => (value === null ? undefined : value);

function jsonOf(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text, withoutNulls);
    return isRecord(parsed) ? parsed : {};
  } catch {
    return {};
  }
}
