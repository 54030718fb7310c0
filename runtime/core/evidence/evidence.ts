/**
 * What a sidecar says about its runner: online, offline or unknown, with the reason. A pure reducer over readings.
 *
 * Ready follows the last definite verdict, so unknown never flips it. Live is no only while the runner itself is stuck and
 * GitLab is known to be reachable: an outage, a paused or deleted record or a bad token never restarts a runner.
 */
import { busyContactSeconds, sidecarIntervalSeconds, stuckAfterSeconds, type Timing } from '../../timing.ts';
import {
  noHistory,
  addReading,
  type MonotonicSeconds,
  type Reading,
  type MetricsRead,
  type RunnerHistory,
} from './history.ts';

export type Verdict =
  | { readonly evidence: 'online'; readonly cause: 'poll' | 'job' | 'contact'; readonly reason: string }
  | {
      readonly evidence: 'offline';
      readonly cause: 'dead' | 'deleted' | 'paused' | 'token' | 'stuck' | 'not-polling';
      readonly reason: string;
    }
  | {
      readonly evidence: 'unknown';
      readonly cause: 'start' | 'gitlab' | 'record' | 'metrics' | 'failing' | 'unauthorized' | 'overdue';
      readonly reason: string;
    };

export type Evidence = Verdict['evidence'];

export interface EvidenceState {
  readonly verdict: Verdict;
  /** The last definite verdict was online. */
  readonly ready: boolean;
  /** False only while the runner is stuck. */
  readonly live: boolean;
  readonly history: RunnerHistory;
}

/** A single 403 may come from a faulty proxy; a bad token gets 401 or 403 on every poll. */
const UNAUTHORIZED_POLLS_OF_A_BAD_TOKEN = 2;

/**
 * The longest time between two reports of a healthy job, in periods of `jobReportSeconds`: 240 s against 60 s with
 * FF_USE_DYNAMIC_TRACE_FORCE_SEND_INTERVAL. A runner with jobs is not restarted before that.
 */
const LONGEST_REPORT_GAP_PERIODS = 4;

const starting = (ready: boolean): Pick<EvidenceState, 'verdict' | 'ready' | 'live'> => ({
  verdict: { evidence: 'unknown', cause: 'start', reason: 'the sidecar has just started and has read nothing yet' },
  ready,
  live: true,
});

/** A new pod: not ready until its runner has been seen to be served. */
export const atBirth = (): EvidenceState => ({ ...starting(false), history: noHistory(true) });

/** A restarted sidecar beside a runner that may have lived on: what was last known of it stands. */
export const resumed = (ready: boolean): EvidenceState => ({ ...starting(ready), history: noHistory(false) });

/** The state after one more reading. */
export function reduce(state: EvidenceState, reading: Reading, timing: Timing): EvidenceState {
  const history = addReading(state.history, reading, timing);
  const verdict = judge(history, reading.runner, reading.at, timing);
  return { verdict, history, ready: readyAfter(state.ready, verdict), live: verdict.cause !== 'stuck' };
}

function readyAfter(ready: boolean, verdict: Verdict): boolean {
  switch (verdict.evidence) {
    case 'online':
      return true;
    case 'offline':
      return false;
    case 'unknown':
      return ready;
  }
}

const offline = (cause: Extract<Verdict, { evidence: 'offline' }>['cause'], reason: string): Verdict => ({
  evidence: 'offline',
  cause,
  reason,
});

const unsure = (cause: Extract<Verdict, { evidence: 'unknown' }>['cause'], reason: string): Verdict => ({
  evidence: 'unknown',
  cause,
  reason,
});

const ago = (at: MonotonicSeconds, then: MonotonicSeconds): string => `${Math.floor(at - then)} s`;

/** 1. what is definite, 2. inactivity beyond its limit, 3. fresh proof, 4. why nothing is known. */
function judge(history: RunnerHistory, runner: MetricsRead, at: MonotonicSeconds, timing: Timing): Verdict {
  if (runner.kind === 'closed') return offline('dead', `the runner's process is not running (${runner.why})`);
  const record = history.record && at - history.record.at <= timing.leaseSeconds ? history.record.is : undefined;
  if (record === 'absent') return offline('deleted', 'its runner record does not exist in GitLab (404)');
  if (record === 'paused') return offline('paused', 'its runner record is paused in GitLab');
  if (record && history.reachableSince !== undefined && history.unauthorizedPolls >= UNAUTHORIZED_POLLS_OF_A_BAD_TOKEN)
    return offline(
      'token',
      `GitLab does not accept the runner's token: ${history.unauthorizedPolls} polls in a row got 401 or 403`,
    );
  return (
    inactivityOf(history, runner, at, timing) ??
    proofOf(history, runner, record, at, timing) ??
    doubtOf(history, runner, record, at)
  );
}

type Inactivity = 'within-limit' | 'ask-gitlab' | 'confirmed';

/**
 * Whether nothing has happened since `since` for longer than `limit`. The time counts only while GitLab is reachable, and it is
 * confirmed only by a definite reply of GitLab after the limit: a connection that broke unnoticed is not a stuck runner.
 */
function inactivity(
  history: RunnerHistory,
  since: MonotonicSeconds,
  limit: number,
  at: MonotonicSeconds,
  timing: Timing,
): Inactivity {
  if (history.reachableSince === undefined || history.reachedAt === undefined) return 'within-limit';
  const end = Math.max(since, history.reachableSince) + limit;
  if (at <= end) return 'within-limit';
  return history.reachedAt > end && at - history.reachedAt <= timing.leaseSeconds ? 'confirmed' : 'ask-gitlab';
}

function inactivityOf(
  history: RunnerHistory,
  runner: MetricsRead,
  at: MonotonicSeconds,
  timing: Timing,
): Verdict | undefined {
  const stuck = stuckAfterSeconds(timing);
  // After trouble a runner sleeps for its unhealthy_interval, and then Workhorse may hold a poll for its full time again.
  const pause = history.troubled
    ? stuck + timing.unhealthyIntervalSeconds
    : history.outage
      ? timing.unhealthyIntervalSeconds
      : 0;
  const pollLimit = stuck + pause;
  const jobs = history.sample?.jobs ?? 0;
  const jobLimit = LONGEST_REPORT_GAP_PERIODS * timing.jobReportSeconds + timing.requestSeconds;
  const lifeLimit = jobs > 0 ? Math.max(pollLimit, jobLimit) : pollLimit;

  const isTimeout = runner.kind === 'timeout' && history.timeoutSince !== undefined && history.managerKnown;
  if (runner.kind !== 'sample' && !isTimeout) return undefined;
  const lifeSince = isTimeout ? Math.max(history.movedAt, history.timeoutSince ?? at) : history.movedAt;
  const life = inactivity(history, lifeSince, lifeLimit, at, timing);
  const text = isTimeout ? 'it does not answer on its metrics endpoint' : 'it has neither polled nor reported a job';
  if (life === 'confirmed')
    return offline('stuck', `the runner is stuck: ${text} for ${ago(at, lifeSince)} while GitLab is reachable`);
  if (life === 'ask-gitlab') return unsure('overdue', `${text} for ${ago(at, lifeSince)}; asking GitLab`);

  // It answers neither here nor GitLab, so it takes no jobs. It is too early to end its jobs by a restart.
  if (isTimeout)
    return unheard(history, lifeSince, jobs > 0 ? Math.max(pollLimit, jobReport(timing)) : pollLimit, at, timing);
  const polls = inactivity(history, history.pollsDueSince, pollLimit, at, timing);
  const since = ago(at, history.pollsDueSince);
  if (polls === 'confirmed')
    return offline('not-polling', `the runner has asked for no job for ${since} while GitLab is reachable`);
  if (polls === 'ask-gitlab') return unsure('overdue', `it has asked for no job for ${since}; asking GitLab`);
  return undefined;
}

/** Within this time the job reports of a working runner reach GitLab. */
const jobReport = (timing: Timing): number => busyContactSeconds(timing) + timing.requestSeconds;

function unheard(
  history: RunnerHistory,
  since: MonotonicSeconds,
  limit: number,
  at: MonotonicSeconds,
  timing: Timing,
): Verdict | undefined {
  const text = `it does not answer on its metrics endpoint, and GitLab shows no contact of it, for ${ago(at, since)}`;
  switch (inactivity(history, since, limit, at, timing)) {
    case 'confirmed':
      return offline('not-polling', text);
    case 'ask-gitlab':
      return unsure('overdue', `${text}; asking GitLab`);
    case 'within-limit':
      return undefined;
  }
}

function proofOf(
  history: RunnerHistory,
  runner: MetricsRead,
  record: 'serving' | undefined,
  at: MonotonicSeconds,
  timing: Timing,
): Verdict | undefined {
  if (!record || history.failing || history.unauthorizedPolls > 0) return undefined;
  const fresh = stuckAfterSeconds(timing);
  if (runner.kind !== 'sample') {
    if (history.contactAt === undefined || at - history.contactAt > fresh) return undefined;
    const reason = `GitLab showed a new contact ${ago(at, history.contactAt)} ago, but its metrics cannot be read`;
    return { evidence: 'online', cause: 'contact', reason };
  }
  const limit = history.full ? Math.max(fresh, jobReport(timing)) : fresh;
  if (!history.proof || at - history.proof.at > limit) return undefined;
  const { by, at: when } = history.proof;
  const reason =
    by === 'poll'
      ? `GitLab answered its poll ${ago(at, when)} ago`
      : `it is full (${runner.sample.jobs} jobs), and GitLab served it ${ago(at, when)} ago`;
  return { evidence: 'online', cause: by, reason };
}

function doubtOf(
  history: RunnerHistory,
  runner: MetricsRead,
  record: 'serving' | undefined,
  at: MonotonicSeconds,
): Verdict {
  if (history.gitlabTrouble !== undefined) return unsure('gitlab', `GitLab cannot be read: ${history.gitlabTrouble}`);
  if (runner.kind === 'timeout' || runner.kind === 'unknown')
    return unsure('metrics', `the runner's metrics cannot be read: ${runner.why}`);
  if (!record) return unsure('record', 'its runner record has not been read yet');
  if (history.unauthorizedPolls > 0) return unsure('unauthorized', 'its last poll got 401 or 403');
  if (history.failing) return unsure('failing', 'GitLab answers its polls with errors');
  if (!history.proof) return unsure('start', 'GitLab has not answered any of its polls yet');
  return unsure('overdue', `GitLab last answered it ${ago(at, history.proof.at)} ago`);
}

/**
 * Whether GitLab should be asked now. Seldom while local evidence is good, for `/managers` returns every row; sooner when
 * it is not; at once where only a reply of GitLab can confirm that the runner is inactive.
 */
export function isGitLabCheckDue({ verdict, history }: EvidenceState, at: MonotonicSeconds, timing: Timing): boolean {
  if (history.gitlabReadAt === undefined) return true;
  const age = at - history.gitlabReadAt;
  if (verdict.cause === 'overdue') return age >= sidecarIntervalSeconds(timing);
  const isGood =
    verdict.evidence === 'online' &&
    verdict.cause !== 'contact' &&
    history.proof !== undefined &&
    at - history.proof.at < stuckAfterSeconds(timing) / 2;
  return age >= timing.leaseSeconds / (isGood ? 2 : 6);
}
