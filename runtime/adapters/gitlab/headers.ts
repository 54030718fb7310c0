/** What the headers of an answer say: GitLab's time, how long to wait, and whether a cache gave it. */
import type { GitLabSeconds } from '../../core/model/time.ts';
import type { HttpResponse } from '../http/http.ts';

type Headers = HttpResponse['headers'];

/** GitLab's time, from the `Date` header: whole seconds. */
export function dateOf(headers: Headers): GitLabSeconds | undefined {
  const ms = Date.parse(headers['date'] ?? '');
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

/**
 * How long a refusal asks to wait, in ms; infinite where it names a time and has no `Date` to read it against. RateLimit-Reset
 * comes with every answer and means something only in a 429. Both times are GitLab's: they are compared with the answer's Date.
 */
export function askedPauseMs({ status, headers }: Pick<HttpResponse, 'status' | 'headers'>): number | undefined {
  const after = headers['retry-after']?.trim() ?? '';
  if (/^\d+$/.test(after)) return Number(after) * 1000;
  const at = dateOf(headers);
  // An HTTP date: Wed, 21 Oct 2026 07:28:00 GMT
  if (/^[A-Z][a-z]{2}/.test(after) && !Number.isNaN(Date.parse(after)))
    return at === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Date.parse(after) - at * 1000);
  if (status !== 429) return undefined;
  const reset = headers['ratelimit-reset'];
  if (reset !== undefined && /^\d+$/.test(reset) && at !== undefined) return Math.max(0, Number(reset) - at) * 1000;
  return undefined;
}

/** For how many seconds a cache has kept this answer, or undefined where GitLab gave it just now. `Age` comes only from caches. */
export function cachedFor(headers: Headers): string | undefined {
  const age = headers['age']?.trim();
  return age === undefined || /^0*$/.test(age) ? undefined : age;
}
