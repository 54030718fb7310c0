/** What must not last: two holders (I1), no living holder (I2), wrong tags (I8). Time counts only while the checkers that must act are undisturbed. */
import { parseTerm, termPath } from '../../runtime/core/model/term.ts';
import type { Cluster } from '../world/cluster.ts';
import type { Seen } from './seen.ts';
import { healSeconds } from './writes.ts';

/** Which parts are disturbed at this moment. */
export interface Disturbances {
  readonly gitlab: () => boolean;
  readonly control: () => boolean;
  readonly checker: (cluster: string) => boolean;
  /** Seconds that a fault of the runners may stay unseen beyond D. `busy`: GitLab shows running jobs of the holder. */
  readonly slowSeconds: (busy: boolean) => number;
}

/** Measures how long something has been wrong although a checker could correct it. */
class Timer {
  private since: number | undefined;
  private slow = 0;
  private busy = false;

  /** For how many seconds it has been running. */
  tick(isRunning: boolean, now: number, slow = 0, busy = false): number {
    if (!isRunning) {
      this.since = undefined;
      this.slow = 0;
      this.busy = false;
      return 0;
    }
    this.since ??= now;
    this.slow = Math.max(this.slow, slow);
    this.busy ||= busy;
    return (now - this.since) / 1000;
  }

  /** The holder's managers had jobs: their last reports count as answers for longer. */
  get wasBusy(): boolean {
    return this.busy;
  }

  get allowance(): number {
    return this.slow;
  }
}

export class Continuous {
  /** How long each undisturbed time without a living holder lasted, in seconds. */
  readonly gaps: number[] = [];
  private readonly oracle: Seen;
  private readonly disturbances: Disturbances;
  private readonly gapTimers = new Map<string, Timer>();
  private readonly healTimers = new Map<string, Timer>();
  private readonly ownTimers = new Map<string, Timer>();
  private gap = 0;

  constructor(oracle: Seen, disturbances: Disturbances) {
    this.oracle = oracle;
    this.disturbances = disturbances;
    for (const { name } of oracle.fleet.clusters) {
      this.gapTimers.set(name, new Timer());
      this.healTimers.set(name, new Timer());
      this.ownTimers.set(name, new Timer());
    }
  }

  sample(holders: readonly string[]): void {
    const calm = !this.disturbances.gitlab() && !this.disturbances.control();
    this.sampleGap(holders, calm);
    this.sampleConvergence(holders, calm);
  }

  isLiving(cluster: Cluster): boolean {
    return cluster.online >= cluster.config.policy.minOnline;
  }

  hasLivingHolder(holders: readonly string[]): boolean {
    const { fleet, twins } = this.oracle;
    return twins.isServing || holders.some((name) => this.isLiving(fleet.cluster(name)));
  }

  /** Its checker can do its work, undisturbed. */
  private canAct(cluster: Cluster): boolean {
    return cluster.up && !this.disturbances.checker(cluster.name);
  }

  /** Its runners have worked for a lease, and its checker can act. */
  couldServe(cluster: Cluster): boolean {
    const { oracle } = this;
    return (
      this.canAct(cluster) &&
      this.isLiving(cluster) &&
      cluster.readyPods >= cluster.config.policy.minOnline &&
      oracle
        .truthOf(cluster.name)
        .throughout(
          oracle.timing.leaseSeconds + oracle.timing.requestSeconds,
          (online) => online >= cluster.config.policy.minOnline,
        )
    );
  }

  private isEligible(cluster: Cluster): boolean {
    const { oracle } = this;
    return (
      this.couldServe(cluster) &&
      !oracle.fleet.control.retired.includes(cluster.name) &&
      oracle.stampsOf(cluster.name).touch >= oracle.timing.leaseSeconds
    );
  }

  /**
   * Its checker is away, and runners that take no more jobs finish theirs. GitLab shows no difference from full runners, whose jobs
   * answer for them up to `busyMaxSeconds`.
   */
  private isVouchedFor(cluster: Cluster): boolean {
    const { leaseSeconds } = this.oracle.timing;
    const { minOnline, busyMaxSeconds } = cluster.config.policy;
    const last = this.oracle.stampsOf(cluster.name).list.at(-1);
    const lapse = last ? (this.oracle.now - last.landedAt) / 1000 - leaseSeconds : 0;
    const reporting = cluster.pods.filter(({ manager }) => manager.reportsJobs).length;
    return lapse > 0 && lapse <= busyMaxSeconds && reporting >= minOnline && !cluster.isPaused;
  }

  private sampleGap(holders: readonly string[], calm: boolean): void {
    const { oracle } = this;
    const { now, fleet } = oracle;
    const hasHolder = this.hasLivingHolder(holders) || holders.some((name) => this.isVouchedFor(fleet.cluster(name)));
    const { promised } = oracle;
    const busy = holders.some((name) => fleet.cluster(name).records.some((id) => fleet.gitlab.model.jobs.runsOn(id)));
    const slow = this.disturbances.slowSeconds(busy);
    let longest = 0;
    for (const cluster of fleet.clusters) {
      const timer = this.gapTimers.get(cluster.name);
      if (!timer) continue;
      const deaf = cluster.isFull ? oracle.promised.deafSeconds : 0;
      const seconds = timer.tick(!hasHolder && calm && this.isEligible(cluster), now, slow + deaf, busy);
      longest = Math.max(longest, seconds);
      const allowed = (timer.wasBusy ? promised.busySeconds : promised.seconds) + timer.allowance + 1;
      if (seconds > allowed && seconds <= allowed + 1)
        oracle.violate(
          'I2',
          `no living holder for ${seconds} s while ${cluster.name} could be it; promised ${allowed} s`,
        );
    }
    if (longest === 0 && this.gap > 0) this.gaps.push(this.gap);
    this.gap = longest;
  }

  /** The records match the newest term within two rounds of a living checker. */
  private sampleConvergence(holders: readonly string[], calm: boolean): void {
    const { oracle } = this;
    const { fleet, now } = oracle;
    const newest = oracle.claims.at(-1)?.term;
    const text = newest && fleet.gitlab.files.get(termPath(newest.number));
    const stands = newest !== undefined && text !== undefined && parseIs(newest.number, text);
    const isRight =
      newest !== undefined &&
      holders.every((name) => name === newest.holder) &&
      this.recordsOf(newest.holder).every((id) => oracle.hasMain(id));
    const limit = healSeconds(oracle) + 1;
    for (const cluster of fleet.clusters) {
      const heal =
        this.healTimers.get(cluster.name)?.tick(calm && stands && !isRight && this.canAct(cluster), now) ?? 0;
      if (heal > limit && heal <= limit + 1)
        oracle.violate(
          holders.length > 1 ? 'I1' : 'I8',
          `${holders.join(' and ') || 'nobody'} with the main tag for ${heal} s, while term ${newest?.number ?? 0} names ${newest?.holder ?? ''} and ${cluster.name} could mend it`,
        );
      const own = this.ownTimers
        .get(cluster.name)
        ?.tick(calm && stands && !this.hasOwnTag(cluster) && this.canAct(cluster), now);
      if (own !== undefined && own > limit && own <= limit + 1)
        oracle.violate('I7', `${cluster.name} has been without its own tag for ${own} s`);
    }
  }

  private recordsOf(name: string): number[] {
    const { fleet } = this.oracle;
    // Only its own checker can find a record that it has not reported yet.
    return fleet
      .cluster(name)
      .records.filter((id) => this.oracle.truthOf(name).knows(id) && fleet.gitlab.runner(id) !== undefined);
  }

  private hasOwnTag(cluster: Cluster): boolean {
    const { fleet } = this.oracle;
    return cluster.records.every((id) => {
      const runner = fleet.gitlab.runner(id);
      return runner === undefined || runner.tags.includes(fleet.ownTag(cluster.name));
    });
  }
}

const stood = new Map<string, boolean>();

/** Whether a term's file can be read. Files are many times the same. */
function parseIs(number: number, text: string): boolean {
  const known = stood.get(text);
  if (known !== undefined) return known;
  if (stood.size > 1000) stood.clear();
  const { ok } = parseTerm(number, text);
  stood.set(text, ok);
  return ok;
}
