/**
 * The times that the protocol stands on, the rules between them, and the bounds that follow (docs/guarantees.md).
 * The stack refuses a config that breaks a rule; the bounds are printed at `pulumi up`.
 */

/** All times of one cluster, in seconds. The letters are those of the bounds below. */
export interface Timing {
  /** T: from the start of one round to the start of the next inside a run. */
  readonly roundSeconds: number;
  /** s: the longest time a CronJob's pod takes from its schedule through its preflight to its first round. */
  readonly startLagSeconds: number;
  /** E: no round starts in the last E seconds of a run's period. */
  readonly endMarginSeconds: number;
  /** r: one GitLab call, its retry included. */
  readonly requestSeconds: number;
  /** c: how long a roll call waits for a rival's managers to answer. */
  readonly rollCallSeconds: number;
  /** R: budget of a round for all of its calls. */
  readonly budgetSeconds: number;
  /** L: a report that was not asserted for longer than this is not trusted. */
  readonly leaseSeconds: number;
  /** D: from a runner's death to a pod that Kubernetes shows as not ready. */
  readonly detectionSeconds: number;
  /** The CronJob's period. 60 on every real cluster, for cron knows no seconds; shorter only in a lab. */
  readonly periodSeconds: number;
  /** gitlab-runner's `check_interval`. */
  readonly checkIntervalSeconds: number;
  /** gitlab-runner's `unhealthy_interval`: how long it stays silent after three failed requests. */
  readonly unhealthyIntervalSeconds: number;
  /** GitLab's `apiCiLongPollingDuration`: how long Workhorse may hold a poll. */
  readonly longPollSeconds: number;
  /** How often a running job reports to GitLab (60 unless GitLab is told otherwise). */
  readonly jobReportSeconds: number;
}

export const DEFAULT_TIMING: Timing = Object.freeze({
  roundSeconds: 15,
  startLagSeconds: 15,
  endMarginSeconds: 5,
  requestSeconds: 5,
  rollCallSeconds: 10,
  budgetSeconds: 20,
  leaseSeconds: 60,
  detectionSeconds: 12,
  periodSeconds: 60,
  checkIntervalSeconds: 3,
  unhealthyIntervalSeconds: 5,
  longPollSeconds: 50,
  jobReportSeconds: 60,
});

/** G: the longest time between the starts of two rounds of a living checker. */
export const longestGapSeconds = (t: Timing): number => t.endMarginSeconds + t.roundSeconds + t.startLagSeconds;

/** A checker is in touch with GitLab as long as no two of its stamps are further apart than this. */
export const longestTouchGapSeconds = (t: Timing): number => t.leaseSeconds + t.roundSeconds;

/** A full runner of which GitLab heard within this time is served: its jobs report once a period. */
export const busyContactSeconds = (t: Timing): number => t.jobReportSeconds * 1.25;

/**
 * A manager that runs jobs and was heard of within this time answers a roll call: its jobs report once a period, and one
 * report may be lost in a moment that nobody else notices.
 */
export const vouchSeconds = (t: Timing): number => t.jobReportSeconds * 2.25;

/**
 * When GitLab serves runners again after it did not, each that lives has asked for jobs within this: it may have been about to
 * sleep for its `unhealthy_interval`.
 */
export const awakeAfterSeconds = (t: Timing): number => t.unhealthyIntervalSeconds + 2 * t.checkIntervalSeconds;

/**
 * GitLab hears this cluster as long as its own managers' last contact is no older: a full one reports once a period, an idle
 * one answers each stamp within two polls, and stamps are at most G apart.
 */
export const heardWithinSeconds = (t: Timing): number =>
  Math.max(t.jobReportSeconds, longestGapSeconds(t) + 2 * t.checkIntervalSeconds) + t.requestSeconds;

/**
 * D of adopted runners, which have no sidecar: from the moment that a runner stops asking for jobs, its process there or
 * not, to a count without it. Until then it may have been heard; then the round calls it and waits.
 */
export const adoptedDetectionSeconds = (t: Timing): number => heardWithinSeconds(t) + t.rollCallSeconds;

/**
 * From here on a runner that neither polls nor reports a job is stuck: the longest time that a healthy one may be
 * silent is a poll that Workhorse holds, or the gap to the next roll call, whichever ends later, and the next poll.
 */
export const stuckAfterSeconds = (t: Timing): number =>
  Math.max(t.longPollSeconds, longestGapSeconds(t)) + 2 * t.checkIntervalSeconds + t.requestSeconds;

/** How often the sidecar looks, so that its look and the probe that reads it fit into D. */
export const sidecarIntervalSeconds = (t: Timing): number => t.detectionSeconds / 4;

/** The probes' period: whole seconds, as Kubernetes wants them, of which two and a look of the sidecar fit into D. */
export const probePeriodSeconds = (t: Timing): number => Math.max(1, Math.floor(t.detectionSeconds / 3));

/** What is promised (I2), in seconds; see docs/guarantees.md for the assumptions. */
export interface Bounds {
  /** The holder's cluster dies at once: until another cluster holds the main tags. */
  readonly deadSeconds: number;
  /** The same where every manager of the holder was running jobs: their last reports vouch for it that much longer. */
  readonly deadBusySeconds: number;
  /** The holder's runners faint while its checker lives. */
  readonly faintedSeconds: number;
}

export function bounds(t: Timing, confirm: number): Bounds {
  const gap = longestGapSeconds(t);
  const after = gap + t.rollCallSeconds + t.budgetSeconds;
  return {
    deadSeconds: t.leaseSeconds + after,
    deadBusySeconds: Math.max(t.leaseSeconds, vouchSeconds(t)) + after,
    faintedSeconds: t.detectionSeconds + 2 * gap + (confirm - 1) * t.roundSeconds + t.budgetSeconds,
  };
}

/** Sums of fractions are off by a rounding error that no rule means. */
const exact = (seconds: number): number => Math.round(seconds * 1000) / 1000;

/** A rule that a timing breaks: the keys to look at, what was given, and the mend. */
export interface TimingProblem {
  readonly key: keyof Timing;
  readonly message: string;
}

/**
 * Every rule of the design that `t` breaks. `lab` lifts the floors that only matter against a real GitLab (a round of
 * at least 10 s, a period of a minute); the relations between the times hold in a lab as well.
 */
export function timingProblems(
  t: Timing,
  options: { readonly lab: boolean; readonly managers: number; readonly adopted: boolean },
): TimingProblem[] {
  const problems: TimingProblem[] = [];
  const refuse = (key: keyof Timing, message: string) => problems.push({ key, message });
  const calling = options.adopted ? t.rollCallSeconds : 0;
  const need = exact(longestGapSeconds(t) + calling + 2 * t.requestSeconds);
  if (need > t.leaseSeconds)
    refuse(
      'leaseSeconds',
      `${t.leaseSeconds} is too short: a living checker may be silent for endMarginSeconds + roundSeconds + startLagSeconds + ${options.adopted ? 'rollCallSeconds (for adopted runners) + ' : ''}2 × requestSeconds = ${need}; give at least ${need}`,
    );
  if (t.checkIntervalSeconds >= t.rollCallSeconds / 2)
    refuse(
      'checkIntervalSeconds',
      `${t.checkIntervalSeconds} is too long: two polls must fit into rollCallSeconds (${t.rollCallSeconds}); give less than ${t.rollCallSeconds / 2}`,
    );
  // A runner that an outage put to sleep must be awake again within a roll call, or it would be taken for dead.
  const awake = exact(t.rollCallSeconds - t.checkIntervalSeconds);
  if (t.unhealthyIntervalSeconds > awake)
    refuse(
      'unhealthyIntervalSeconds',
      `${t.unhealthyIntervalSeconds} is too long: after an outage runners would sleep through a roll call; give at most ${awake} (rollCallSeconds - checkIntervalSeconds)`,
    );
  const budget = exact(t.rollCallSeconds + 2 * t.requestSeconds);
  if (t.budgetSeconds < budget)
    refuse(
      'budgetSeconds',
      `${t.budgetSeconds} is too short for a roll call and the calls around it; give at least ${budget} (rollCallSeconds + 2 × requestSeconds)`,
    );
  const called = exact(2 * (t.rollCallSeconds + 2 * t.requestSeconds));
  if (called > t.leaseSeconds)
    refuse(
      'rollCallSeconds',
      `${t.rollCallSeconds} is too long: a claim is given up when half a lease has passed since its round began, and the roll call comes before it; give less, or leaseSeconds of at least ${called} (2 × (rollCallSeconds + 2 × requestSeconds))`,
    );
  if (t.roundSeconds + t.endMarginSeconds > t.periodSeconds)
    refuse(
      'roundSeconds',
      `${t.roundSeconds} leaves no second round in a run of ${t.periodSeconds}; give at most ${t.periodSeconds - t.endMarginSeconds}`,
    );
  if (options.managers / t.roundSeconds > 5)
    refuse(
      'roundSeconds',
      `${options.managers} runner pods would ask GitLab more than 5 times a second after each stamp; give at least ${Math.ceil(options.managers / 5)}, or fewer runner.replicas`,
    );
  if (!options.lab) {
    if (t.roundSeconds < 10)
      refuse('roundSeconds', `${t.roundSeconds} is too short for a real GitLab; give at least 10`);
    if (t.periodSeconds !== 60)
      refuse('periodSeconds', `${t.periodSeconds} is not possible: cron counts minutes; leave it at 60`);
  }
  return problems;
}
