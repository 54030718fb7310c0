/**
 * The result of a read from outside. Unknown is a value of its own: it is neither absence nor an empty list, and no decision
 * is ever made on it.
 */
import type { GitLabSeconds } from './time.ts';

export interface Found<T> {
  readonly kind: 'found';
  readonly value: T;
  /** GitLab's time when it answered. */
  readonly at: GitLabSeconds;
}

export type Read<T> =
  | Found<T>
  /** GitLab's 404 that names the missing thing itself. Any other 404 is unknown: it may mean the repository, the project or a proxy. */
  | { readonly kind: 'absent'; readonly at: GitLabSeconds }
  | Unknown;

/** Failed, partial, rate limited, cached, 401/403/5xx, another 404 or not parseable. `why` is one clause for the log. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly why: string;
  /** GitLab's own 403: the token lacks a right. It shows nothing about the runner, so only the preflight uses it. */
  readonly forbidden?: true;
}

/** The result of a read that has no time of GitLab's. */
export type Known<T> =
  { readonly kind: 'known'; readonly value: T } | { readonly kind: 'unknown'; readonly why: string };

export const unknown = (why: string): Unknown => ({ kind: 'unknown', why });

/** The result of parsing a text: the value, or one clause that says what is wrong. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };
