/**
 * What a read of the outside world can say. Unknown is a value of its own: it is neither absence nor an empty list, and
 * nothing is ever decided on it.
 */

/** GitLab's clock in whole seconds since 1970, as its `Date` header tells it. No other clock is compared with it. */
export type GitLabSeconds = number;

export interface Found<T> {
  readonly kind: 'found';
  readonly value: T;
  /** GitLab's time when it answered. */
  readonly at: GitLabSeconds;
}

export type Read<T> =
  | Found<T>
  /** A definite 404. */
  | { readonly kind: 'absent'; readonly at: GitLabSeconds }
  | Unknown;

/** Failed, partial, rate limited, 401/403/5xx or not parseable. `why` is one clause for the log. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly why: string;
  /** GitLab's own 403: the token lacks a right. It tells nothing of the runner, so only the preflight asks for it. */
  readonly refused?: true;
}

/** What a read that GitLab does not date can say. */
export type Known<T> =
  { readonly kind: 'known'; readonly value: T } | { readonly kind: 'unknown'; readonly why: string };

export const unknown = (why: string): Unknown => ({ kind: 'unknown', why });

/** A found value carried through `parse`, which answers with the value or with one clause that says what is wrong. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

/** `2026-11-24T00:17:05Z`: the form in which every time is written for people and parsers. */
export const isoOf = (at: GitLabSeconds): string => new Date(at * 1000).toISOString().replace('.000Z', 'Z');

/** The seconds of an `isoOf` text, or undefined where the text is none. */
export function secondsOf(iso: string): GitLabSeconds | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(iso)) return undefined;
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? undefined : ms / 1000;
}
