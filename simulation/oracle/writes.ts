/** What a write of tags may be: I1, I3, I6, I7 and I10, judged at the moment when GitLab applies it. */
import { longestGapSeconds } from '../../runtime/timing.ts';
import { MAIN_TAG } from '../world/fleet.ts';
import type { Process } from '../world/process.ts';
import type { Seen } from './seen.ts';

export interface TagWrite {
  readonly id: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly sentAt: number;
}

export function judgeTagWrite(oracle: Seen, process: Process, write: TagWrite): void {
  judgeLooks(oracle, process, write);
  judgeTags(oracle, process, write);
  if (write.after.includes(MAIN_TAG) && !write.before.includes(MAIN_TAG)) judgeOn(oracle, process, write);
}

/** It was sent after a fresh read of the newest term and of the record, in a round that was not paused. */
function judgeLooks(oracle: Seen, process: Process, { id, sentAt }: TagWrite): void {
  const known = oracle.of(process);
  const { timing } = oracle;
  const what = `${process.name} wrote the tags of record ${id}`;
  const limit = process.trueMs(timing.requestSeconds * 1000) + 100;
  const look = known.looks.get(known.knownTerm + 1);
  if (look === undefined)
    return oracle.violate('I6', `${what} under term ${known.knownTerm} without a look for the next one`);
  if (sentAt - look > limit + process.trueMs(timing.requestSeconds * 1000))
    oracle.violate('I6', `${what} ${(sentAt - look) / 1000} s after its look at the newest term`);
  const view = known.views.get(id);
  if (!view || sentAt - view.landedAt > limit + process.trueMs(timing.requestSeconds * 1000))
    oracle.violate('I7', `${what} without a fresh look at the record`);
  const { control, began } = known.round;
  if (!control || control.kind !== 'found') oracle.violate('I3', `${what} and control was unknown to it`);
  else if (control.value.paused) oracle.violate('I10', `${what}, and its round had read a pause`);
  if (sentAt - began > process.trueMs((timing.budgetSeconds + timing.requestSeconds) * 1000))
    oracle.violate('I6', `${what} ${(sentAt - began) / 1000} s after its round began (R is ${timing.budgetSeconds})`);
}

/** Only main tags and the cluster's own are added, only main tags removed, compared with the tags that the process had read. */
function judgeTags(oracle: Seen, process: Process, { id, after }: TagWrite): void {
  const base = oracle.of(process).views.get(id)?.tags ?? [];
  const owner = oracle.fleet.owners.get(id) ?? '';
  const own = oracle.fleet.ownTag(owner);
  const added = after.filter((tag) => !base.includes(tag) && tag !== MAIN_TAG && tag !== own);
  const removed = base.filter((tag) => !after.includes(tag) && tag !== MAIN_TAG);
  if (added.length > 0) oracle.violate('I7', `${process.name} added ${added.join()} to record ${id}`);
  if (removed.length > 0) oracle.violate('I7', `${process.name} removed ${removed.join()} from record ${id}`);
  if (after.length === 0) oracle.violate('I7', `${process.name} left record ${id} without tags`);
}

/** The main tag is added only to the cluster that the newest term names, and only after it was removed from all others. */
function judgeOn(oracle: Seen, process: Process, { id }: TagWrite): void {
  const known = oracle.of(process);
  const owner = oracle.fleet.owners.get(id) ?? '';
  for (const [other, cluster] of oracle.fleet.owners) {
    if (cluster === owner || !oracle.hasMain(other)) continue;
    // A tag that was written after this process had read the record is a late write; it must only be corrected in time.
    if (known.views.get(other)?.tags.includes(MAIN_TAG))
      oracle.violate('I1', `${process.name} put the main tag on ${owner} while it knew it on ${cluster}`);
  }
  const newest = oracle.claims.at(-1);
  if (!newest || newest.term.holder === owner) return;
  const look = known.looks.get(known.knownTerm + 1);
  if (look !== undefined && look > newest.at)
    oracle.violate('I6', `${process.name} put the main tag on ${owner} against term ${newest.term.number}`);
}

/** How long two clusters may hold the tag after a late write, and how long any record may have wrong tags. */
export const healSeconds = (oracle: Seen): number => 2 * longestGapSeconds(oracle.timing) + oracle.timing.budgetSeconds;
