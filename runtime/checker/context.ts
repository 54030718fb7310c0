/** What a checker works with: its config and its ports. */
import type { CheckerConfig, Expiries } from '../config.ts';
import type { Known } from '../core/model/read.ts';
import type { Clock, Incidents, Log, Notifier, RunnerPods, RunnerRecords, StatusProject } from '../ports.ts';

export interface CheckerContext {
  readonly config: CheckerConfig;
  /** When this cluster's tokens end; only warned of, so not knowing it stops nothing. */
  readonly expiries: Known<Expiries>;
  readonly records: RunnerRecords;
  readonly project: StatusProject;
  readonly incidents: Incidents;
  /** Undefined where nobody asked to be notified. */
  readonly notifier: Notifier | undefined;
  readonly pods: RunnerPods;
  readonly clock: Clock;
  /** From 0 up to 1; only for jitter. */
  readonly random: () => number;
  readonly log: Log;
}

/** The time that a round has used, by a monotonic clock, and what it may still do. */
export interface Budget {
  readonly spentSeconds: () => number;
  /** Why nothing more may be written in this round, or undefined. */
  readonly exhausted: () => string | undefined;
}

export function startBudget(clock: Clock, budgetSeconds: number): Budget {
  const start = clock.now();
  const spentSeconds = (): number => (clock.now() - start) / 1000;
  return {
    spentSeconds,
    exhausted: () =>
      spentSeconds() < budgetSeconds
        ? undefined
        : `the round has used its ${budgetSeconds} s; it writes nothing more and leaves the rest to the next`,
  };
}
