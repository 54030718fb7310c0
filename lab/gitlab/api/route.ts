/** What an endpoint is: a pattern, and a function from a call to a reply. */
import * as z from 'zod';
import type { ApiRequest } from '../http/request.ts';
import type { Caller } from '../model/access.ts';
import { ApiError, invalidParameter, missingParameter, unlistedParameter } from '../model/errors.ts';
import type { GitLabModel } from '../model/gitlab.ts';

export interface Call extends ApiRequest {
  readonly model: GitLabModel;
  /** The decoded parts of the path that the pattern names. */
  readonly ids: Readonly<Record<string, string>>;
  /** Authenticates and checks the scope; `extra` scopes work beside api and read_api. */
  readonly caller: (...extra: string[]) => Caller;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type Method = (typeof METHODS)[number];

export interface Route {
  readonly method: Method;
  /** `/runners/:id`; a part that begins with a colon is a parameter. */
  readonly pattern: string;
  readonly handle: (call: Call) => Reply;
}

export const route = (method: Method, pattern: string, handle: (call: Call) => Reply): Route => ({
  method,
  pattern,
  handle,
});
export const ok = (body: unknown, status = 200): Reply => ({ status, body });
export const noContent: Reply = { status: 204, body: undefined };

/**
 * Parses parameters as Grape does: the first problem is the error, named by its parameter (`actions[0][action]`). Null for
 * an optional parameter counts as none.
 */
export function parse<T>(schema: z.ZodType<T>, input: Readonly<Record<string, unknown>>): T {
  const given = schema.safeParse(input);
  if (given.success) return given.data;
  const parsed = schema.safeParse(Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null)));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  // An element of a list has no name of its own: the list is named.
  const named = typeof issue?.path.at(-1) === 'number' ? issue.path.slice(0, -1) : issue?.path;
  const [first = '', ...rest] = named?.map(String) ?? [];
  const name = first + rest.map((key) => `[${key}]`).join('');
  if (valueAt(input, issue?.path ?? []) === undefined) throw missingParameter(name);
  throw issue?.code === 'invalid_value' ? unlistedParameter(name) : invalidParameter(name);
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
    input,
  );
}

/** Booleans and numbers as forms and queries send them; Grape takes Python's `True` as well. */
export const flag = z.union([
  z.boolean(),
  z
    .string()
    .regex(/^(1|0|on|off|t|f|true|false|y|n|yes|no)$/i)
    .transform((text) => /^(1|on|t|true|y|yes)$/i.test(text)),
]);
export const count = z.union([z.number().int(), z.string().regex(/^\d+$/).transform(Number)]);
export const textList = z.union([z.array(z.string()), z.string().transform((text) => text.split(','))]);

/** Offset pagination with GitLab's headers: 20 a page, at most 100. */
export function page(call: Call, items: readonly unknown[]): Reply {
  const number = Math.max(1, Number(call.query.get('page') ?? 1) || 1);
  const size = Math.min(100, Math.max(1, Number(call.query.get('per_page') ?? 20) || 20));
  const pages = Math.max(1, Math.ceil(items.length / size));
  const link = (rel: string, to: number): string => {
    const query = new URLSearchParams(call.query);
    query.set('page', String(to));
    query.set('per_page', String(size));
    return `<${call.origin}/api/v4${call.path}?${query.toString()}>; rel="${rel}"`;
  };
  const links = [
    ...(number > 1 ? [link('prev', number - 1)] : []),
    ...(number < pages ? [link('next', number + 1)] : []),
    link('first', 1),
    link('last', pages),
  ];
  return {
    status: 200,
    body: items.slice((number - 1) * size, number * size),
    headers: {
      'X-Total': String(items.length),
      'X-Total-Pages': String(pages),
      'X-Page': String(number),
      'X-Per-Page': String(size),
      'X-Next-Page': number < pages ? String(number + 1) : '',
      'X-Prev-Page': number > 1 ? String(number - 1) : '',
      Link: links.join(', '),
    },
  };
}

export const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());

/** Runs a handler; what the model refuses becomes a reply. */
export function answer(handle: () => Reply): Reply {
  try {
    return handle();
  } catch (error) {
    if (error instanceof ApiError) return { status: error.status, body: error.body, headers: error.headers };
    throw error;
  }
}
