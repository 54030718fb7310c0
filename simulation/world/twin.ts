/**
 * A second stack that has the name of a cluster: a record and a Deployment of its own in another place, whose CronJob runs the same
 * checker. Its calls are its own: what hinders the cluster does not hinder it.
 */
import type { CheckerContext } from '../../runtime/checker/context.ts';
import type { RunnerDeployment } from '../../runtime/ports.ts';
import type { Random } from '../random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { Cluster } from './cluster.ts';
import { Process } from './process.ts';
import type { Watcher } from './watcher.ts';

export interface TwinParts {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly watcher: Watcher;
  /** Whose name it has. */
  readonly cluster: Cluster;
  readonly record: number;
  readonly nextId: () => number;
  readonly program: (checker: CheckerContext) => Promise<unknown>;
}

/** The role of its processes: the oracle lets them write nothing. */
export const TWIN = 'twin';
const POLL_KUBERNETES_MS = 40;

export class Twin {
  readonly record: number;
  isOver = false;
  private readonly parts: TwinParts;
  private process: Process | undefined;

  constructor(parts: TwinParts) {
    this.parts = parts;
    this.record = parts.record;
    this.minute();
  }

  /** Whose name it has. */
  get cluster(): Cluster {
    return this.parts.cluster;
  }

  end(): void {
    this.isOver = true;
    this.process?.kill();
  }

  /** What one more process of its checker works with. */
  newChecker(): CheckerContext {
    return this.contextOf(this.newProcess());
  }

  private newProcess(): Process {
    const { time, cluster, nextId } = this.parts;
    return new Process(time, nextId(), `${cluster.name}-twin`, TWIN);
  }

  private minute(): void {
    const { time, random, cluster, watcher, program } = this.parts;
    const { periodSeconds, startLagSeconds } = cluster.config.timing;
    if (this.isOver) return;
    time.after(periodSeconds * 1000, () => this.minute());
    this.process?.kill();
    const process = this.newProcess();
    this.process = process;
    const start = (): void =>
      void program(this.contextOf(process))
        .catch((error: unknown) => watcher.crashed(process, error))
        .then(() => process.kill());
    time.after(random.between(1000, startLagSeconds * 1000), () => process.deliver(start));
  }

  private contextOf(process: Process): CheckerContext {
    const { cluster, watcher, record } = this.parts;
    return cluster.contextOf(process, async () => {
      await process.clock.sleep(POLL_KUBERNETES_MS);
      const runner = { name: 'runner', uid: 'another cluster/runner', adopted: false, desired: 2, ready: 2 };
      const value: readonly RunnerDeployment[] = [{ ...runner, record }];
      watcher.podsRead(process, { kind: 'known', value });
      return { kind: 'known', value };
    });
  }
}
