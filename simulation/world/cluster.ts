/** A Kubernetes cluster as the fleet knows it: runner pods behind a Deployment, and the CronJob that starts checkers. */
import type { CheckerConfig } from '../../runtime/config.ts';
import type { Known } from '../../runtime/core/model/read.ts';
import type { CheckerContext } from '../../runtime/checker/context.ts';
import type { Log, LogLevel, RunnerDeployment } from '../../runtime/ports.ts';
import { LASTING } from './expiries.ts';
import type { Random } from '../random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimulatedGitLab } from './gitlab.ts';
import { projectOf, recordsOf } from './gitlab-ports.ts';
import { incidentsOf, notifierOf } from './incidents.ts';
import { Pod } from './pod.ts';
import { GOOD_CLOCK, Process, type ClockFault } from './process.ts';
import type { Watcher } from './watcher.ts';

/** A program in place of the checker. It gets every record and its owner; our checker finds them itself. */
export type CheckerProgram = (checker: CheckerContext, owners: ReadonlyMap<number, string>) => Promise<unknown>;

export interface ClusterParts {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly gitlab: SimulatedGitLab;
  readonly watcher: Watcher;
  readonly config: CheckerConfig;
  readonly pods: number;
  readonly capacity: number;
  /** The pods of its second Deployment, or none. */
  readonly second: number | undefined;
  /** Its runners existed before the stack. */
  readonly adopted: boolean;
  /** The program of a checker's pod. */
  readonly program: (checker: CheckerContext) => Promise<unknown>;
  readonly nextId: () => number;
  readonly newRecord: (cluster: string) => number;
}

/** The pod-level limit of the CronJob's pod (infra/checker/checker.ts keeps it under 90). */
const DEADLINE_MS = 85_000;
const POLL_KUBERNETES_MS = 20;

export class Cluster {
  readonly name: string;
  readonly config: CheckerConfig;
  /** Whether its machines run. */
  up = true;
  /** Switches of its CronJob. */
  readonly cron = { missed: false, lateMs: 0, doubled: false, keepsOld: false };
  apiDown = false;
  /** Whether its nodes have room for new pods; without it they stay Pending. */
  hasRoom = true;
  clockFault: ClockFault = GOOD_CLOCK;
  /** What the Deployment's annotation says. */
  record: number;
  desired: number;
  /** A second Deployment with a record of its own. Faults of records and of the number of pods do not change it. */
  readonly second: { readonly record: number; readonly desired: number } | undefined;
  pods: Pod[] = [];
  checkers: Process[] = [];
  private readonly parts: ClusterParts;
  private readonly random: Random;
  private podsMade = 0;

  constructor(parts: ClusterParts) {
    this.parts = parts;
    this.config = parts.config;
    this.name = parts.config.cluster;
    this.random = parts.random.fork(this.name);
    this.record = parts.newRecord(this.name);
    this.desired = parts.pods;
    this.second =
      parts.second === undefined ? undefined : { record: parts.newRecord(this.name), desired: parts.second };
    this.reconcile();
    this.minute();
  }

  /** The truth: how many of its pods take jobs. */
  get online(): number {
    return this.serving(() => true);
  }

  /** All of its runners are full, so they ask for no jobs. */
  get isFull(): boolean {
    return this.pods.length > 0 && this.pods.every((pod) => pod.terminating || pod.manager.full);
  }

  /** The record that its Deployment names is paused: people want no jobs here, even if older pods still take them. */
  get isPaused(): boolean {
    return this.parts.gitlab.runner(this.record)?.paused ?? false;
  }

  /** The records that its Deployments name. */
  get records(): readonly number[] {
    return this.second ? [this.record, this.second.record] : [this.record];
  }

  /** How many pods all of its Deployments want. */
  get wanted(): number {
    return this.desired + (this.second?.desired ?? 0);
  }

  private isOfSecond(pod: Pod): boolean {
    return pod.record === this.second?.record;
  }

  /** As `serving`, without the pods of a Deployment whose record is paused. */
  available(isKnown: (record: number) => boolean): number {
    if (!this.isPaused) return this.serving(isKnown);
    return this.serving((record) => record === this.second?.record && isKnown(record));
  }

  /** How many of its pods take jobs under a record for which `isKnown` is true. */
  serving(isKnown: (record: number) => boolean): number {
    return this.pods.filter((pod) => !pod.terminating && pod.manager.serves && isKnown(pod.record)).length;
  }

  /** What its checker can count: ready pods whose record is not paused; adopted pods are ready even if their runner does not work. */
  get countablePods(): number {
    const { gitlab, adopted } = this.parts;
    return this.pods.filter(
      (pod) =>
        !pod.terminating &&
        pod.ready &&
        gitlab.runner(pod.record)?.paused === false &&
        (!adopted || pod.manager.serves),
    ).length;
  }

  get readyPods(): number {
    return this.pods.filter((pod) => !pod.terminating && pod.ready).length;
  }

  /** Creates or removes pods until their number is as desired, like the Deployment's controller. */
  reconcile(): void {
    if (!this.up) return;
    const standing = this.pods.filter((pod) => !pod.terminating);
    const second = standing.filter((pod) => this.isOfSecond(pod));
    const first = standing.filter((pod) => !this.isOfSecond(pod));
    for (const pod of first.slice(this.desired)) this.terminate(pod);
    if (!this.hasRoom) return;
    for (let count = first.length; count < this.desired; count += 1) this.pods.push(this.newPod(this.record));
    if (!this.second) return;
    const { record, desired } = this.second;
    for (let count = second.length; count < desired; count += 1) this.pods.push(this.newPod(record));
  }

  private newPod(record: number): Pod {
    const { parts } = this;
    this.podsMade += 1;
    const systemId = `r_${this.name.replaceAll('-', '').slice(-8).padStart(8, '0')}${String(this.podsMade).padStart(4, '0')}`;
    return new Pod(`${this.name}/runner-${this.podsMade}`, systemId, {
      time: parts.time,
      gitlab: parts.gitlab,
      cluster: this.name,
      timing: this.config.timing,
      capacity: parts.capacity,
      record,
      adopted: parts.adopted,
      processId: parts.nextId(),
      random: this.random.fork(`pod ${this.podsMade}`),
      watcher: parts.watcher,
      records: (process) => recordsOf(parts.gitlab, process, this.config.timing.requestSeconds),
    });
  }

  terminate(pod: Pod): void {
    pod.terminate(() => (this.pods = this.pods.filter((other) => other !== pod)));
  }

  /** One pod after another is replaced by a new one, the new one first, as a rolling update does. */
  rollOut(): void {
    const old = this.pods.filter((pod) => !pod.terminating && !this.isOfSecond(pod));
    const step = (index: number): void => {
      const pod = old[index];
      if (!pod || !this.up) return;
      const fresh = this.newPod(this.record);
      this.pods.push(fresh);
      const settle = (): void => {
        if (!this.up || fresh.terminating) return;
        if (!fresh.ready) return void this.parts.time.after(2000, settle);
        if (!pod.terminating) this.terminate(pod);
        step(index + 1);
      };
      settle();
    };
    step(0);
  }

  /** Everything in it stops at once. */
  die(): void {
    this.up = false;
    for (const pod of this.pods) pod.die();
    this.pods = [];
    for (const checker of this.checkers) checker.kill();
    this.checkers = [];
  }

  /** Its machines come back, and Kubernetes starts all pods again. */
  comeBack(): void {
    if (this.up) return;
    this.up = true;
    this.parts.time.after(this.random.between(2000, 15_000), () => this.reconcile());
  }

  /** The CronJob's minute. */
  private minute(): void {
    const { time } = this.parts;
    const period = this.config.timing.periodSeconds * 1000;
    time.after(period - (time.now % period), () => this.minute());
    if (!this.up || this.cron.missed || this.apiDown) return;
    // `Replace`: the run before this one is stopped, unless its node does not answer.
    if (!this.cron.keepsOld) {
      for (const checker of this.checkers) checker.kill();
      this.checkers = [];
    }
    const lag = this.random.between(1000, this.config.timing.startLagSeconds * 1000) + this.cron.lateMs;
    const starts = this.cron.doubled ? 2 : 1;
    for (let count = 0; count < starts; count += 1) {
      const process = new Process(time, this.parts.nextId(), this.name, 'checker', this.clockFault);
      this.checkers.push(process);
      time.after(lag, () => this.startChecker(process));
    }
  }

  private startChecker(process: Process): void {
    const { time, watcher } = this.parts;
    if (!process.alive || !this.up) return;
    time.after(DEADLINE_MS, () => process.kill());
    const checker = this.contextOf(process);
    // The process starts in a turn of its own, like one that has just been scheduled.
    process.deliver(() => {
      void this.parts
        .program(checker)
        .catch((error: unknown) => watcher.crashed(process, error))
        .then(() => process.kill());
    });
  }

  /** What one more process works with that is started here beside the CronJob's, as by `kubectl create job`. */
  newChecker(): CheckerContext {
    return this.contextOf(new Process(this.parts.time, this.parts.nextId(), this.name, 'checker'));
  }

  /** What a process of its checker works with, and sees of the pods. */
  contextOf(process: Process, deployments = () => this.deployments(process)): CheckerContext {
    const { gitlab, watcher } = this.parts;
    const { requestSeconds } = this.config.timing;
    const say =
      (level: LogLevel): Log[LogLevel] =>
      (event, message) => {
        if (process.alive) watcher.said(process, level, event, message);
      };
    return {
      config: this.config,
      expiries: LASTING,
      records: recordsOf(gitlab, process, requestSeconds),
      project: projectOf(gitlab, process, requestSeconds),
      incidents: incidentsOf(gitlab, process, requestSeconds),
      notifier: notifierOf(process, requestSeconds),
      pods: { deployments },
      clock: process.clock,
      random: this.random.fork(`checker ${process.id}`).next,
      log: { info: say('info'), warn: say('warn'), error: say('error') },
    };
  }

  private deployments(process: Process): Promise<Known<readonly RunnerDeployment[]>> {
    return new Promise((resolve) => {
      const { time } = this.parts;
      const { requestSeconds } = this.config.timing;
      const answer = (known: Known<readonly RunnerDeployment[]>): void =>
        process.deliver(() => {
          this.parts.watcher.podsRead(process, known);
          resolve(known);
        });
      if (this.apiDown)
        return void time.after(requestSeconds * 1000, () => answer({ kind: 'unknown', why: 'no answer in time' }));
      time.after(POLL_KUBERNETES_MS, () => {
        const known: Known<readonly RunnerDeployment[]> = {
          kind: 'known',
          value: this.deploymentsNow(),
        };
        time.after(POLL_KUBERNETES_MS, () => answer(known));
      });
    });
  }

  private deploymentsNow(): RunnerDeployment[] {
    const { adopted } = this.parts;
    const ready = this.pods.filter((pod) => !pod.terminating && pod.ready);
    const second = ready.filter((pod) => this.isOfSecond(pod)).length;
    const { record, desired } = this;
    const first = {
      name: 'runner',
      uid: `${this.name}/runner`,
      record,
      adopted,
      desired,
      ready: ready.length - second,
    };
    return this.second
      ? [first, { name: 'runner-2', uid: `${this.name}/runner-2`, adopted, ready: second, ...this.second }]
      : [first];
  }
}
