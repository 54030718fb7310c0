/**
 * Calls of GitLab as gitlab-runner makes them (network/): 408, 429 and 5xx are tried up to five times with the waits
 * that GitLab asks for. A call is counted once, at its end, with its last status; status -1 is a call that got no answer, or
 * that a drain has cancelled.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { REQUESTS, RETRIES, type Metrics } from './metrics.ts';

const TRIES = 5;
const RETRIED = new Set([408, 429, 500, 502, 503, 504]);
const NO_ANSWER = -1;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 60_000;
/** A held poll takes up to a minute and more; this only ends a connection that died without a word. */
const SILENCE_MS = 10 * 60 * 1000;

export interface ApiCall {
  readonly endpoint: 'request_job' | 'update_job' | 'patch_trace';
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

export interface ClientIdentity {
  readonly url: string;
  /** The label of the metrics: the token's first characters. */
  readonly runner: string;
  readonly systemId: string;
}

export class GitLabClient {
  readonly #identity: ClientIdentity;
  readonly #metrics: Metrics;
  readonly #secure: boolean;
  readonly #agent: http.Agent;

  constructor(identity: ClientIdentity, metrics: Metrics) {
    this.#identity = identity;
    this.#metrics = metrics;
    this.#secure = identity.url.startsWith('https:');
    this.#agent = this.#secure ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true });
  }

  /** Rejects when no answer came. */
  async call(call: ApiCall): Promise<ApiAnswer> {
    let retries = 0;
    try {
      for (;;) {
        const answer = await this.#send(call);
        const isLast = retries === TRIES - 1;
        if (isLast || !(RETRIED.has(answer.status) || answer.status >= 512)) {
          this.#count(call, answer.status);
          return answer;
        }
        await sleep(waitMs(answer.headers, retries, Date.now(), Math.random()), undefined, { signal: call.signal });
        retries += 1;
      }
    } catch (error) {
      this.#count(call, NO_ANSWER);
      throw error;
    } finally {
      const path = `/api/v4${call.path.split('?')[0] ?? ''}`.replace(/\/\d+(?=\/|$)/g, '/{id}');
      if (retries > 0) this.#metrics.add(RETRIES, { path, method: call.method.toLowerCase() }, retries);
    }
  }

  #count(call: ApiCall, status: number): void {
    this.#metrics.add(REQUESTS, {
      runner: this.#identity.runner,
      system_id: this.#identity.systemId,
      endpoint: call.endpoint,
      status: String(status),
      method: call.method.toLowerCase(),
    });
  }

  #send({ method, path, headers, body, signal }: ApiCall): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      const request = (this.#secure ? https : http).request(
        `${this.#identity.url}/api/v4${path}`,
        {
          method,
          agent: this.#agent,
          signal,
          timeout: SILENCE_MS,
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            accept: 'application/json',
            'user-agent': 'gitlab-runner lab',
            ...headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: Buffer.concat(chunks).toString(),
            }),
          );
        },
      );
      request.on('timeout', () => request.destroy(new Error('no answer')));
      request.on('error', reject);
      request.end(body);
    });
  }
}

/** `RateLimit-ResetTime`, then `Retry-After`, else 100 ms doubling with jitter (retry_requester.go). */
export function waitMs(headers: http.IncomingHttpHeaders, retries: number, now: number, random: number): number {
  const reset = Date.parse(String(headers['ratelimit-resettime'] ?? '')) - now;
  if (reset > 0) return reset;
  const after = String(headers['retry-after'] ?? '');
  if (/^[1-9]\d*$/.test(after)) return Number(after) * 1000;
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** retries);
  return FIRST_WAIT_MS + random * (longest - FIRST_WAIT_MS);
}
