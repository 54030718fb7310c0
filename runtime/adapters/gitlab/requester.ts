/**
 * The requester under gitbeaker's resource classes. One time limit r covers a call with its retry; only reads are repeated,
 * for a write that seemed to fail may have been applied. `Retry-After` and `RateLimit-Reset` are obeyed within r, else the
 * call fails at once and the round goes on without it.
 * (gitbeaker's own handler repeats POSTs ten times within a quarter of a second: not ours.)
 */
import { createRequesterFn, type FormattedResponse } from '@gitbeaker/requester-utils';
import * as z from 'zod';
import type { HttpResponse, HttpSend } from '../http/http.ts';
import type { Clock } from '../../ports.ts';

/** GitLab said no, or nothing. Carries no header and no request: they hold the token. */
export class GitLabError extends Error {
  override readonly name = 'GitLabError';
  /** 0 where no answer came. */
  readonly status: number;
  /** What GitLab's body says, one line. */
  readonly detail: string;
  /** GitLab's time from the answer's `Date`, where there was one. */
  readonly at: number | undefined;

  constructor(call: string, status: number, detail: string, at: number | undefined) {
    // GitLab's own texts often begin with the status.
    const said = status === 0 || detail.startsWith(`${status}`) ? detail : `${status} ${detail}`;
    super(`${call}: ${said}`.trim());
    this.status = status;
    this.detail = detail;
    this.at = at;
  }
}

const optionsSchema = z.object({
  method: z.string().default('GET'),
  headers: z.record(z.string(), z.string()).default({}),
  prefixUrl: z.string(),
  searchParams: z.string().optional(),
  body: z.string().optional(),
});

const REPEATABLE = new Set([408, 429, 500, 502, 503, 504]);
const PAUSE_BEFORE_REPEAT_MS = 250;

/** GitLab's time, from the `Date` header: whole seconds. */
export function dateOf(headers: Readonly<Record<string, string>>): number | undefined {
  const ms = Date.parse(headers['date'] ?? '');
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

/**
 * How long a refusal asks to wait, in ms. RateLimit-Reset comes with every answer and means something only in a 429; it is a
 * time, so it is read against the answer's own Date.
 */
function askedPauseMs({ status, headers }: Pick<HttpResponse, 'status' | 'headers'>): number | undefined {
  const after = headers['retry-after'];
  if (after !== undefined && /^\d+$/.test(after)) return Number(after) * 1000;
  if (status !== 429) return undefined;
  const reset = headers['ratelimit-reset'];
  const at = dateOf(headers);
  if (reset !== undefined && /^\d+$/.test(reset) && at !== undefined) return Math.max(0, Number(reset) - at) * 1000;
  return undefined;
}

const errorBody = z.object({
  message: z.unknown().optional(),
  error: z.unknown().optional(),
  error_description: z.unknown().optional(),
});

/** One line of what an error body says; a proxy's HTML page says nothing worth a log line. */
function detailOf(response: HttpResponse): string {
  const text = response.text.trim();
  if (text.startsWith('<')) return 'an HTML page, not an answer of the API';
  let said = text;
  try {
    const body = errorBody.safeParse(JSON.parse(text));
    if (body.success) {
      const { message, error, error_description: description } = body.data;
      said = [message, error, description]
        .filter((part) => part !== undefined)
        .map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
        .join(' ');
    }
  } catch {
    // A text body, as a rate limit sends it, is shown as it is.
  }
  return said.replaceAll(/\s+/g, ' ').slice(0, 200);
}

function bodyOf(call: string, response: HttpResponse): Record<string, unknown> | Record<string, unknown>[] | null {
  if (response.text === '') return null;
  try {
    const parsed: unknown = JSON.parse(response.text);
    return z.union([z.record(z.string(), z.unknown()), z.array(z.record(z.string(), z.unknown()))]).parse(parsed);
  } catch {
    throw new GitLabError(
      call,
      response.status,
      'the answer is not the JSON that was expected',
      dateOf(response.headers),
    );
  }
}

export interface RequesterOptions {
  readonly send: HttpSend;
  readonly clock: Clock;
  /** r: the limit of one call with its retry, in ms. */
  readonly requestMs: number;
}

/** The function that gitbeaker's classes take as `requesterFn`. */
export function createRequester({ send, clock, requestMs }: RequesterOptions) {
  return createRequesterFn(
    (_resource, options) => Promise.resolve(options),
    async (endpoint, rawOptions): Promise<FormattedResponse> => {
      const options = optionsSchema.parse(rawOptions);
      const url = new URL(`${options.prefixUrl.replace(/\/+$/, '')}/${endpoint}`);
      url.search = options.searchParams ?? '';
      const call = `${options.method} ${url.pathname}`;
      const isRead = options.method === 'GET' || options.method === 'HEAD';
      const deadline = clock.now() + requestMs;
      for (let attempt = 1; ; attempt += 1) {
        // A read leaves room for its repetition; a write has the whole time to itself.
        const limit = isRead && attempt === 1 ? requestMs / 2 : deadline - clock.now();
        const body = options.body === undefined ? {} : { body: options.body };
        const answer = await send({
          method: options.method,
          url,
          headers: options.headers,
          timeoutMs: limit,
          ...body,
        }).catch(
          (error: unknown) => new GitLabError(call, 0, error instanceof Error ? error.message : 'failed', undefined),
        );
        if (!(answer instanceof GitLabError) && answer.status < 300)
          return { body: bodyOf(call, answer), headers: { ...answer.headers }, status: answer.status };
        const pause = answer instanceof GitLabError ? undefined : askedPauseMs(answer);
        const repeatable = answer instanceof GitLabError || REPEATABLE.has(answer.status);
        const wait = pause ?? PAUSE_BEFORE_REPEAT_MS;
        if (isRead && repeatable && attempt === 1 && clock.now() + wait < deadline) {
          await clock.sleep(wait);
          continue;
        }
        if (answer instanceof GitLabError) throw answer;
        throw new GitLabError(call, answer.status, detailOf(answer), dateOf(answer.headers));
      }
    },
  );
}
