/**
 * A runner pod: the manager, the real sidecar beside it, the health file between them, and the kubelet's probes, which read the
 * file's content at their time.
 */
import type { RunnerRecords } from '../../runtime/ports.ts';
import { gitlabView } from '../../runtime/sidecar/gitlab-view.ts';
import type { Health } from '../../runtime/sidecar/health.ts';
import { run, Sidecar } from '../../runtime/sidecar/loop.ts';
import { probePeriodSeconds } from '../../runtime/timing.ts';
import type { Random } from '../random.ts';
import { Manager, type ManagerParts } from './manager.ts';
import { Process } from './process.ts';
import type { Watcher } from './watcher.ts';

/** As in the stack's manifest: two failures make a pod unready, three restart its runner. */
const UNREADY_AFTER = 2;
const RESTART_AFTER = 3;

export interface PodParts extends Omit<ManagerParts, 'record'> {
  readonly record: number;
  /** Without a sidecar: for Kubernetes it is ready as long as its process exists. */
  readonly adopted: boolean;
  readonly processId: number;
  readonly random: Random;
  readonly watcher: Watcher;
  readonly records: (process: Process) => RunnerRecords;
}

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

export class Pod {
  readonly name: string;
  readonly record: number;
  manager: Manager;
  terminating = false;
  /** Its status in the Kubernetes API. */
  ready = false;
  restarts = 0;
  /** While it is set, a runner that ended is not started again. */
  crashLoops = false;
  private readonly parts: PodParts;
  private sidecar: Process | undefined;
  private health: Health | undefined;
  private ended = false;
  private failedReadiness = 0;
  private failedLiveness = 0;

  constructor(name: string, systemId: string, parts: PodParts) {
    this.name = name;
    this.record = parts.record;
    this.parts = parts;
    this.manager = this.newManager(systemId);
    this.sidecar = parts.adopted ? undefined : this.startSidecar(parts.processId);
    const period = probePeriodSeconds(parts.timing) * 1000;
    parts.time.after(parts.random.between(0, period), () => this.probe(period));
  }

  private newManager(systemId: string): Manager {
    return new Manager(systemId, { ...this.parts, record: () => this.record });
  }

  private startSidecar(id: number): Process {
    const { time, cluster, timing, watcher } = this.parts;
    const process = new Process(time, id, cluster, `sidecar of ${this.name}`);
    const parts = {
      timing,
      clock: process.clock,
      metrics: { read: async () => this.manager.metrics() },
      gitlab: gitlabView(this.parts.records(process), {
        cluster,
        record: this.record,
        systemId: this.manager.systemId,
      }),
      health: {
        read: async () => this.health,
        write: async (health: Health) => {
          if (!process.alive) return;
          const before = this.health;
          this.health = health;
          watcher.healthWritten(this.name, before, health);
        },
      },
      log: QUIET,
    };
    void run(new Sidecar(parts), parts, () => !process.alive);
    return process;
  }

  private get running(): boolean {
    return !this.ended;
  }

  private probe(period: number): void {
    if (!this.running) return;
    const { time } = this.parts;
    time.after(period, () => this.probe(period));
    const isReady = (this.parts.adopted || this.health?.ready === true) && this.manager.state !== 'dead';
    this.failedReadiness = isReady ? 0 : this.failedReadiness + 1;
    if (isReady) this.ready = true;
    else if (this.failedReadiness >= UNREADY_AFTER) this.ready = false;
    this.failedLiveness = this.health?.live === false ? this.failedLiveness + 1 : 0;
    if (this.failedLiveness >= RESTART_AFTER && this.manager.state !== 'dead') this.restartRunner();
  }

  /** Liveness failed: the kubelet stops the runner and starts it again. */
  private restartRunner(): void {
    this.failedLiveness = 0;
    this.restarts += 1;
    this.endRunner();
  }

  /** The runner's process ends for any reason; the kubelet starts it again unless it must stay down. */
  endRunner(): void {
    const { systemId } = this.manager;
    this.manager.kill();
    this.ready = false;
    this.parts.time.after(this.parts.random.between(1500, 5000), () => this.startAgain(systemId));
  }

  private startAgain(systemId: string): void {
    if (!this.running || this.manager.state !== 'dead') return;
    if (this.crashLoops) this.parts.time.after(5000, () => this.startAgain(systemId));
    else this.manager = this.newManager(systemId);
  }

  restartSidecar(id: number): void {
    if (!this.sidecar) return;
    this.sidecar.kill();
    if (this.running) this.sidecar = this.startSidecar(id);
  }

  /** Its machine is gone: nothing of it continues, and no one is notified. */
  die(): void {
    this.ended = true;
    this.ready = false;
    this.manager.kill();
    this.sidecar?.kill();
  }

  /** Deleted in Kubernetes: it finishes its jobs, and is then removed. */
  terminate(gone: () => void): void {
    this.terminating = true;
    this.manager.drain(() => {
      this.die();
      gone();
    });
  }
}
