/** Times as people type them. */

const DURATION = /^(\d{1,6})(s|m|h|d)$/;
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The seconds of `90s`, `30m`, `2h` or `7d`; undefined where the text is none of these. */
export function secondsIn(text: string): number | undefined {
  const match = DURATION.exec(text);
  const unit = SECONDS[match?.[2] ?? ''];
  const count = Number(match?.[1]);
  return unit === undefined || count === 0 ? undefined : count * unit;
}
