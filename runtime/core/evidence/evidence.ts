/**
 * What a sidecar says of its runner: online, offline or unknown, with the reason. A pure reducer over observations.
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
      readonly cause: 'dead' | 'deleted' | 'paused' | 'token' | 'stuck' | 'idle';
      readonly reason: string;
    }
  | {
      readonly evidence: 'unknown';
      readonly cause: 'start' | 'gitlab' | 'record' | 'metrics' | 'failing' | 'refused' | 'silent';
      readonly reason: string;
    };

export type Evidence = Verdict['evidence'];

export interface EvidenceState {
  readonly verdict: Verdict;
  /** The last definite verdict was online. */
  readonly ready: boolean;
  /** False only while the runner is stuck. */
  readonly live: boolean;
  readonly signs: RunnerHistory;
}

/** A single 403 may come from a proxy that hiccups; a token that is refused is refused at each poll. */
const REFUSALS_OF_A_BAD_TOKEN = 2;

/**
 * The longest that a healthy job may be silent, in periods of `jobReportSeconds`: 240 s against 60 s with
 * FF_USE_DYNAMIC_TRACE_FORCE_SEND_INTERVAL. A runner with jobs is not restarted before that.
 */
const LONGEST_JOB_SILENCE_PERIODS = 4;

const starting = (ready: boolean): Pick<EvidenceState, 'verdict' | 'ready' | 'live'> => ({
  verdict: { evidence: 'unknown', cause: 'start', reason: 'the sidecar has just started and has not looked yet' },
  ready,
  live: true,
});

/** A new pod: not ready until its runner has been seen to be served. */
export const atBirth = (): EvidenceState => ({ ...starting(false), signs: noHistory(true) });

/** A restarted sidecar beside a runner that may have lived on: what was last known of it stands. */
export const resumed = (ready: boolean): EvidenceState => ({ ...starting(ready), signs: noHistory(false) });

/** The state after one more observation. */
export function reduce(state: EvidenceState, observation: Reading, timing: Timing): EvidenceState {
  const signs = addReading(state.signs, observation, timing);
  const verdict = judge(signs, observation.runner, observation.at, timing);
  return { verdict, signs, ready: readyAfter(state.ready, verdict), live: verdict.cause !== 'stuck' };
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

/** 1. what is definite, 2. silence that has lasted too long, 3. fresh proof, 4. why nothing is known. */
function judge(signs: RunnerHistory, runner: MetricsRead, at: MonotonicSeconds, timing: Timing): Verdict {
  if (runner.kind === 'refused') return offline('dead', `the runner's process is not running (${runner.why})`);
  const record = signs.record && at - signs.record.at <= timing.leaseSeconds ? signs.record.is : undefined;
  if (record === 'absent') return offline('deleted', 'its runner record does not exist in GitLab (404)');
  if (record === 'paused') return offline('paused', 'its runner record is paused in GitLab');
  if (record && signs.reachableSince !== undefined && signs.refusals >= REFUSALS_OF_A_BAD_TOKEN)
    return offline('token', `GitLab refuses the runner's token: ${signs.refusals} polls in a row got 401 or 403`);
  return (
    silenceOf(signs, runner, at, timing) ??
    proofOf(signs, runner, record, at, timing) ??
    doubtOf(signs, runner, record, at)
  );
}

type Silence = 'bearable' | 'ask' | 'proved';

/**
 * Whether a silence since `since` exceeds `limit`. It counts only while GitLab is reachable, and it is proved only by a
 * definite answer of GitLab after its end: a connection that broke unseen is then not taken for a stuck runner.
 */
function silence(
  signs: RunnerHistory,
  since: MonotonicSeconds,
  limit: number,
  at: MonotonicSeconds,
  timing: Timing,
): Silence {
  if (signs.reachableSince === undefined || signs.reachedAt === undefined) return 'bearable';
  const end = Math.max(since, signs.reachableSince) + limit;
  if (at <= end) return 'bearable';
  return signs.reachedAt > end && at - signs.reachedAt <= timing.leaseSeconds ? 'proved' : 'ask';
}

function silenceOf(
  signs: RunnerHistory,
  runner: MetricsRead,
  at: MonotonicSeconds,
  timing: Timing,
): Verdict | undefined {
  const stuck = stuckAfterSeconds(timing);
  // After trouble a runner sleeps for its unhealthy_interval, and then Workhorse may hold a poll for its full time again.
  const pause = signs.troubled
    ? stuck + timing.unhealthyIntervalSeconds
    : signs.outage
      ? timing.unhealthyIntervalSeconds
      : 0;
  const pollLimit = stuck + pause;
  const jobs = signs.sample?.jobs ?? 0;
  const jobLimit = LONGEST_JOB_SILENCE_PERIODS * timing.jobReportSeconds + timing.requestSeconds;
  const lifeLimit = jobs > 0 ? Math.max(pollLimit, jobLimit) : pollLimit;

  const isSilent = runner.kind === 'silent' && signs.silentSince !== undefined && signs.managerKnown;
  if (runner.kind !== 'sample' && !isSilent) return undefined;
  const lifeSince = isSilent ? Math.max(signs.movedAt, signs.silentSince ?? at) : signs.movedAt;
  const life = silence(signs, lifeSince, lifeLimit, at, timing);
  const text = isSilent ? 'it does not answer on its metrics endpoint' : 'it has neither polled nor reported a job';
  if (life === 'proved')
    return offline('stuck', `the runner is stuck: ${text} for ${ago(at, lifeSince)} while GitLab is reachable`);
  if (life === 'ask') return unsure('silent', `${text} for ${ago(at, lifeSince)}; asking GitLab`);

  // Whoever neither answers here nor is heard by GitLab serves nobody, though it is too early to end its jobs by a restart.
  if (isSilent)
    return unheard(signs, lifeSince, jobs > 0 ? Math.max(pollLimit, jobReport(timing)) : pollLimit, at, timing);
  const polls = silence(signs, signs.pollsDueSince, pollLimit, at, timing);
  const since = ago(at, signs.pollsDueSince);
  if (polls === 'proved')
    return offline('idle', `the runner has asked for no job for ${since} while GitLab is reachable`);
  if (polls === 'ask') return unsure('silent', `it has asked for no job for ${since}; asking GitLab`);
  return undefined;
}

/** Within this time GitLab hears a runner that works, by its jobs' reports. */
const jobReport = (timing: Timing): number => busyContactSeconds(timing) + timing.requestSeconds;

function unheard(
  signs: RunnerHistory,
  since: MonotonicSeconds,
  limit: number,
  at: MonotonicSeconds,
  timing: Timing,
): Verdict | undefined {
  const text = `it does not answer on its metrics endpoint, and GitLab has heard nothing of it, for ${ago(at, since)}`;
  switch (silence(signs, since, limit, at, timing)) {
    case 'proved':
      return offline('idle', text);
    case 'ask':
      return unsure('silent', `${text}; asking GitLab`);
    case 'bearable':
      return undefined;
  }
}

function proofOf(
  signs: RunnerHistory,
  runner: MetricsRead,
  record: 'serving' | undefined,
  at: MonotonicSeconds,
  timing: Timing,
): Verdict | undefined {
  if (!record || signs.failing || signs.refusals > 0) return undefined;
  const fresh = stuckAfterSeconds(timing);
  if (runner.kind !== 'sample') {
    if (signs.contactAt === undefined || at - signs.contactAt > fresh) return undefined;
    const reason = `GitLab showed a new contact ${ago(at, signs.contactAt)} ago, but its metrics cannot be read`;
    return { evidence: 'online', cause: 'contact', reason };
  }
  const limit = signs.full ? Math.max(fresh, jobReport(timing)) : fresh;
  if (!signs.proof || at - signs.proof.at > limit) return undefined;
  const { by, at: when } = signs.proof;
  const reason =
    by === 'poll'
      ? `GitLab answered its poll ${ago(at, when)} ago`
      : `it is full (${runner.sample.jobs} jobs), and GitLab served it ${ago(at, when)} ago`;
  return { evidence: 'online', cause: by, reason };
}

function doubtOf(
  signs: RunnerHistory,
  runner: MetricsRead,
  record: 'serving' | undefined,
  at: MonotonicSeconds,
): Verdict {
  if (signs.gitlabTrouble !== undefined) return unsure('gitlab', `GitLab cannot be asked: ${signs.gitlabTrouble}`);
  if (runner.kind === 'silent' || runner.kind === 'unknown')
    return unsure('metrics', `the runner's metrics cannot be read: ${runner.why}`);
  if (!record) return unsure('record', 'its runner record has not been read yet');
  if (signs.refusals > 0) return unsure('refused', 'its last poll was refused (401 or 403)');
  if (signs.failing) return unsure('failing', 'GitLab answers its polls with errors');
  if (!signs.proof) return unsure('start', 'no poll of it has been answered yet');
  return unsure('silent', `GitLab last answered it ${ago(at, signs.proof.at)} ago`);
}

/**
 * Whether GitLab should be asked now. Seldom while local evidence is good, for `/managers` returns every row; sooner when
 * it is not; at once where a silence waits for GitLab's word.
 */
export function isGitLabCheckDue({ verdict, signs }: EvidenceState, at: MonotonicSeconds, timing: Timing): boolean {
  if (signs.lookedAt === undefined) return true;
  const age = at - signs.lookedAt;
  if (verdict.cause === 'silent') return age >= sidecarIntervalSeconds(timing);
  const isGood =
    verdict.evidence === 'online' &&
    verdict.cause !== 'contact' &&
    signs.proof !== undefined &&
    at - signs.proof.at < stuckAfterSeconds(timing) / 2;
  return age >= timing.leaseSeconds / (isGood ? 2 : 6);
}
