/** A checker's config and ports, and what belongs to one of its rounds. */
import type { CheckerConfig } from '../config.ts';
import type { Expiries } from '../expiries.ts';
import type { Known } from '../core/model/read.ts';
import type { Rules } from '../core/model/rules.ts';
import { startBudget, type Budget } from '../fleet/budget.ts';
import type { Clock, Incidents, Log, Notifier, RunnerPods, RunnerRecords, StatusProject } from '../ports.ts';
import { AnswerDates, datedPorts } from './answer-dates.ts';
import type { Vacancy } from '../core/page/page.ts';

export interface CheckerContext {
  readonly config: CheckerConfig;
  /** When this cluster's tokens expire. Used only for warnings, so a round works without it. */
  readonly expiries: Known<Expiries>;
  readonly records: RunnerRecords;
  readonly project: StatusProject;
  readonly incidents: Incidents;
  /** Undefined where no webhook is configured. */
  readonly notifier: Notifier | undefined;
  readonly pods: RunnerPods;
  readonly clock: Clock;
  /** From 0 up to 1; only for jitter. */
  readonly random: () => number;
  readonly log: Log;
}

/** What this run knows of the page, once it has read or written it: its first line, and the vacancy that it shows. */
export interface PageMemory {
  fingerprint: string | undefined;
  vacancy?: Vacancy | undefined;
}

/** What one run remembers from round to round. */
export interface RunMemory {
  readonly page: PageMemory;
  readonly dates: AnswerDates;
}

export const startRun = ({ config }: CheckerContext): RunMemory => ({
  page: { fingerprint: undefined },
  dates: new AnswerDates(config.timing),
});

export interface RoundContext extends CheckerContext {
  readonly rules: Rules;
  readonly budget: Budget;
  /** What this run knows of the page. */
  readonly page: PageMemory;
  /** Why an answer of this round may be one that a proxy kept, or undefined. */
  readonly doubt: () => string | undefined;
}

/** The budget runs from this call on. */
export function startRound(checker: CheckerContext, { page, dates }: RunMemory): RoundContext {
  const { policy, timing } = checker.config;
  const budget = startBudget(checker.clock, timing.budgetSeconds);
  dates.startRound();
  const doubt = (): string | undefined => dates.doubt(budget.spentSeconds());
  return { ...datedPorts(checker, dates), rules: { policy, timing }, budget, page, doubt };
}
