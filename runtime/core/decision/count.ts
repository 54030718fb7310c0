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
import type { ManagerView, RecordFacts } from '../model/facts.ts';
import { heardWithinSeconds, vouchSeconds, type Timing } from '../../timing.ts';

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

/**
 * The managers that GitLab has heard recently: one without jobs answers each roll call, a full one contacts GitLab with its
 * jobs' reports, and one report may be lost. Running jobs alone prove nothing: GitLab shows those of a dead manager for an hour.
 */
export function heardManagers(
  { value, at }: Found<readonly ManagerView[]>,
  timing: Timing,
  busySeconds = vouchSeconds(timing),
): number {
  const heard = value.filter(({ contactedAt, busy }) => {
    if (contactedAt === null) return false;
    const age = at - Date.parse(contactedAt) / 1000;
    return age <= heardWithinSeconds(timing) || (busy && age < busySeconds);
  });
  return new Set(heard.map(({ systemId }) => systemId)).size;
}

/**
 * How young the contact of a manager with running jobs must be. Where GitLab hears this cluster again after it did not, jobs
 * have had no chance to report before their period is over, so a contact of any age is enough. `heardSince` is 0 while GitLab
 * hears no manager of this cluster: then it is not known whether GitLab hears any, and the usual limit holds.
 */
export const busyWithin = (heardSince: GitLabSeconds, at: GitLabSeconds, timing: Timing): number =>
  heardSince !== 0 && at - heardSince < vouchSeconds(timing) ? Number.POSITIVE_INFINITY : vouchSeconds(timing);

/** Online / Total, or unknown: no count is made of what could not be read. */
export function countOf(
  deployments: readonly Counted[],
  records: readonly RecordFacts[],
  managers: ManagersByRecord,
  timing: Timing,
  busySeconds = vouchSeconds(timing),
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
      ? heardOf(managers.get(record), record, timing, busySeconds)
      : { kind: 'known' as const, value: standing };
    if (heard.kind === 'unknown') return heard;
    online += Math.min(standing, heard.value);
    if (heard.value < standing) unheard.push({ name, record, ready: standing, heard: heard.value });
  }
  return { kind: 'known', value: { online, total, unheard } };
}

function heardOf(
  read: Read<readonly ManagerView[]> | undefined,
  record: number,
  timing: Timing,
  busySeconds: number,
): Known<number> {
  if (!read) return unknown(`the managers of record ${record} were not read`);
  switch (read.kind) {
    case 'unknown':
      return { kind: 'unknown', why: `the managers of record ${record}: ${read.why}` };
    case 'absent':
      return { kind: 'known', value: 0 };
    case 'found':
      return { kind: 'known', value: heardManagers(read, timing, busySeconds) };
  }
}
