/** Cron schedules as Kubernetes takes them: five fields, names of days and months, macros such as `@hourly`, in UTC. */
import { Cron } from 'croner';

export type Schedule = (time: Date) => boolean;

/** Extensions of Quartz (last day, nearest weekday, n-th weekday): croner takes them, Kubernetes does not. */
const QUARTZ = /[#+]|\d[LW]|\b(?:[a-z]{3})?[LW]+\b/i;

/** Undefined when the text is not a schedule. */
export function parseSchedule(text: string): Schedule | undefined {
  if (QUARTZ.test(text)) return undefined;
  try {
    const cron = new Cron(text, { mode: '5-part', timezone: 'UTC' });
    return (time) => cron.match(time);
  } catch {
    return undefined;
  }
}
