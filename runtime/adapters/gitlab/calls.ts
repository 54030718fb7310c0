/**
 * One call of GitLab's API. One time limit r covers a call with its retry; only reads are repeated, for a write that seemed to fail
 * may have been applied. `Retry-After` and `RateLimit-Reset` are obeyed within r, else the call fails at once and the round continues
 * without it. An answer from a cache is a failure: it may be of any age.
 */
import * as z from 'zod';
import type { HttpRequest, HttpResponse, HttpSend } from '../http/http.ts';
import type { Clock } from '../../ports.ts';
import { failureOf, GitLabError, notJson } from './error.ts';
import { askedPauseMs, cachedFor, dateOf } from './headers.ts';

const REPEATABLE = new Set([408, 429, 500, 502, 503, 504]);
const PAUSE_BEFORE_REPEAT_MS = 250;

const jsonBody = z.union([z.record(z.string(), z.unknown()), z.array(z.record(z.string(), z.unknown()))]);

type Body = z.infer<typeof jsonBody> | null;

/** GitLab's answer with a status of success. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: Body;
  readonly headers: Record<string, string>;
}

/** Rejects with a GitLabError where GitLab does not answer with success. */
export type ApiCall = (request: Omit<HttpRequest, 'timeoutMs'>) => Promise<ApiAnswer>;

function bodyOf(call: string, response: HttpResponse): Body {
  if (response.text === '') return null;
  try {
    return jsonBody.parse(JSON.parse(response.text));
  } catch {
    throw new GitLabError(call, {
      status: response.status,
      detail: notJson(response),
      at: dateOf(response.headers),
    });
  }
}

export interface CallOptions {
  readonly send: HttpSend;
  readonly clock: Clock;
  /** r: the limit of one call with its retry, in ms. */
  readonly requestMs: number;
}

/** One try: the response, or why it cannot be used. */
async function tryOnce(send: HttpSend, call: string, request: HttpRequest): Promise<HttpResponse | GitLabError> {
  try {
    const response = await send(request);
    const age = cachedFor(response.headers);
    if (age === undefined) return response;
    const detail = `the answer comes from a cache (Age: ${age.slice(0, 20)}), not from GitLab: no proxy may cache the API`;
    return new GitLabError(call, { status: response.status, detail });
  } catch (error) {
    return new GitLabError(call, { status: 0, detail: error instanceof Error ? error.message : 'the call failed' });
  }
}

const isRepeatable = (answer: HttpResponse | GitLabError): boolean =>
  answer.status === 0 || REPEATABLE.has(answer.status);

export function createCalls({ send, clock, requestMs }: CallOptions): ApiCall {
  return async ({ method, url, headers, body }) => {
    const call = `${method} ${url.pathname}`;
    const isRead = method === 'GET' || method === 'HEAD';
    const deadline = clock.now() + requestMs;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await tryOnce(send, call, {
        method,
        url,
        headers: { ...headers, 'cache-control': 'no-cache' },
        // A read leaves room for its repetition; a write has the whole time to itself.
        timeoutMs: isRead && attempt === 1 ? requestMs / 2 : deadline - clock.now(),
        ...(body !== undefined && { body }),
      });
      const isError = answer instanceof GitLabError;
      if (!isError && answer.status >= 200 && answer.status < 300)
        return { body: bodyOf(call, answer), headers: { ...answer.headers }, status: answer.status };
      const wait = (isError ? undefined : askedPauseMs(answer)) ?? PAUSE_BEFORE_REPEAT_MS;
      if (isRead && isRepeatable(answer) && attempt === 1 && clock.now() + wait < deadline) {
        await clock.sleep(wait);
        continue;
      }
      throw isError ? answer : new GitLabError(call, failureOf(answer, url));
    }
  };
}
