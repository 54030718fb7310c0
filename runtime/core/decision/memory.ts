/** What a challenger carries from round to round: counts of the holder's stamps, and since when a ground has stood. */
import type { GitLabSeconds } from '../model/time.ts';
import type { Ground, Lease, Memory } from '../model/lease.ts';
import { atLeast, shareOf } from './strength.ts';

export const emptyMemory = (term: number): Memory => ({
  term,
  stamp: 0,
  unhealthy: 0,
  stronger: 0,
  evenSince: 0,
  ground: 'none',
  since: 0,
  damagedSince: 0,
  calledAt: 0,
});

/** A lease has room for four digits. */
const MAX_COUNT = 9999;

/** Own strength against the holder's, as one stamp of the holder shows it. */
export interface Comparison {
  readonly online: number;
  readonly total: number;
  readonly minAdvantage: number;
  /** `minOnline` of the holder. */
  readonly holderMinOnline: number;
}

/**
 * The counts after a look at the holder's fresh stamp. Only a stamp that was not counted before adds to them, so that
 * it is the holder's word that is confirmed and not the reader's repetition; a stamp that says otherwise clears them.
 */
export function countStamp(memory: Memory, stamp: Lease, own: Comparison): Memory {
  const news = stamp.at > memory.stamp ? 1 : 0;
  const unhealthy = stamp.online < own.holderMinOnline;
  const lead = shareOf(own) - shareOf(stamp);
  const stronger = !unhealthy && atLeast(lead, own.minAdvantage);
  const even = !unhealthy && atLeast(lead, 0);
  return {
    ...memory,
    stamp: Math.max(memory.stamp, stamp.at),
    unhealthy: unhealthy ? Math.min(MAX_COUNT, memory.unhealthy + news) : 0,
    stronger: stronger ? Math.min(MAX_COUNT, memory.stronger + news) : 0,
    evenSince: even ? memory.evenSince || stamp.at : 0,
  };
}

/** Keeps the time since which `ground` has stood without a break. What was called in another silence proves nothing in this. */
export function standGround(memory: Memory, ground: Ground | undefined, now: GitLabSeconds): Memory {
  if (ground === undefined) return { ...memory, ground: 'none', since: 0, calledAt: 0 };
  return memory.ground === ground ? memory : { ...memory, ground, since: now, calledAt: 0 };
}
