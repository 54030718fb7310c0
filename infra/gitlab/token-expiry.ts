/**
 * The day on which a token ends that the stack makes, and with it when `pulumi up` makes another: the token is replaced when this
 * day is another one. It follows from the calendar alone, so a preview and the up after it agree, and so do two ups of one day.
 */
import type { ParsedSettings } from '../settings/schema.ts';

const DAY_MS = 86_400_000;

/**
 * Time is cut into periods of `lifetimeDays - rotateBeforeDays`, counted from 1970; a token ends `rotateBeforeDays` after its
 * period does. So none has more than `lifetimeDays` before it, and after every `pulumi up` more than `rotateBeforeDays`.
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
