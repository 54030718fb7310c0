/** What the oracle has seen so far, and the violations that it has found. Each judge works with this. */
import { adoptedDetectionSeconds, bounds, longestGapSeconds } from '../../runtime/timing.ts';
import { MAIN_TAG, type Fleet } from '../world/fleet.ts';
import type { Process } from '../world/process.ts';
import { Stamps, Truth, type Claim } from './history.ts';
import { Knowledge } from './rounds.ts';
import { Twins } from './twins.ts';

export type Invariant =
  'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9' | 'I10' | 'I12' | 'stamp' | 'term' | 'sidecar';

export interface Violation {
  readonly invariant: Invariant;
  readonly at: number;
  readonly text: string;
}

export class Seen {
  readonly fleet: Fleet;
  readonly violations: Violation[] = [];
  readonly claims: Claim[] = [];
  readonly stamps = new Map<string, Stamps>();
  readonly truths = new Map<string, Truth>();
  readonly twins: Twins;
  /** The highest number so far, also of lost files. */
  highest = 0;
  private readonly known = new Map<number, Knowledge>();

  /** `isAllReported`: the watched rule knows all records without reports. */
  constructor(fleet: Fleet, isAllReported: boolean) {
    this.fleet = fleet;
    this.twins = new Twins(fleet);
    for (const cluster of fleet.clusters) {
      this.stamps.set(cluster.name, new Stamps());
      this.truths.set(cluster.name, new Truth(isAllReported));
    }
  }

  get now(): number {
    return this.fleet.time.now;
  }

  get timing() {
    const [first] = this.fleet.clusters;
    if (!first) throw new Error('a fleet without clusters');
    return first.config.timing;
  }

  violate(invariant: Invariant, text: string): void {
    this.violations.push({ invariant, at: this.now, text });
  }

  of(process: Process): Knowledge {
    let found = this.known.get(process.id);
    if (!found) this.known.set(process.id, (found = new Knowledge()));
    return found;
  }

  /** How many of its runners a cluster needs. */
  minOnlineOf(cluster: string | undefined): number {
    const found = this.fleet.clusters.find(({ name }) => name === cluster);
    return (found?.config ?? this.fleet).policy.minOnline;
  }

  stampsOf(cluster: string): Stamps {
    return this.stamps.get(cluster) ?? new Stamps();
  }

  truthOf(cluster: string): Truth {
    return this.truths.get(cluster) ?? new Truth(false);
  }

  hasMain(id: number): boolean {
    return this.fleet.gitlab.runner(id)?.tags.includes(MAIN_TAG) ?? false;
  }

  /** What is promised for this fleet, in seconds; with more than two clusters each further rank may cost a turn. */
  get promised() {
    const { timing, fleet } = this;
    const turns = Math.max(0, fleet.clusters.length - 2) * longestGapSeconds(timing);
    const { deadSeconds, deadBusySeconds, unhealthySeconds } = bounds(
      fleet.isAdopted ? { ...timing, detectionSeconds: adoptedDetectionSeconds(timing) } : timing,
      fleet.policy.confirm,
    );
    const idle = Math.max(deadSeconds, unhealthySeconds) + turns;
    // GitLab hears a busy challenger only with its jobs' next report, which must come after a call.
    const deafSeconds =
      timing.jobReportSeconds + longestGapSeconds(timing) + timing.rollCallSeconds + timing.roundSeconds;
    return { seconds: idle, deafSeconds, busySeconds: Math.max(idle, deadBusySeconds + turns) };
  }
}
