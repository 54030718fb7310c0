/** The time that a round has used, by a monotonic clock, and whether it may still write. */
import type { Clock } from '../ports.ts';

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
        : `the round has used its ${budgetSeconds} s; it writes nothing more, the next round does the rest`,
  };
}
