/**
 * What a sidecar says about its runner: online, offline or unknown, with the reason. A pure reducer over readings.
 *
 * Ready follows the last definite verdict, so unknown never changes it. Live is no only on proof that the process is stuck: an
 * outage, a 429 of any length, a paused or deleted record, a bad token or a drain never restarts a runner.
 */
import { sidecarIntervalSeconds, longestPollGapSeconds, type Timing } from '../../timing.ts';
import { addReading, noHistory, type RunnerHistory } from './history.ts';
import { judge, type Verdict } from './judge.ts';
import type { MonotonicSeconds, Reading } from './sample.ts';

export interface EvidenceState {
  readonly verdict: Verdict;
  /** The last definite verdict was online. */
  readonly ready: boolean;
  /** False only while the runner is stuck. */
  readonly live: boolean;
  readonly history: RunnerHistory;
}

const starting = (ready: boolean): Pick<EvidenceState, 'verdict' | 'ready' | 'live'> => ({
  verdict: { evidence: 'unknown', cause: 'start', reason: 'the sidecar has just started and has read nothing yet' },
  ready,
  live: true,
});

/** A new pod: not ready until its runner has been seen to be served. */
export const atBirth = (): EvidenceState => ({ ...starting(false), history: noHistory(true) });

/** A restarted sidecar beside a runner that may still run: its last known readiness stays. */
export const resumed = (ready: boolean): EvidenceState => ({ ...starting(ready), history: noHistory(false) });

/** The state after one more reading. */
export function reduce(state: EvidenceState, reading: Reading, timing: Timing): EvidenceState {
  const history = addReading(state.history, reading, timing);
  const verdict = judge({ history, runner: reading.runner, at: reading.at, timing });
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

/**
 * Whether GitLab should be read now. Seldom while local evidence is good, for `/managers` returns every row, and while the
 * runner waits for GitLab; sooner without evidence; at once where only a reply of GitLab can confirm that the runner is gone.
 */
export function isGitLabCheckDue({ verdict, history }: EvidenceState, at: MonotonicSeconds, timing: Timing): boolean {
  if (history.gitlabReadAt === undefined) return true;
  const age = at - history.gitlabReadAt;
  const isCutOff = verdict.cause === 'failing' && history.unansweredCalls.count > 0;
  if (verdict.cause === 'overdue' || isCutOff) return age >= sidecarIntervalSeconds(timing);
  const isRecent = history.proof !== undefined && at - history.proof.at < longestPollGapSeconds(timing) / 2;
  const isGood = verdict.evidence === 'online' && verdict.cause !== 'contact' && isRecent;
  const isCalm = (isGood || verdict.cause === 'waiting') && history.unansweredStamps.length < 2;
  return age >= timing.leaseSeconds / (isCalm ? 2 : 6);
}
