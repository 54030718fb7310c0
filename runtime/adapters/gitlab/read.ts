/**
 * GitLab's answers as values of the ports. Only what is documented for a call counts: something is absent only if the 404 names
 * it, and a call has succeeded only with the documented status and body. Everything else is unknown.
 */
import * as z from 'zod';
import { unknown, type Found, type Read, type Unknown } from '../../core/model/read.ts';
import type { CreateResult } from '../../ports.ts';
import { GitLabError } from './error.ts';
import { dateOf } from './headers.ts';

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** What GitLab documents for a call. */
export interface Expected<T, V> {
  /** 200 unless it makes something. */
  readonly status?: 200 | 201;
  readonly body: z.ZodType<T>;
  readonly view: (body: T) => V;
  /** The messages of a 404 that say that what was asked for does not exist. Without them no 404 proves anything. */
  readonly absent?: readonly string[];
  /** What the reader of an error can do. */
  readonly advise?: (error: GitLabError) => string | undefined;
}

/** Newer releases, and those before 18 (gitlab-facts A6). Another spelling is another 404: of a route, of a proxy. */
export const NO_RUNNER = ['404 Runner Not Found', '404 Not found'];
/** The only proof that a file is absent: while Gitaly does not answer, every file is `404 Commit Not Found`. */
export const NO_FILE = ['404 File Not Found'];

export async function readOf<T, V>(call: Promise<Reply>, expected: Expected<T, V>): Promise<Read<V>> {
  const { status = 200, body, view } = expected;
  try {
    const reply = await call;
    const problem = problemOf(reply, status);
    if (problem !== undefined) return unknown(problem);
    const parsed = body.safeParse(reply.body);
    if (!parsed.success) return unknown('GitLab’s answer has an unexpected form');
    const at = dateOf(reply.headers);
    return at === undefined ? unknown('GitLab’s answer has no Date') : { kind: 'found', value: view(parsed.data), at };
  } catch (error) {
    if (!(error instanceof GitLabError)) throw error;
    return failedRead(error, expected);
  }
}

/** What an error proves: an absence only where a 404 names the missing thing itself. */
export function failedRead(
  error: GitLabError,
  { absent = [], advise = adviceOf }: Pick<Expected<unknown, unknown>, 'absent' | 'advise'>,
): Exclude<Read<never>, Found<never>> {
  if (error.status === 404 && error.isGitLabs && error.at !== undefined && absent.includes(error.detail))
    return { kind: 'absent', at: error.at };
  return unknownOf(error, advise);
}

/** A commit is made when 201 names it (gitlab-facts D1): a proxy's 200, 204 or empty list is no commit. */
const madeCommit = z.object({
  status: z.literal(201),
  body: z.object({ id: z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/) }),
});

export const commitResult = (reply: Pick<Reply, 'status' | 'body'>): CreateResult =>
  madeCommit.safeParse(reply).success
    ? { kind: 'created' }
    : unknown(
        `GitLab answers a commit with 201 and its id, but this answer has status ${reply.status}: it is unknown whether the commit was made`,
      );

/** Another success than the documented one is not GitLab's: a proxy's, or of a release that this program does not know. */
const problemOf = ({ status }: Reply, documented: number): string | undefined =>
  status === documented ? undefined : `the answer has status ${status}, but GitLab’s has ${documented}`;

/** Only GitLab's own 403 means that the token lacks a right; a proxy's page or a read-only database's 403 (gitlab-facts F) does not. */
const TOKEN_FORBIDDEN = /^(403 Forbidden|insufficient_scope)/;

export function unknownOf(error: GitLabError, advise: Expected<unknown, unknown>['advise'] = adviceOf): Unknown {
  const forbidden = error.status === 403 && error.isGitLabs && TOKEN_FORBIDDEN.test(error.detail);
  const advice = advise(error);
  return {
    ...unknown(advice === undefined ? error.message : `${error.message} (${advice})`),
    ...(forbidden && { forbidden }),
  };
}

/** What the 404s mean that name something else than what was asked for. */
const NOT_FOUND: Readonly<Record<string, string>> = {
  '404 Commit Not Found': 'the repository cannot be read: Gitaly may be down, or the branch is missing',
  '404 Tree Not Found': 'the repository cannot be read: Gitaly may be down, or the branch is missing',
  '404 Repository Not Found': 'the repository cannot be read: Gitaly may be down, or it was never created',
  '404 Project Not Found': 'the project does not exist, or the token may not see it',
  '404 Group Not Found': 'the group does not exist, or the token may not see it',
};

/** What the reader can do about an error of the runtime's own tokens, or what it means. */
export function adviceOf(error: GitLabError): string | undefined {
  const { status, detail, isGitLabs } = error;
  if (status === 0 && /certificate/i.test(detail))
    return 'if a private authority signed GitLab’s certificate, give it as gitlab.caCertificate and run pulumi up';
  if (!isGitLabs) return undefined;
  switch (status) {
    case 401:
      return 'the token is invalid, expired or revoked: run pulumi up to renew it; if you set it as tokens.…, create a new one first';
    case 403:
      return TOKEN_FORBIDDEN.test(detail)
        ? 'the token lacks the role or scope: see the tokens in README.md'
        : undefined;
    case 404:
      return NOT_FOUND[detail] ?? 'this 404 does not prove that it is missing';
    default:
      return undefined;
  }
}

type Expanded = Promise<{ readonly data: unknown; readonly headers: Record<string, string>; readonly status: number }>;

/** gitbeaker's expanded answer as the requester gives it. */
export async function expanded(call: Expanded): Promise<Reply> {
  const { data, headers, status } = await call;
  return { status, body: data, headers };
}
