/** Evaluates a roll call: which managers of a record have contacted GitLab since the call. */
import type { GitLabSeconds } from '../model/time.ts';
import type { ManagerView, RecordFacts } from '../model/facts.ts';

export interface RollReads {
  readonly before: readonly ManagerView[];
  readonly after: readonly ManagerView[];
  /** GitLab's time of the second read. */
  readonly at: GitLabSeconds;
  /** A paused record takes no jobs, so none of its managers counts. */
  readonly paused: boolean;
}

/** The system ids that answered: their last contact differs between the two reads. */
const contactChanged = (reads: RollReads): ManagerView[] => {
  const before = new Map(reads.before.map((manager) => [manager.systemId, manager.contactedAt]));
  return reads.after.filter(
    (manager) => manager.contactedAt !== null && manager.contactedAt !== (before.get(manager.systemId) ?? null),
  );
};

/** The newest of GitLab's contacts, in its seconds; undefined where there was none. */
function newestOf(contacts: readonly (string | null)[]): GitLabSeconds | undefined {
  const times = contacts.flatMap((contact) => (contact === null ? [] : [secondsOf(contact)]));
  return times.length === 0 ? undefined : Math.max(...times);
}

/** When GitLab last heard a manager of any of these records; undefined for never. */
export const contactOf = (records: readonly RecordFacts[]): GitLabSeconds | undefined =>
  newestOf(records.map(({ read }) => (read.kind === 'found' ? read.value.contactedAt : null)));

/** The last contact of any of these managers, in GitLab's seconds; 0 for none. */
export const newestContact = (reads: readonly RollReads[]): GitLabSeconds => newestOf(contactsIn(reads)) ?? 0;

/** The last that is at least so many seconds old. */
export const contactBefore = (reads: readonly RollReads[], ageSeconds: number): GitLabSeconds =>
  newestOf(
    reads.flatMap((read) => contactsIn([read]).filter((contact) => secondsOf(contact) <= read.at - ageSeconds)),
  ) ?? 0;

const contactsIn = (reads: readonly RollReads[]): string[] =>
  reads.flatMap(({ after }) => after.flatMap(({ contactedAt }) => contactedAt ?? []));

const secondsOf = (contact: string): GitLabSeconds => Date.parse(contact) / 1000;

/** How many managers GitLab shows with running jobs. Those of a dead manager are shown for an hour. */
export const busyManagers = (reads: readonly RollReads[]): number =>
  reads.reduce((count, { after }) => count + after.filter(({ busy }) => busy).length, 0);

/** When the last of the second reads was answered; `fallback` where there was none. */
export const lastRead = (reads: readonly RollReads[], fallback: GitLabSeconds): GitLabSeconds =>
  reads.reduce((latest, { at }) => Math.max(latest, at), fallback);

/**
 * How many managers answered. A full manager does not poll and its jobs report only once a period: where `busySeconds` is
 * given, one that GitLab shows running jobs counts as an answer too if its last contact is younger than that.
 */
export function answered(reads: RollReads, busySeconds: number | undefined): number {
  if (reads.paused) return 0;
  const ids = new Set(contactChanged(reads).map((manager) => manager.systemId));
  if (busySeconds !== undefined)
    for (const manager of reads.after) {
      if (!manager.busy || manager.contactedAt === null) continue;
      if (reads.at - Date.parse(manager.contactedAt) / 1000 < busySeconds) ids.add(manager.systemId);
    }
  return ids.size;
}
