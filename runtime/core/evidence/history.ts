/** What a sidecar knows about its runner after each reading: which counters grew, what GitLab shows, and since when. */
import { stuckAfterSeconds, type Timing } from '../../timing.ts';

/** Seconds of a monotonic clock. Never compared with any other machine's time. */
export type MonotonicSeconds = number;

/** Polls for jobs by their result, as counters since the runner's start. */
export interface PollCounts {
  /** GitLab answered: 2xx, and 409 for a job that another runner got first. */
  readonly answered: number;
  /** 401 and 403: GitLab, or a proxy before it, does not accept the runner's token. */
  readonly unauthorized: number;
  /** 429, 5xx and the rest. */
  readonly failed: number;
}

/** One reading of the runner's metrics endpoint. */
export interface Sample {
  readonly polls: PollCounts;
  /** Reports of running jobs (`update_job`, `patch_trace`). */
  readonly reports: { readonly answered: number; readonly failed: number };
  /**
   * Errors and warnings that the runner has logged, and its skipped polls while unhealthy. gitlab-runner does not count a
   * request that got no answer (network/api_requests_collector.go), so this alone tells trouble from being stuck.
   */
  readonly troubles: number;
  readonly jobs: number;
  /** How many jobs it may run; undefined where it has no limit. */
  readonly capacity: number | undefined;
  /** `process_start_time_seconds`, compared for change only. */
  readonly startedAt: number | undefined;
}

export const NO_TRAFFIC: Sample = Object.freeze({
  polls: { answered: 0, unauthorized: 0, failed: 0 },
  reports: { answered: 0, failed: 0 },
  troubles: 0,
  jobs: 0,
  capacity: undefined,
  startedAt: undefined,
});

export type MetricsRead =
  | { readonly kind: 'sample'; readonly sample: Sample }
  /** Connection refused: the process is gone. */
  | { readonly kind: 'closed'; readonly why: string }
  /** The connection was accepted and no answer came in time. */
  | { readonly kind: 'timeout'; readonly why: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** GitLab's view of the record and of this pod's manager. */
export interface GitLabReading {
  readonly record:
    | { readonly kind: 'found'; readonly paused: boolean }
    | { readonly kind: 'absent' }
    | { readonly kind: 'unknown'; readonly why: string };
  readonly manager:
    | { readonly kind: 'found'; readonly contactedAt: string | null }
    /** A complete list without our system id. */
    | { readonly kind: 'absent' }
    | { readonly kind: 'unknown'; readonly why: string };
}

export interface Reading {
  readonly at: MonotonicSeconds;
  readonly runner: MetricsRead;
  /** Absent where GitLab was not asked, or has not answered yet. */
  readonly gitlab?: GitLabReading;
}

export interface RunnerHistory {
  /** The last reading. */
  readonly at: MonotonicSeconds | undefined;
  /** What the next sample is compared with. */
  readonly sample: Sample | undefined;
  /** The newest proof that the runner is served by GitLab: an answered poll or, where it is full, a job's report. */
  readonly proof: { readonly at: MonotonicSeconds; readonly by: 'poll' | 'job' } | undefined;
  /** When GitLab last showed a new contact of this manager. */
  readonly contactAt: MonotonicSeconds | undefined;
  /** The last sign of life of any kind. */
  readonly movedAt: MonotonicSeconds;
  /** The last poll with any answer, or the last moment at which none was due because the runner was full. */
  readonly pollsDueSince: MonotonicSeconds;
  /** Polls with 401 or 403 since the last answered one, without another failure between. */
  readonly unauthorizedPolls: number;
  /** The last polls failed with a status other than 401 and 403. */
  readonly failing: boolean;
  /** The runner itself had trouble since its last answered poll, so that it may sleep for its `unhealthy_interval`. */
  readonly troubled: boolean;
  /** GitLab was, or may have been, out of reach since then. */
  readonly outage: boolean;
  readonly full: boolean;
  /** Since when the metrics endpoint accepts connections and does not answer. */
  readonly timeoutSince: MonotonicSeconds | undefined;
  /** Since when every read of GitLab got a definite answer; undefined after one that did not. */
  readonly reachableSince: MonotonicSeconds | undefined;
  /** The last definite answer of GitLab, and the last of any kind. */
  readonly reachedAt: MonotonicSeconds | undefined;
  readonly gitlabReadAt: MonotonicSeconds | undefined;
  readonly gitlabTrouble: string | undefined;
  readonly record: { readonly is: 'serving' | 'paused' | 'absent'; readonly at: MonotonicSeconds } | undefined;
  readonly contact: { readonly contactedAt: string | null } | undefined;
  /** The last read had the complete list of managers. */
  readonly managerKnown: boolean;
}

/**
 * Before the first reading. At the birth of a pod every request that the runner has counted was made just now, so it counts
 * from zero; after a restart of the sidecar alone the counters may be old, so the first sample is only what the next one is compared with.
 */
export const noHistory = (birth: boolean): RunnerHistory => ({
  at: undefined,
  sample: birth ? NO_TRAFFIC : undefined,
  proof: undefined,
  contactAt: undefined,
  movedAt: 0,
  pollsDueSince: 0,
  unauthorizedPolls: 0,
  failing: false,
  troubled: false,
  outage: true,
  full: false,
  timeoutSince: undefined,
  reachableSince: undefined,
  reachedAt: undefined,
  gitlabReadAt: undefined,
  gitlabTrouble: undefined,
  record: undefined,
  contact: undefined,
  managerKnown: false,
});

/** The history after one more reading. */
export function addReading(history: RunnerHistory, { at, runner, gitlab }: Reading, timing: Timing): RunnerHistory {
  const timed = restartWaits(history, at, timing);
  const read = { ...addMetricsRead(timed, runner, at), at };
  return gitlab ? addGitLabReading(read, gitlab, at) : read;
}

/** While the sidecar itself did not run (a frozen node) it measured nothing: every waiting time starts anew after that. */
function restartWaits(history: RunnerHistory, at: MonotonicSeconds, timing: Timing): RunnerHistory {
  if (history.at !== undefined && at - history.at <= stuckAfterSeconds(timing) / 2) return history;
  const later = (since: MonotonicSeconds | undefined) => (since === undefined ? undefined : at);
  return {
    ...history,
    movedAt: at,
    pollsDueSince: at,
    timeoutSince: later(history.timeoutSince),
    reachableSince: later(history.reachableSince),
  };
}

/** Another process, or none: what was seen of the old one proves nothing of the next. */
const newProcess = (history: RunnerHistory, at: MonotonicSeconds): RunnerHistory => ({
  ...history,
  sample: NO_TRAFFIC,
  proof: undefined,
  contactAt: undefined,
  movedAt: at,
  pollsDueSince: at,
  unauthorizedPolls: 0,
  failing: false,
  troubled: false,
  full: false,
  timeoutSince: undefined,
});

function addMetricsRead(history: RunnerHistory, runner: MetricsRead, at: MonotonicSeconds): RunnerHistory {
  switch (runner.kind) {
    case 'closed':
      return newProcess(history, at);
    case 'timeout':
      return { ...history, timeoutSince: history.timeoutSince ?? at };
    case 'unknown':
      return history;
    case 'sample': {
      // Before its first sample nothing is known of a process: that time does not count as inactivity.
      if (history.sample === undefined || history.sample === NO_TRAFFIC)
        return addSample({ ...history, movedAt: at, pollsDueSince: at }, runner.sample, at);
      const restarted = isAnotherProcess(history.sample, runner.sample);
      return addSample(restarted ? newProcess(history, at) : history, runner.sample, at);
    }
  }
}

const counters = (sample: Sample): number[] => [
  sample.polls.answered,
  sample.polls.unauthorized,
  sample.polls.failed,
  sample.reports.answered,
  sample.reports.failed,
  sample.troubles,
];

function isAnotherProcess(before: Sample, after: Sample): boolean {
  if (before.startedAt !== undefined && after.startedAt !== undefined && before.startedAt !== after.startedAt)
    return true;
  const now = counters(after);
  return counters(before).some((count, index) => (now[index] ?? 0) < count);
}

function addSample(history: RunnerHistory, sample: Sample, at: MonotonicSeconds): RunnerHistory {
  const before = history.sample ?? sample;
  const answered = sample.polls.answered > before.polls.answered;
  const unauthorized = sample.polls.unauthorized - before.polls.unauthorized;
  const failed = sample.polls.failed > before.polls.failed;
  const reported = sample.reports.answered > before.reports.answered;
  const troubled = sample.troubles > before.troubles;
  const moved = counters(sample).some((count, index) => count > (counters(before)[index] ?? 0));
  const full = sample.capacity !== undefined && sample.jobs >= sample.capacity;
  const filled = full && !history.full && history.sample !== undefined;
  const served = answered || (full && (reported || filled));
  return {
    ...history,
    sample,
    full,
    timeoutSince: undefined,
    proof: answered ? { at, by: 'poll' } : served ? { at, by: 'job' } : history.proof,
    movedAt: moved || filled ? at : history.movedAt,
    pollsDueSince: answered || unauthorized > 0 || failed || full ? at : history.pollsDueSince,
    unauthorizedPolls: answered || failed ? 0 : history.unauthorizedPolls + unauthorized,
    failing: !answered && (failed || (history.failing && unauthorized === 0)),
    troubled: !served && (history.troubled || troubled || unauthorized > 0 || failed),
    outage: history.outage && !served,
  };
}

function addGitLabReading(
  history: RunnerHistory,
  { record, manager }: GitLabReading,
  at: MonotonicSeconds,
): RunnerHistory {
  const contact = manager.kind === 'found' ? { contactedAt: manager.contactedAt } : history.contact;
  const contacted =
    manager.kind === 'found' &&
    manager.contactedAt !== null &&
    history.contact !== undefined &&
    manager.contactedAt !== history.contact.contactedAt;
  const next: RunnerHistory = {
    ...history,
    gitlabReadAt: at,
    contact,
    managerKnown: manager.kind !== 'unknown',
    contactAt: contacted ? at : history.contactAt,
    movedAt: contacted ? at : history.movedAt,
  };
  if (record.kind === 'unknown') return { ...next, reachableSince: undefined, gitlabTrouble: record.why, outage: true };
  const is = record.kind === 'absent' ? 'absent' : record.paused ? 'paused' : 'serving';
  return {
    ...next,
    reachableSince: history.reachableSince ?? at,
    reachedAt: at,
    gitlabTrouble: undefined,
    record: { is, at },
  };
}
