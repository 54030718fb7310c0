/**
 * The expiry date of a token that the stack creates. When this date changes, `pulumi up` replaces the token. It depends only on
 * the calendar, so a preview and the next up agree, and so do two ups on one day.
 */
import type { ParsedSettings } from '../settings/schema.ts';

const DAY_MS = 86_400_000;

/**
 * Time is divided into periods of `lifetimeDays - rotateBeforeDays`, counted from 1970. A token expires `rotateBeforeDays` after
 * its period ends. So no token lives longer than `lifetimeDays`, and after every `pulumi up` each has more than `rotateBeforeDays`.
 *
 * `share`, from 0 up to 1, moves the periods of a cluster: they begin on other days than those of the other clusters, so that a
 * fleet without `pulumi up` does not lose all of its tokens in one night.
 */
export function expiryOf(
  now: number,
  { lifetimeDays, rotateBeforeDays }: Pick<ParsedSettings['tokens'], 'lifetimeDays' | 'rotateBeforeDays'>,
  share: number,
): string {
  const period = lifetimeDays - rotateBeforeDays;
  const offset = Math.floor(share * period);
  const periods = Math.floor((Math.floor(now / DAY_MS) + offset) / period) + 1;
  return new Date((periods * period - offset + rotateBeforeDays) * DAY_MS).toISOString().slice(0, 10);
}

/**
 * The share of the cluster at this place in the fleet: 0, 1/2, 1/4, 3/4, 1/8 and so on. It does not depend on how many clusters there
 * are: a cluster that is added at the end changes the day of no other cluster's tokens.
 */
export function shareOf(index: number): number {
  let share = 0;
  for (let rest = index, weight = 1 / 2; rest > 0; rest = Math.floor(rest / 2), weight /= 2)
    share += (rest % 2) * weight;
  return share;
}
