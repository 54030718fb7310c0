/** Cron schedules of five fields. */

const RANGES: readonly (readonly [number, number])[] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
];

export type Schedule = (time: Date) => boolean;

/**
 * Undefined when the text is no schedule. Names of months and days, and macros such as `@hourly`, are not understood.
 */
export function parseSchedule(text: string): Schedule | undefined {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== RANGES.length) return undefined;
  const fields = parts.map((part, index) => parseField(part, RANGES[index] ?? [0, 0]));
  const [minutes, hours, days, months, weekdays] = fields;
  if (!minutes || !hours || !days || !months || !weekdays) return undefined;
  const anyDay = parts[2]?.startsWith('*') === true;
  const anyWeekday = parts[4]?.startsWith('*') === true;
  return (time) => {
    const day = days.has(time.getUTCDate());
    const weekday = weekdays.has(time.getUTCDay());
    // cron's rule: if both the day of the month and that of the week are restricted, either of them suffices
    const date = anyDay || anyWeekday ? day && weekday : day || weekday;
    return (
      date && minutes.has(time.getUTCMinutes()) && hours.has(time.getUTCHours()) && months.has(time.getUTCMonth() + 1)
    );
  };
}

function parseField(text: string, [low, high]: readonly [number, number]): ReadonlySet<number> | undefined {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const parsed = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
    if (!parsed) return undefined;
    const [, from, to, step] = parsed;
    const first = from === undefined ? low : Number(from);
    const last = to !== undefined ? Number(to) : from === undefined || step !== undefined ? high : first;
    const by = step === undefined ? 1 : Number(step);
    if (first < low || last > high || first > last || by < 1) return undefined;
    for (let value = first; value <= last; value += by) values.add(value);
  }
  return values;
}
