/** GitLab's time, and times as people read them. */

/** GitLab's clock in whole seconds since 1970, as its `Date` header tells it. No other clock is compared with it. */
export type GitLabSeconds = number;

/** `2026-11-24T00:17:05Z`: the form in which every time is written for people and parsers. */
export const isoOf = (at: GitLabSeconds): string => new Date(at * 1000).toISOString().replace('.000Z', 'Z');

/** The seconds of an `isoOf` text, or undefined where the text is none, or names a day that does not exist. */
export function secondsOf(iso: string): GitLabSeconds | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(iso)) return undefined;
  const ms = Date.parse(iso);
  // February 30th would be read as March 2nd.
  return Number.isNaN(ms) || isoOf(ms / 1000) !== iso ? undefined : ms / 1000;
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
];

/** The two largest units that matter: `45 s`, `3 min 20 s`, `1 h 5 min`, `12 d 3 h`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const first = UNITS.findIndex(([, size]) => whole >= size);
  if (first === -1) return '0 s';
  let rest = whole;
  const parts: string[] = [];
  for (const [unit, size] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(' ');
}

/** `2026-11-24 00:17:05Z`: easier to read than with a T, and still one for all time zones. */
export const moment = (iso: string): string => iso.replace('T', ' ');
