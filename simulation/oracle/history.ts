/** The oracle's memory: the true state, second by second, and all stamps and claims. */
import type { Lease } from '../../runtime/core/model/lease.ts';
import type { Term } from '../../runtime/core/model/term.ts';
import type { Cluster } from '../world/cluster.ts';

/** How far back the truth is remembered, in seconds. */
const SPAN = 1024;

export interface Sample {
  readonly online: number;
  /** As its checker can count them: ready pods whose record takes jobs, and of adopted ones those that GitLab serves. */
  readonly shown: number;
}

/**
 * Online and desired pods of one cluster, a sample each second. Only pods under a record that a report has named count: no other
 * cluster can know of others.
 */
export class Truth {
  private readonly online = new Int16Array(SPAN);
  private readonly desired = new Int16Array(SPAN);
  private readonly ready = new Int16Array(SPAN);
  private readonly shown = new Int16Array(SPAN);
  /** Including records that no report has named: its own checker knows them. */
  private readonly serving = new Int16Array(SPAN);
  private samples = 0;
  private readonly reported = new Set<number>();
  private readonly isAllReported: boolean;

  /** `isAllReported`: the rule knows all records without reports. */
  constructor(isAllReported: boolean) {
    this.isAllReported = isAllReported;
  }

  addReported(records: readonly number[]): void {
    for (const id of records) this.reported.add(id);
  }

  /** Whether a report has named this record. */
  knows(record: number): boolean {
    return this.isAllReported || this.reported.has(record);
  }

  add(cluster: Cluster): void {
    const slot = this.samples % SPAN;
    this.online[slot] = cluster.available((record) => this.knows(record));
    this.desired[slot] = cluster.wanted;
    this.ready[slot] = cluster.readyPods;
    this.shown[slot] = cluster.countablePods;
    this.serving[slot] = cluster.available(() => true);
    this.samples += 1;
  }

  /** The samples of the last seconds, the newest first; fewer where fewer are known. */
  counts(seconds: number): Sample[] {
    const count = Math.min(seconds, this.samples, SPAN);
    return Array.from({ length: count }, (_, back) => {
      const slot = (this.samples - 1 - back) % SPAN;
      return { online: this.online[slot] ?? 0, shown: this.shown[slot] ?? 0 };
    });
  }

  /** For how many seconds in a row something was true, at most, in the last seconds. */
  longest(seconds: number, holds: (sample: Sample) => boolean): number {
    let longest = 0;
    let run = 0;
    for (const sample of this.counts(seconds)) {
      run = holds(sample) ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
    return longest;
  }

  /** The least number of pods that was wanted from so many seconds ago until then; endless where that is not known. */
  leastWanted(from: number, until: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (let back = until + 1; back <= Math.min(from, this.samples, SPAN); back += 1)
      least = Math.min(least, this.desired[(this.samples - back) % SPAN] ?? 0);
    return least;
  }

  /** True where `holds` holds for every sample of the last seconds; false where not that many are known. */
  throughout(
    seconds: number,
    holds: (online: number, desired: number, ready: number, serving: number) => boolean,
  ): boolean {
    if (this.samples < seconds) return false;
    for (let back = 1; back <= seconds; back += 1) {
      const slot = (this.samples - back) % SPAN;
      if (!holds(this.online[slot] ?? 0, this.desired[slot] ?? 1, this.ready[slot] ?? 0, this.serving[slot] ?? 0))
        return false;
    }
    return true;
  }
}

export interface Stamp {
  readonly landedAt: number;
  readonly lease: Lease;
}

export interface Claim {
  readonly at: number;
  readonly term: Term;
}

/** The leases of one cluster, in the order in which GitLab took them. */
export class Stamps {
  readonly list: Stamp[] = [];
  /** GitLab's seconds since when no two stamps were further apart than L + T. */
  since = Number.POSITIVE_INFINITY;

  add(stamp: Stamp, longestGapSeconds: number): void {
    const last = this.list.at(-1);
    if (!last || stamp.lease.at - last.lease.at > longestGapSeconds) this.since = stamp.lease.at;
    this.list.push(stamp);
    if (this.list.length > 64) this.list.shift();
  }

  /** In touch for how many seconds, as the last stamp shows it. */
  get touch(): number {
    const last = this.list.at(-1);
    return last ? last.lease.at - this.since : 0;
  }

  /** The last different stamps of a rival that this cluster says it counted, the newest first; 0 for none. */
  counted(count: number): number[] {
    const found: number[] = [];
    const term = this.list.at(-1)?.lease.memory.term;
    for (const { lease } of this.list.toReversed()) {
      const { memory } = lease;
      if (memory.term !== term || memory.stamp === 0) break;
      if (!found.includes(memory.stamp)) found.push(memory.stamp);
      if (found.length === count) break;
    }
    return found;
  }

  /** This cluster's lease at that time of GitLab's. */
  at(seconds: number): Lease | undefined {
    return this.list.findLast(({ lease }) => lease.at === seconds)?.lease;
  }
}
