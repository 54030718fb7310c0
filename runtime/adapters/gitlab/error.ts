/** Why a call to GitLab failed, in words that say who answered. */
import * as z from 'zod';
import type { HttpResponse } from '../http/http.ts';
import { dateOf } from './headers.ts';

/** GitLab refused, or did not answer. Carries no header and no request: they hold the token. */
export class GitLabError extends Error {
  override readonly name = 'GitLabError';
  /** 0 where no answer came. */
  readonly status: number;
  /** One line: the error in GitLab's body, or what answered instead of GitLab. */
  readonly detail: string;
  /** GitLab's time from the `Date` of the answer, where there was one. */
  readonly at: number | undefined;
  /** GitLab's API wrote this answer: it is JSON in the shape of its errors. A proxy's page says nothing about GitLab. */
  readonly isGitLabs: boolean;

  constructor(call: string, failure: Failure) {
    const { status, detail } = failure;
    // GitLab's own texts often begin with the status.
    const said = status === 0 || detail.startsWith(`${status}`) ? detail : `${status} ${detail}`;
    super(`${call}: ${said}`.trim());
    this.status = status;
    this.detail = detail;
    this.at = failure.at;
    this.isGitLabs = failure.isGitLabs ?? false;
  }
}

export interface Failure {
  readonly status: number;
  readonly detail: string;
  readonly at?: number | undefined;
  readonly isGitLabs?: boolean;
}

const errorBody = z
  .object({
    message: z.unknown().optional(),
    error: z.unknown().optional(),
    error_description: z.unknown().optional(),
  })
  .refine(({ message, error }) => message !== undefined || error !== undefined);

/** What a response that is not a success says. `url` is the address that was asked. */
export function failureOf(response: HttpResponse, url: URL): Failure {
  const { status } = response;
  const at = dateOf(response.headers);
  if (status >= 300 && status < 400) return { status, at, detail: redirectOf(response, url) };
  if (status === 407)
    return { status, at, detail: 'a proxy requires a user name and a password; the call did not reach GitLab' };
  if (isPage(response)) return { status, at, detail: PAGE };
  const own = ownDetail(response.text);
  if (own !== undefined) return { status, at, detail: own, isGitLabs: true };
  return { status, at, detail: oneLine(response.text) };
}

const PAGE = 'an HTML page of a proxy, a firewall or a login, not an answer of GitLab’s API';

const isPage = ({ headers, text }: HttpResponse): boolean =>
  text.trimStart().startsWith('<') || /^text\/html\b/i.test(headers['content-type'] ?? '');

/** A success whose body is not the JSON that the API sends. */
export const notJson = (response: HttpResponse): string =>
  isPage(response) ? PAGE : 'the answer is not JSON, so it is not an answer of GitLab’s API';

/** The target without its query, which may hold a secret. */
function redirectOf({ headers }: HttpResponse, url: URL): string {
  const { location } = headers;
  if (location === undefined || !URL.canParse(location, url.href))
    return 'a redirect without a valid target, not an answer of GitLab’s API';
  const target = new URL(location, url);
  return `a redirect to ${target.origin}${target.pathname}, not an answer of GitLab’s API: check gitlab.url`;
}

function ownDetail(text: string): string | undefined {
  try {
    const body = errorBody.safeParse(JSON.parse(text));
    if (!body.success) return undefined;
    const { message, error, error_description: description } = body.data;
    return oneLine(
      [message, error, description]
        .filter((part) => part !== undefined)
        .map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
        .join(' '),
    );
  } catch {
    // A text body, as a rate limit sends it, is shown as it is.
    return undefined;
  }
}

const oneLine = (text: string): string =>
  text
    .trim()
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .slice(0, 200);
