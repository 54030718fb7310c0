/** What a challenger remembers from round to round: counts of the holder's stamps, and since when a ground has existed. */
import type { GitLabSeconds } from '../model/time.ts';
import type { Ground, Lease, Memory } from '../model/lease.ts';
import { isDegraded } from './strength.ts';

export const emptyMemory = (term: number): Memory => ({
  term,
  stamp: 0,
  unhealthy: 0,
  stronger: 0,
  strongerSince: 0,
  ground: 'none',
  since: 0,
  damagedSince: 0,
  calledAt: 0,
});

/** A lease has room for four digits. */
const MAX_COUNT = 9999;

/** What one stamp of the holder is compared with. */
export interface Comparison {
  /** Own runners online. */
  readonly online: number;
  /** By how many runners this cluster must exceed the holder. */
  readonly minAdvantage: number;
  /** `minOnline` of the holder. */
  readonly holderMinOnline: number;
}

/**
 * The counts after this round has read the holder's fresh stamp. Only a new stamp adds to them, so that the holder itself confirms
 * its state; reading the same stamp again does not. A stamp that shows another state clears them.
 */
export function countStamp(memory: Memory, stamp: Lease, own: Comparison): Memory {
  const news = stamp.at > memory.stamp ? 1 : 0;
  const unhealthy = stamp.online < own.holderMinOnline;
  const stronger = !unhealthy && isDegraded(stamp) && own.online >= stamp.online + own.minAdvantage;
  return {
    ...memory,
    stamp: Math.max(memory.stamp, stamp.at),
    unhealthy: unhealthy ? Math.min(MAX_COUNT, memory.unhealthy + news) : 0,
    stronger: stronger ? Math.min(MAX_COUNT, memory.stronger + news) : 0,
    strongerSince: stronger ? memory.strongerSince || stamp.at : 0,
  };
}

/** Keeps the time since which `ground` has existed without a break. A roll call for an earlier ground proves nothing now. */
export function standGround(memory: Memory, ground: Ground | undefined, now: GitLabSeconds): Memory {
  if (ground === undefined) return { ...memory, ground: 'none', since: 0, calledAt: 0 };
  return memory.ground === ground ? memory : { ...memory, ground, since: now, calledAt: 0 };
}
