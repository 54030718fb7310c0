/**
 * The times of the protocol, the rules between them, and the bounds that follow from them (docs/guarantees.md).
 * The stack refuses a config that breaks a rule; `pulumi up` prints the bounds.
 */

/** All times of one cluster, in seconds. The letters are those of the bounds below. */
export interface Timing {
  /** T: from the start of one round to the start of the next inside a run. */
  readonly roundSeconds: number;
  /** s: the longest time from the schedule of a CronJob's pod, through its preflight, to its first round. */
  readonly startLagSeconds: number;
  /** E: no round starts in the last E seconds of a run's period. */
  readonly endMarginSeconds: number;
  /** r: one GitLab call, its retry included. */
  readonly requestSeconds: number;
  /** c: how long a roll call waits for a rival's managers to answer. */
  readonly rollCallSeconds: number;
  /** R: budget of a round for all of its calls. */
  readonly budgetSeconds: number;
  /** L: a lease that was not renewed for longer than this has lapsed. */
  readonly leaseSeconds: number;
  /** D: from the end of a runner process until Kubernetes shows its pod as not ready. */
  readonly detectionSeconds: number;
  /** The CronJob's period. 60 on every real cluster, for cron knows no seconds; shorter only in a lab. */
  readonly periodSeconds: number;
  /** gitlab-runner's `check_interval`. */
  readonly checkIntervalSeconds: number;
  /** gitlab-runner's `unhealthy_interval`: how long it does not poll after three failed requests. */
  readonly unhealthyIntervalSeconds: number;
  /** GitLab's `apiCiLongPollingDuration`: how long Workhorse may hold a poll. */
  readonly longPollSeconds: number;
  /** How often a running job reports to GitLab (60 by default). */
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

/** G: the longest time from the start of one round to the start of the next while the CronJob runs. */
export const longestGapSeconds = (t: Timing): number => t.endMarginSeconds + t.roundSeconds + t.startLagSeconds;

/** A checker is in touch with GitLab as long as no two of its stamps are further apart than this. */
export const longestTouchGapSeconds = (t: Timing): number => t.leaseSeconds + t.roundSeconds;

/** A runner whose slots are all taken is served if its last contact is no older: its jobs report once a period. */
export const busyContactSeconds = (t: Timing): number => t.jobReportSeconds * 1.25;

/**
 * A manager that runs jobs answers a roll call if its last contact is no older: its jobs report once a period, and one report
 * may be lost.
 */
export const vouchSeconds = (t: Timing): number => t.jobReportSeconds * 2.25;

/**
 * After an outage of GitLab every healthy runner asks for jobs again within this time: it may have just begun its
 * `unhealthy_interval`.
 */
export const awakeAfterSeconds = (t: Timing): number => t.unhealthyIntervalSeconds + 2 * t.checkIntervalSeconds;

/**
 * GitLab hears this cluster if the last contact of one of its managers is no older: a full manager reports once a period, a
 * manager without jobs answers each renewal of the lease within two polls, and renewals are at most G apart.
 */
export const heardWithinSeconds = (t: Timing): number =>
  Math.max(t.jobReportSeconds, longestGapSeconds(t) + 2 * t.checkIntervalSeconds) + t.requestSeconds;

/**
 * The longest Retry-After of GitLab's limits for runners (429), which count calls per minute. A runner waits for it inside its call
 * and is healthy. In a lab a minute is as long as the CronJob's period.
 */
const retryAfterSeconds = (t: Timing): number => t.periodSeconds;

/**
 * An adopted runner counts as offline when GitLab has not heard it for longer than this: a limit on all runners can keep it silent
 * for so long without a gap that another cluster notices in the contacts of its own runners. The last contact was at the roll call
 * before the limit, the limit lasts for less than that gap, and the runner then waits for a Retry-After.
 */
export const silentWithinSeconds = (t: Timing): number =>
  longestGapSeconds(t) +
  2 * t.checkIntervalSeconds +
  (heardWithinSeconds(t) + longestGapSeconds(t)) +
  retryAfterSeconds(t);

/** After a limit on all runners every healthy runner asks for jobs again within this time. */
export const unlimitedAfterSeconds = (t: Timing): number =>
  retryAfterSeconds(t) + 2 * t.checkIntervalSeconds + t.requestSeconds;

/**
 * D of adopted runners, which have no sidecar: from the last time that a runner asks for jobs, its process running or not, to
 * a count without it: its last contact grows too old, then the round calls the roll and waits.
 */
export const adoptedDetectionSeconds = (t: Timing): number => silentWithinSeconds(t) + t.rollCallSeconds;

/**
 * The longest time between two answered polls of a healthy runner that is not full: a poll that Workhorse holds, or the gap to
 * the next roll call, whichever ends later, and the next poll.
 */
export const longestPollGapSeconds = (t: Timing): number =>
  Math.max(t.longPollSeconds, longestGapSeconds(t)) + 2 * t.checkIntervalSeconds + t.requestSeconds;

/** How often the sidecar checks its runner: one check and the probes that read its result fit into D. */
export const sidecarIntervalSeconds = (t: Timing): number => t.detectionSeconds / 4;

/** The period of the probes in whole seconds, as Kubernetes wants: two of them and one check of the sidecar fit into D. */
export const probePeriodSeconds = (t: Timing): number => Math.max(1, Math.floor(t.detectionSeconds / 3));

/** What is guaranteed (I2), in seconds; docs/guarantees.md has the assumptions. */
export interface Bounds {
  /** From the moment that the holder's whole cluster stops, until another cluster holds the main tags. */
  readonly deadSeconds: number;
  /** The same where every manager of the holder ran jobs: their last reports count as answers for longer. */
  readonly deadBusySeconds: number;
  /** From the moment that the holder's runners stop while its checker runs on. */
  readonly unhealthySeconds: number;
}

export function bounds(t: Timing, confirm: number): Bounds {
  const gap = longestGapSeconds(t);
  const after = gap + t.rollCallSeconds + t.budgetSeconds;
  return {
    deadSeconds: t.leaseSeconds + after,
    deadBusySeconds: Math.max(t.leaseSeconds, vouchSeconds(t)) + after,
    unhealthySeconds: t.detectionSeconds + 2 * gap + (confirm - 1) * t.roundSeconds + t.budgetSeconds,
  };
}

/** Without the rounding errors of fractions. */
const exact = (seconds: number): number => Math.round(seconds * 1000) / 1000;

/** A rule that a timing breaks: the key, what is wrong with its value, and which value is possible. */
export interface TimingProblem {
  readonly key: keyof Timing;
  readonly message: string;
}

export interface TimingOptions {
  /** Lifts the limits that only matter against a real GitLab; the relations between the times hold in a lab as well. */
  readonly lab: boolean;
  /** Runner processes of this cluster. */
  readonly managers: number;
  readonly adopted: boolean;
}

/** How many polls of runners a renewal of the lease may cause. */
const POLLS_PER_SECOND = 5;

/** What is wrong, or undefined. */
type Rule = (t: Timing, options: TimingOptions) => string | undefined;

const RULES: readonly (readonly [keyof Timing, Rule])[] = [
  [
    'leaseSeconds',
    (t, { adopted }) => {
      const called = adopted ? t.rollCallSeconds : 0;
      const need = exact(longestGapSeconds(t) + called + 2 * t.requestSeconds);
      if (need <= t.leaseSeconds) return undefined;
      const roll = adopted ? 'rollCallSeconds (for adopted runners) + ' : '';
      const sum = `endMarginSeconds + roundSeconds + startLagSeconds + ${roll}2 × requestSeconds`;
      return `${t.leaseSeconds} is too short: a healthy checker renews its lease every ${sum} = ${need} at worst; give at least ${need}`;
    },
  ],
  [
    'checkIntervalSeconds',
    (t) =>
      t.checkIntervalSeconds < t.rollCallSeconds / 2
        ? undefined
        : `${t.checkIntervalSeconds} is too long: two polls must fit into rollCallSeconds (${t.rollCallSeconds}); give less than ${t.rollCallSeconds / 2}`,
  ],
  [
    'unhealthyIntervalSeconds',
    (t) => {
      // Else a runner that waits after an outage misses the roll call and counts as dead.
      const most = exact(t.rollCallSeconds - t.checkIntervalSeconds);
      return t.unhealthyIntervalSeconds <= most
        ? undefined
        : `${t.unhealthyIntervalSeconds} is too long: after an outage of GitLab runners would miss a roll call; give at most ${most} (rollCallSeconds - checkIntervalSeconds)`;
    },
  ],
  [
    'budgetSeconds',
    (t) => {
      const least = exact(t.rollCallSeconds + 2 * t.requestSeconds);
      return t.budgetSeconds >= least
        ? undefined
        : `${t.budgetSeconds} is too short for a roll call and the calls before and after it; give at least ${least} (rollCallSeconds + 2 × requestSeconds)`;
    },
  ],
  [
    'rollCallSeconds',
    (t) => {
      const least = exact(2 * (t.rollCallSeconds + 2 * t.requestSeconds));
      return least <= t.leaseSeconds
        ? undefined
        : `${t.rollCallSeconds} is too long: a claim must come within half a lease of the start of its round, and the roll call comes first; give less, or leaseSeconds of at least ${least} (2 × (rollCallSeconds + 2 × requestSeconds))`;
    },
  ],
  [
    'roundSeconds',
    (t) =>
      t.roundSeconds + t.endMarginSeconds <= t.periodSeconds
        ? undefined
        : `${t.roundSeconds} is too long: a run of ${t.periodSeconds} s must have two rounds; give at most ${t.periodSeconds - t.endMarginSeconds}`,
  ],
  [
    'roundSeconds',
    (t, { managers }) =>
      managers / t.roundSeconds <= POLLS_PER_SECOND
        ? undefined
        : `${t.roundSeconds} is too short: after each renewal of the lease all ${managers} runner pods ask GitLab, more than ${POLLS_PER_SECOND} times a second; give at least ${Math.ceil(managers / POLLS_PER_SECOND)}, or fewer runner.replicas`,
  ],
  [
    'roundSeconds',
    (t, { lab }) =>
      lab || t.roundSeconds >= 10 ? undefined : `${t.roundSeconds} is too short for a real GitLab; give at least 10`,
  ],
  [
    'periodSeconds',
    (t, { lab }) =>
      lab || t.periodSeconds === 60
        ? undefined
        : `${t.periodSeconds} is not possible: cron counts minutes; remove it, or give 60`,
  ],
];

/** Every rule that `t` breaks. */
export const timingProblems = (t: Timing, options: TimingOptions): TimingProblem[] =>
  RULES.flatMap(([key, rule]) => {
    const message = rule(t, options);
    return message === undefined ? [] : [{ key, message }];
  });
