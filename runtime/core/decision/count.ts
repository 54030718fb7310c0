/**
 * How many of this cluster's runners take jobs. A pod of ours is Ready because its sidecar says that its runner is served. In
 * an adopted pod Ready says only that a process is there; whether it asks for jobs only GitLab shows: each renewal
 * of the lease calls the roll, and every living manager then contacts GitLab.
 *
 *   its record            GitLab hears               online
 *   -------------------   ------------------------   -----------------------------------------------------------
 *   404, or paused        –                          0
 *   there                 as many as pods are ready  the ready pods
 *                         fewer                      as many as it hears, once a roll call has confirmed that
 *                         cannot be read             unknown, and with it the whole count
 */
import { unknown, type Read, type Found, type Known } from '../model/read.ts';
import type { GitLabSeconds } from '../model/time.ts';
import type { ManagerView, MemberLease, RecordFacts } from '../model/facts.ts';
import { silentWithinSeconds, unlimitedAfterSeconds, vouchSeconds, type Timing } from '../../timing.ts';
import { isFresh } from './rivals.ts';

/** A Deployment of runners, as far as it is counted. */
export interface Counted {
  readonly name: string;
  readonly record: number;
  readonly adopted: boolean;
  readonly desired: number;
  /** Pods that are Ready and not about to be removed. */
  readonly ready: number;
}

/** A Deployment with more ready pods than managers that GitLab hears. */
export interface Unheard {
  readonly name: string;
  readonly record: number;
  readonly ready: number;
  readonly heard: number;
}

export interface Count {
  readonly online: number;
  readonly total: number;
  readonly unheard: readonly Unheard[];
}

/** What `/managers` has said of each adopted record. */
export type ManagersByRecord = ReadonlyMap<number, Read<readonly ManagerView[]>>;

/** The managers that GitLab has heard within so many seconds. Running jobs prove nothing: GitLab shows those of a dead manager for an hour. */
export function heardManagers({ value, at }: Found<readonly ManagerView[]>, withinSeconds: number): number {
  const heard = value.filter(
    ({ contactedAt }) => contactedAt !== null && at - Date.parse(contactedAt) / 1000 <= withinSeconds,
  );
  return new Set(heard.map(({ systemId }) => systemId)).size;
}

/** What shows whether GitLab hears runners. */
export interface Hearing {
  /** Since when it hears some of this cluster without a gap; 0 where it hears none. */
  readonly heardSince: GitLabSeconds;
  readonly at: GitLabSeconds;
  readonly rivals: readonly MemberLease[];
}

/**
 * How old the last contact of a manager may be. A contact of any age is enough where silence proves nothing:
 *
 * - where GitLab hears this cluster again: full managers contact it only with the next report of their jobs;
 * - where it does not hear another cluster for so long that a limit (429) on all runners is over for certain. Runners wait for a limit
 *   inside their call, and only a sidecar could see that.
 */
export function silentWithin({ heardSince, at, rivals }: Hearing, timing: Timing): number {
  const isHeardAgain = heardSince !== 0 && at - heardSince < vouchSeconds(timing);
  const areOthersHeard = rivals.some(
    (read) =>
      isFresh(read, timing) &&
      read.lease.heardSince !== 0 &&
      read.lease.at - read.lease.heardSince >= unlimitedAfterSeconds(timing),
  );
  return isHeardAgain || !areOthersHeard ? Number.POSITIVE_INFINITY : silentWithinSeconds(timing);
}

/** Online / Total, or unknown: no count is made of what could not be read. `withinSeconds` is the result of `silentWithin`. */
export function countOf(
  deployments: readonly Counted[],
  records: readonly RecordFacts[],
  managers: ManagersByRecord,
  withinSeconds: number,
): Known<Count> {
  let online = 0;
  let total = 0;
  const unheard: Unheard[] = [];
  for (const { name, record, adopted, desired, ready } of deployments) {
    total += desired;
    const read = records.find(({ id }) => id === record)?.read;
    if (read === undefined) return unknown(`record ${record} was not read`);
    if (read.kind === 'unknown') return unknown(`record ${record}: ${read.why}`);
    // A paused record takes no jobs: its pods are ready and yet not online.
    if (read.kind === 'absent' || read.value.paused) continue;
    const standing = Math.min(ready, desired);
    const heard = adopted
      ? heardOf(managers.get(record), record, withinSeconds)
      : { kind: 'known' as const, value: standing };
    if (heard.kind === 'unknown') return heard;
    online += Math.min(standing, heard.value);
    if (heard.value < standing) unheard.push({ name, record, ready: standing, heard: heard.value });
  }
  return { kind: 'known', value: { online, total, unheard } };
}

function heardOf(read: Read<readonly ManagerView[]> | undefined, record: number, withinSeconds: number): Known<number> {
  if (!read) return unknown(`the managers of record ${record} were not read`);
  switch (read.kind) {
    case 'unknown':
      return { kind: 'unknown', why: `the managers of record ${record}: ${read.why}` };
    case 'absent':
      return { kind: 'known', value: 0 };
    case 'found':
      return { kind: 'known', value: heardManagers(read, withinSeconds) };
  }
}
