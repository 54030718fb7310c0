/** What a sidecar has seen of its runner, look by look: counters that moved, GitLab's view of the record, and since when. */
import { stuckAfterSeconds, type Timing } from '../../timing.ts';

/** Seconds of a monotonic clock. Never compared with any other machine's time. */
export type MonotonicSeconds = number;

/** Polls for jobs by what came of them, as counters since the runner's start. */
export interface PollCounts {
  /** GitLab answered: 2xx, and 409 for a job that another runner got first. */
  readonly answered: number;
  /** 401 and 403: GitLab does not accept the runner's token, or something in between refuses. */
  readonly refused: number;
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
  polls: { answered: 0, refused: 0, failed: 0 },
  reports: { answered: 0, failed: 0 },
  troubles: 0,
  jobs: 0,
  capacity: undefined,
  startedAt: undefined,
});

export type MetricsRead =
  | { readonly kind: 'sample'; readonly sample: Sample }
  /** Nobody listens: the process is gone. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Somebody listens and does not answer in time. */
  | { readonly kind: 'silent'; readonly why: string }
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
  /** The last observation. */
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
  /** Polls refused since the last that was answered, with no other failure between. */
  readonly refusals: number;
  /** The last polls failed in another way than by refusal. */
  readonly failing: boolean;
  /** The runner itself had trouble since its last answered poll, so that it may sleep for its `unhealthy_interval`. */
  readonly troubled: boolean;
  /** GitLab was, or may have been, out of reach since then. */
  readonly outage: boolean;
  readonly full: boolean;
  /** Since when the metrics endpoint has accepted connections without answering. */
  readonly silentSince: MonotonicSeconds | undefined;
  /** Since when every look at GitLab got a definite answer; undefined after one that did not. */
  readonly reachableSince: MonotonicSeconds | undefined;
  /** The last definite answer of GitLab, and the last of any kind. */
  readonly reachedAt: MonotonicSeconds | undefined;
  readonly lookedAt: MonotonicSeconds | undefined;
  readonly gitlabTrouble: string | undefined;
  readonly record: { readonly is: 'serving' | 'paused' | 'absent'; readonly at: MonotonicSeconds } | undefined;
  readonly contact: { readonly contactedAt: string | null } | undefined;
  /** The last look had the complete list of managers. */
  readonly managerKnown: boolean;
}

/**
 * Before the first look. At the birth of a pod every request that the runner has counted was made just now, so it counts
 * from zero; after a restart of the sidecar alone the counters may be old, so the first sample only sets the mark.
 */
export const noHistory = (birth: boolean): RunnerHistory => ({
  at: undefined,
  sample: birth ? NO_TRAFFIC : undefined,
  proof: undefined,
  contactAt: undefined,
  movedAt: 0,
  pollsDueSince: 0,
  refusals: 0,
  failing: false,
  troubled: false,
  outage: true,
  full: false,
  silentSince: undefined,
  reachableSince: undefined,
  reachedAt: undefined,
  lookedAt: undefined,
  gitlabTrouble: undefined,
  record: undefined,
  contact: undefined,
  managerKnown: false,
});

/** The signs after one more observation. */
export function addReading(signs: RunnerHistory, { at, runner, gitlab }: Reading, timing: Timing): RunnerHistory {
  const timed = restartSilence(signs, at, timing);
  const read = { ...seeRunner(timed, runner, at), at };
  return gitlab ? seeGitLab(read, gitlab, at) : read;
}

/** Time in which the sidecar itself did not look (a frozen node) is nobody's silence: every silence starts anew after it. */
function restartSilence(signs: RunnerHistory, at: MonotonicSeconds, timing: Timing): RunnerHistory {
  if (signs.at !== undefined && at - signs.at <= stuckAfterSeconds(timing) / 2) return signs;
  const later = (since: MonotonicSeconds | undefined) => (since === undefined ? undefined : at);
  return {
    ...signs,
    movedAt: at,
    pollsDueSince: at,
    silentSince: later(signs.silentSince),
    reachableSince: later(signs.reachableSince),
  };
}

/** Another process, or none: what was seen of the old one proves nothing of the next. */
const newProcess = (signs: RunnerHistory, at: MonotonicSeconds): RunnerHistory => ({
  ...signs,
  sample: NO_TRAFFIC,
  proof: undefined,
  contactAt: undefined,
  movedAt: at,
  pollsDueSince: at,
  refusals: 0,
  failing: false,
  troubled: false,
  full: false,
  silentSince: undefined,
});

function seeRunner(signs: RunnerHistory, runner: MetricsRead, at: MonotonicSeconds): RunnerHistory {
  switch (runner.kind) {
    case 'refused':
      return newProcess(signs, at);
    case 'silent':
      return { ...signs, silentSince: signs.silentSince ?? at };
    case 'unknown':
      return signs;
    case 'sample': {
      // Before its first sample nothing is known of a process: that time is not silence.
      if (signs.sample === undefined || signs.sample === NO_TRAFFIC)
        return seeSample({ ...signs, movedAt: at, pollsDueSince: at }, runner.sample, at);
      const restarted = isAnotherProcess(signs.sample, runner.sample);
      return seeSample(restarted ? newProcess(signs, at) : signs, runner.sample, at);
    }
  }
}

const counters = (sample: Sample): number[] => [
  sample.polls.answered,
  sample.polls.refused,
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

function seeSample(signs: RunnerHistory, sample: Sample, at: MonotonicSeconds): RunnerHistory {
  const before = signs.sample ?? sample;
  const answered = sample.polls.answered > before.polls.answered;
  const refused = sample.polls.refused - before.polls.refused;
  const failed = sample.polls.failed > before.polls.failed;
  const reported = sample.reports.answered > before.reports.answered;
  const troubled = sample.troubles > before.troubles;
  const moved = counters(sample).some((count, index) => count > (counters(before)[index] ?? 0));
  const full = sample.capacity !== undefined && sample.jobs >= sample.capacity;
  const filled = full && !signs.full && signs.sample !== undefined;
  const served = answered || (full && (reported || filled));
  return {
    ...signs,
    sample,
    full,
    silentSince: undefined,
    proof: answered ? { at, by: 'poll' } : served ? { at, by: 'job' } : signs.proof,
    movedAt: moved || filled ? at : signs.movedAt,
    pollsDueSince: answered || refused > 0 || failed || full ? at : signs.pollsDueSince,
    refusals: answered || failed ? 0 : signs.refusals + refused,
    failing: !answered && (failed || (signs.failing && refused === 0)),
    troubled: !served && (signs.troubled || troubled || refused > 0 || failed),
    outage: signs.outage && !served,
  };
}

function seeGitLab(signs: RunnerHistory, { record, manager }: GitLabReading, at: MonotonicSeconds): RunnerHistory {
  const contact = manager.kind === 'found' ? { contactedAt: manager.contactedAt } : signs.contact;
  const contacted =
    manager.kind === 'found' &&
    manager.contactedAt !== null &&
    signs.contact !== undefined &&
    manager.contactedAt !== signs.contact.contactedAt;
  const looked: RunnerHistory = {
    ...signs,
    lookedAt: at,
    contact,
    managerKnown: manager.kind !== 'unknown',
    contactAt: contacted ? at : signs.contactAt,
    movedAt: contacted ? at : signs.movedAt,
  };
  if (record.kind === 'unknown')
    return { ...looked, reachableSince: undefined, gitlabTrouble: record.why, outage: true };
  const is = record.kind === 'absent' ? 'absent' : record.paused ? 'paused' : 'serving';
  return {
    ...looked,
    reachableSince: signs.reachableSince ?? at,
    reachedAt: at,
    gitlabTrouble: undefined,
    record: { is, at },
  };
}
