/**
 * Checks whether an answer is a present one of GitLab. A proxy may send one from its cache, with the old `Date` and without `Age`. An
 * answer to a call must not have an older date than an answer that arrived before the call was sent. The first answers of a run have
 * nothing to be compared with: the round checks them again after the answer to its own write, which no proxy caches. While a round
 * waits, GitLab's time must advance: a proxy with a short cache would send the first of two reads again.
 *
 * GitLab's nodes differ by a second or two; r allows for more. No clock of a pod is compared: it only measures how long a round or a
 * wait lasts.
 */
import { unknown, type Read } from '../core/model/read.ts';
import { isoOf, type GitLabSeconds } from '../core/model/time.ts';
import type { FleetPorts } from '../fleet/read-members.ts';
import type { Clock } from '../ports.ts';
import type { Timing } from '../timing.ts';

/** GitLab's nodes differ by two seconds at most, and a date is cut to whole ones. */
const SKEW_SECONDS = 3;

/** The dates of GitLab's answers in one run of the checker. */
export class AnswerDates {
  /** The newest of the run. */
  private newest: GitLabSeconds = 0;
  /** The oldest that was accepted in this round. */
  private oldest: GitLabSeconds = Number.POSITIVE_INFINITY;
  private readonly tolerance: number;

  constructor(timing: Timing) {
    this.tolerance = Math.max(timing.requestSeconds, SKEW_SECONDS);
  }

  startRound(): void {
    this.oldest = Number.POSITIVE_INFINITY;
  }

  /** A write: proxies do not cache writes. */
  async written<T>(answer: Promise<Read<T>>): Promise<Read<T>> {
    const read = await answer;
    if (read.kind !== 'unknown') this.newest = Math.max(this.newest, read.at);
    return read;
  }

  async read<T>(answer: Promise<Read<T>>): Promise<Read<T>> {
    const known = this.newest;
    const read = await answer;
    if (read.kind === 'unknown') return read;
    if (read.at < known - this.tolerance) return unknown(keptSince(read.at, known));
    this.newest = Math.max(this.newest, read.at);
    this.oldest = Math.min(this.oldest, read.at);
    return read;
  }

  async waited(sleep: Promise<void>, seconds: number): Promise<void> {
    const before = this.newest;
    await sleep;
    if (before > 0) this.newest = Math.max(this.newest, before + Math.floor(seconds) - SKEW_SECONDS);
  }

  /** Why an answer of this round was not GitLab's of now, or undefined. The round has lasted for so many seconds. */
  doubt(spentSeconds: number): string | undefined {
    return this.oldest < this.newest - spentSeconds - this.tolerance ? keptSince(this.oldest, this.newest) : undefined;
  }
}

const keptSince = (at: GitLabSeconds, newest: GitLabSeconds): string =>
  `an answer is dated ${isoOf(at)}, and another one ${isoOf(newest)}: a proxy kept it; no proxy may cache GitLab’s API`;

/** The ports with answers that are GitLab's of now. */
export function datedPorts<P extends FleetPorts & { readonly clock: Clock }>(
  { records, project, clock, ...rest }: P,
  dates: AnswerDates,
) {
  return {
    ...rest,
    clock: { now: () => clock.now(), sleep: (ms: number) => dates.waited(clock.sleep(ms), ms / 1000) },
    records: {
      read: (id: number) => dates.read(records.read(id)),
      managers: (id: number) => dates.read(records.managers(id)),
      write: (id: number, change: Parameters<typeof records.write>[1]) => dates.written(records.write(id, change)),
    },
    project: {
      file: (path: string) => dates.read(project.file(path)),
      create: project.create.bind(project),
      save: project.save.bind(project),
    },
  };
}
