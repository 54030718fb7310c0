/** What a sidecar knows about its runner after each reading: which counters grew, what GitLab shows, and since when. */
import { sidecarIntervalSeconds, type Timing } from '../../timing.ts';
import type { GitLabSeconds } from '../model/time.ts';
import { growthOf, isAnotherProcess, type Growth } from './growth.ts';
import {
  NO_TRAFFIC,
  STALE_SECONDS,
  type GitLabReading,
  type MetricsRead,
  type MonotonicSeconds,
  type Reading,
  type Sample,
} from './sample.ts';

/** A stamp of the cluster that this runner has not answered with a contact yet. */
interface UnansweredStamp {
  readonly stampedAt: GitLabSeconds;
  /** When the sidecar first saw the stamp: GitLab's time of that answer, and its own. */
  readonly seen: { readonly date: GitLabSeconds; readonly at: MonotonicSeconds };
  /** Answered polls when the sidecar saw the stamp. */
  readonly polls: number;
  /** When so many more polls had been answered that the contact must have moved. */
  readonly dueAt: MonotonicSeconds | undefined;
  /** GitLab was read after that, and the contact had not moved. */
  readonly ignored: boolean;
}

/** The first poll that ends after a stamp may have begun before it; the second began after it and must have moved the contact. */
const POLLS_AFTER_A_STAMP = 2;

export interface RunnerHistory {
  /** The last reading. */
  readonly at: MonotonicSeconds | undefined;
  /** What the next sample is compared with. */
  readonly sample: Sample | undefined;
  /** When this process was first seen; -Infinity for one that an earlier sidecar may have seen. */
  readonly processSince: MonotonicSeconds | undefined;
  /** The newest proof that GitLab serves the runner: an answered poll or, where it is full, a job's report. */
  readonly proof: { readonly at: MonotonicSeconds; readonly by: 'poll' | 'router' | 'job' } | undefined;
  /** When this manager last contacted GitLab, by GitLab's own clock. */
  readonly contactAt: MonotonicSeconds | undefined;
  /** The last activity of any kind. */
  readonly movedAt: MonotonicSeconds;
  /** Since when the runner has not polled although it could: it is fed, is not full, and has no poll under way. */
  readonly pollDueSince: MonotonicSeconds;
  /** When the main loop last moved. */
  readonly loopMovedAt: MonotonicSeconds;
  /** Since when nothing at all has moved in a process without jobs and without a poll under way. */
  readonly stillSince: MonotonicSeconds;
  /** Polls with 401 or 403 since the last answered one, without another failure between. */
  readonly unauthorizedPolls: number;
  /** Calls without an answer since the last one with any; they count only while GitLab answers the sidecar. */
  readonly unansweredCalls: {
    readonly count: number;
    readonly since: MonotonicSeconds;
    /** Those that ended after GitLab had answered the sidecar: an outage that is over explains all others. */
    readonly afterAnswer: number;
  };
  /** The last polls failed with a status other than 401 and 403. */
  readonly failing: boolean;
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
  /** The last read had the complete list of managers. */
  readonly managerKnown: boolean;
  readonly unansweredStamps: readonly UnansweredStamp[];
}

const NO_UNANSWERED_CALLS = { count: 0, since: 0, afterAnswer: 0 };
/** This many stamps without a new contact are the proof. The oldest ones are kept, for they become proof first. */
export const STAMPS_WITHOUT_CONTACT = 3;

/**
 * Before the first reading. At the birth of a pod every request that the runner has counted was made just now, so it counts
 * from zero; after a restart of the sidecar alone the counters may be old, so the first sample is only what the next one is
 * compared with.
 */
export const noHistory = (birth: boolean): RunnerHistory => ({
  at: undefined,
  sample: birth ? NO_TRAFFIC : undefined,
  processSince: birth ? undefined : Number.NEGATIVE_INFINITY,
  proof: undefined,
  contactAt: undefined,
  movedAt: 0,
  pollDueSince: 0,
  loopMovedAt: 0,
  stillSince: 0,
  unauthorizedPolls: 0,
  unansweredCalls: NO_UNANSWERED_CALLS,
  failing: false,
  full: false,
  timeoutSince: undefined,
  reachableSince: undefined,
  reachedAt: undefined,
  gitlabReadAt: undefined,
  gitlabTrouble: undefined,
  record: undefined,
  managerKnown: false,
  unansweredStamps: [],
});

/** The history after one more reading. */
export function addReading(history: RunnerHistory, { at, runner, gitlab }: Reading, timing: Timing): RunnerHistory {
  const timed = restartWaits(history, at, timing);
  const read = { ...addMetricsRead(timed, runner, at, timing), at };
  return gitlab ? addGitLabReading(read, gitlab) : read;
}

/** While the sidecar itself did not run (a frozen or starved node) it measured nothing: every waiting time starts anew. */
function restartWaits(history: RunnerHistory, at: MonotonicSeconds, timing: Timing): RunnerHistory {
  if (history.at !== undefined && at - history.at <= 4 * sidecarIntervalSeconds(timing)) return history;
  const later = (since: MonotonicSeconds | undefined) => (since === undefined ? undefined : at);
  return {
    ...history,
    processSince: history.processSince ?? at,
    movedAt: at,
    pollDueSince: at,
    stillSince: at,
    timeoutSince: later(history.timeoutSince),
    reachableSince: later(history.reachableSince),
  };
}

/** Another process, or none: what was seen of the old one proves nothing about the next. */
const newProcess = (history: RunnerHistory, at: MonotonicSeconds): RunnerHistory => ({
  ...history,
  sample: NO_TRAFFIC,
  processSince: at,
  proof: undefined,
  contactAt: undefined,
  movedAt: at,
  pollDueSince: at,
  loopMovedAt: at,
  stillSince: at,
  unauthorizedPolls: 0,
  unansweredCalls: NO_UNANSWERED_CALLS,
  failing: false,
  full: false,
  timeoutSince: undefined,
  unansweredStamps: [],
});

function addMetricsRead(
  history: RunnerHistory,
  runner: MetricsRead,
  at: MonotonicSeconds,
  timing: Timing,
): RunnerHistory {
  switch (runner.kind) {
    case 'closed':
      return newProcess(history, at);
    case 'timeout':
      return { ...history, timeoutSince: history.timeoutSince ?? at };
    case 'unknown':
      return history;
    case 'sample': {
      const { sample } = runner;
      // Before its first sample nothing is known of a process: that time does not count as inactivity.
      if (history.sample === undefined || history.sample === NO_TRAFFIC)
        return addSample({ ...history, movedAt: at, pollDueSince: at, stillSince: at }, sample, at, timing);
      const restarted = isAnotherProcess(history.sample, sample);
      return addSample(restarted ? newProcess(history, at) : history, sample, at, timing);
    }
  }
}

function addSample(history: RunnerHistory, sample: Sample, at: MonotonicSeconds, timing: Timing): RunnerHistory {
  const grown = growthOf(history.sample ?? sample, sample);
  const full = sample.capacity !== undefined && sample.jobs >= sample.capacity;
  const filled = full && !history.full && history.sample !== undefined;
  const routed = grown.router > 0 && !grown.unhealthy;
  const answered = grown.polls.answered > 0 || routed;
  const { unauthorized, failed } = grown.polls;
  const otherFailure = failed > 0 || (grown.router > 0 && grown.unhealthy);
  const served = full && (grown.reports.answered > 0 || filled);
  const fed: RunnerHistory = { ...history, loopMovedAt: grown.fed ? at : history.loopMovedAt };
  return {
    ...fed,
    sample,
    full,
    timeoutSince: undefined,
    proof: answered
      ? { at, by: grown.polls.answered > 0 ? 'poll' : 'router' }
      : served
        ? { at, by: 'job' }
        : history.proof,
    movedAt: grown.any || filled ? at : history.movedAt,
    pollDueSince: isPollDue(fed, sample, grown, full, at, timing) ? history.pollDueSince : at,
    stillSince: isStill(sample, grown) ? history.stillSince : at,
    unauthorizedPolls: answered || otherFailure ? 0 : history.unauthorizedPolls + unauthorized,
    unansweredCalls: unansweredCalls(history, sample, grown, full, at),
    unansweredStamps: history.unansweredStamps.map((stamp) =>
      stamp.dueAt === undefined && sample.polls.answered - stamp.polls >= POLLS_AFTER_A_STAMP
        ? { ...stamp, dueAt: at }
        : stamp,
    ),
    failing: !answered && (otherFailure || (history.failing && unauthorized === 0)),
  };
}

/**
 * The runner could poll and does not. While its main loop waits for a free worker it cannot: jobs, and the last reports of
 * jobs that have ended, occupy workers too.
 */
function isPollDue(
  { loopMovedAt }: RunnerHistory,
  sample: Sample,
  grown: Growth,
  full: boolean,
  at: MonotonicSeconds,
  timing: Timing,
): boolean {
  const loopRuns = at - loopMovedAt <= 2 * (timing.checkIntervalSeconds + sidecarIntervalSeconds(timing));
  return (
    sample.feeds !== undefined && loopRuns && !grown.polled && sample.pollsUnderWay === 0 && !full && !sample.draining
  );
}

const isStill = (sample: Sample, grown: Growth): boolean =>
  sample.feeds !== undefined && !grown.any && sample.jobs === 0 && sample.pollsUnderWay === 0 && !sample.draining;

/**
 * A full runner does not poll; then the reports of its jobs show whether GitLab answers it. Calls are not counted while the
 * sidecar gets no answer from GitLab either.
 */
function unansweredCalls(
  { unansweredCalls: before, reachableSince, reachedAt }: RunnerHistory,
  { draining }: Sample,
  { polls, reports, router }: Growth,
  full: boolean,
  at: MonotonicSeconds,
): RunnerHistory['unansweredCalls'] {
  const ofPolls = polls.answered + polls.unauthorized + polls.failed + router;
  const ofReports = full ? reports.answered + reports.unauthorized + reports.failed : 0;
  if (draining || reachableSince === undefined || ofPolls + ofReports > 0) return NO_UNANSWERED_CALLS;
  const more = polls.unanswered + (full ? reports.unanswered : 0);
  if (more === 0) return before;
  const isAfterAnswer = before.count > 0 && reachedAt !== undefined && reachedAt > before.since;
  return {
    count: before.count + more,
    since: before.count === 0 ? at : before.since,
    afterAnswer: before.afterAnswer + (isAfterAnswer ? more : 0),
  };
}

function addGitLabReading(history: RunnerHistory, reading: GitLabReading): RunnerHistory {
  const { at, record, manager } = reading;
  const contactAt = contactOf(reading) ?? history.contactAt;
  const next: RunnerHistory = {
    ...history,
    gitlabReadAt: at,
    managerKnown: manager.kind !== 'unknown',
    contactAt,
    movedAt: Math.max(history.movedAt, contactAt ?? history.movedAt),
    unansweredStamps: unansweredStamps(history, reading),
  };
  // Calls that failed while GitLab did not answer the sidecar either prove nothing about the runner.
  if (record.kind === 'unknown')
    return { ...next, reachableSince: undefined, gitlabTrouble: record.why, unansweredCalls: NO_UNANSWERED_CALLS };
  const is = record.kind === 'absent' ? 'absent' : record.paused ? 'paused' : 'serving';
  return {
    ...next,
    reachableSince: history.reachableSince ?? at,
    reachedAt: at,
    gitlabTrouble: undefined,
    record: { is, at },
  };
}

/** A contact by this clock: as long before the answer as GitLab's own clock says. */
function contactOf({ at, manager, date }: GitLabReading): MonotonicSeconds | undefined {
  if (manager.kind !== 'found' || manager.contactedAt === undefined || date === undefined) return undefined;
  return at - Math.max(0, date - manager.contactedAt);
}

/**
 * A renewal of the lease wakes the record's queue: the next poll of every manager with a valid token reaches Rails, which updates
 * its contact. The queue of a token that was reset is not woken, and Workhorse answers its polls for up to an hour.
 */
function unansweredStamps(
  history: RunnerHistory,
  { record, manager, askedAt, at, date }: GitLabReading,
): readonly UnansweredStamp[] {
  const { sample, unansweredStamps: known } = history;
  if (record.kind !== 'found' || manager.kind !== 'found' || !sample || date === undefined) return known;
  const { stampedAt } = record;
  const contactedAt = manager.contactedAt ?? 0;
  const open = known
    .filter((stamp) => stamp.stampedAt > contactedAt)
    .map((stamp) => {
      // An answer that a cache kept shows an old contact: GitLab's time has then not gone on as ours has.
      const isCurrent = date - stamp.seen.date >= at - stamp.seen.at - STALE_SECONDS;
      const isIgnored = isCurrent && stamp.dueAt !== undefined && askedAt > stamp.dueAt;
      return isIgnored ? { ...stamp, ignored: true } : stamp;
    });
  const isNew =
    stampedAt !== undefined && stampedAt > contactedAt && !open.some((stamp) => stamp.stampedAt >= stampedAt);
  if (!isNew || open.length >= STAMPS_WITHOUT_CONTACT) return open;
  return [...open, { stampedAt, seen: { date, at }, polls: sample.polls.answered, dueAt: undefined, ignored: false }];
}
