/** The verdict on a runner from its history: each rule is one function. */
import { busyContactSeconds, longestPollGapSeconds, type Timing } from '../../timing.ts';
import { STAMPS_WITHOUT_CONTACT, type RunnerHistory } from './history.ts';
import type { MetricsRead, MonotonicSeconds } from './sample.ts';

export type Verdict =
  | { readonly evidence: 'online'; readonly cause: 'poll' | 'router' | 'job' | 'contact'; readonly reason: string }
  | {
      readonly evidence: 'offline';
      readonly cause:
        'dead' | 'deleted' | 'paused' | 'draining' | 'token' | 'no-answer' | 'no-contact' | 'not-polling' | 'stuck';
      readonly reason: string;
    }
  | {
      readonly evidence: 'unknown';
      readonly cause: 'start' | 'gitlab' | 'record' | 'metrics' | 'failing' | 'unauthorized' | 'waiting' | 'overdue';
      readonly reason: string;
    };

export type Evidence = Verdict['evidence'];

/** What a verdict is found from: the history with the newest reading in it. */
export interface Basis {
  readonly history: RunnerHistory;
  readonly runner: MetricsRead;
  readonly at: MonotonicSeconds;
  readonly timing: Timing;
}

/** A single 403 may come from a faulty proxy; a bad token gets 401 or 403 on every poll. */
const UNAUTHORIZED_POLLS_OF_A_BAD_TOKEN = 2;

/** A poll and two retries. */
const UNANSWERED_CALLS_OF_A_CUT_OFF_RUNNER = 3;
/** Of these, so many ended after GitLab had answered the sidecar. One may have begun in an outage that is over. */
const UNANSWERED_CALLS_AFTER_AN_ANSWER = 2;

/** Five tries that each wait for the minute that GitLab asks for with 429, Retry-After: 60. */
const LONGEST_CALL_SECONDS = 5 * 60;

/**
 * The longest time in which a healthy process without jobs and polls may move no counter: with the last report of a job that
 * has ended it waits up to 256 s between two tries, and each try may take LONGEST_CALL_SECONDS.
 */
const LONGEST_STILLNESS_SECONDS = 15 * 60;

/** GitLab's clocks differ by a second or two, and its Date has whole seconds. */
const CLOCK_TOLERANCE_SECONDS = 3;

const online = (cause: Extract<Verdict, { evidence: 'online' }>['cause'], reason: string): Verdict => ({
  evidence: 'online',
  cause,
  reason,
});

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

const ago = (at: MonotonicSeconds, then: MonotonicSeconds): string => `${Math.max(0, Math.floor(at - then))} s`;

/** In this order: definite facts, failed calls, inactivity beyond its limit, fresh proof of service, and why the state is unknown. */
export const judge = (basis: Basis): Verdict =>
  definite(basis) ??
  cutOff(basis) ??
  withoutContact(basis) ??
  timeouts(basis) ??
  stillProcess(basis) ??
  notPolling(basis) ??
  served(basis) ??
  undecided(basis);

/** What GitLab last said about the record, while that is recent. */
const recordOf = ({ history: { record }, at, timing }: Basis) =>
  record && at - record.at <= timing.leaseSeconds ? record.is : undefined;

function definite(basis: Basis): Verdict | undefined {
  const { history, runner } = basis;
  if (runner.kind === 'closed') return offline('dead', `the runner's process is not running (${runner.why})`);
  const record = recordOf(basis);
  if (record === 'absent') return offline('deleted', 'its runner record does not exist in GitLab (404)');
  if (record === 'paused') return offline('paused', 'its runner record is paused in GitLab');
  if (runner.kind === 'sample' && runner.sample.draining)
    return offline('draining', `it is draining: it finishes its jobs (${runner.sample.jobs}) and takes no more`);
  const { unauthorizedPolls, reachableSince } = history;
  if (record && reachableSince !== undefined && unauthorizedPolls >= UNAUTHORIZED_POLLS_OF_A_BAD_TOKEN)
    return offline('token', `GitLab does not accept the runner's token: ${unauthorizedPolls} polls got 401 or 403`);
  return undefined;
}

/** The runner cannot reach GitLab, and the sidecar beside it can. */
function cutOff({ history }: Basis): Verdict | undefined {
  const { unansweredCalls, reachedAt, reachableSince } = history;
  if (unansweredCalls.count < UNANSWERED_CALLS_OF_A_CUT_OFF_RUNNER) return undefined;
  if (unansweredCalls.afterAnswer < UNANSWERED_CALLS_AFTER_AN_ANSWER) return undefined;
  if (reachableSince === undefined || reachedAt === undefined) return undefined;
  return offline(
    'no-answer',
    `the runner gets no answer from GitLab (${unansweredCalls.count} calls), but its sidecar does: check the runner's network and proxy settings`,
  );
}

function withoutContact(basis: Basis): Verdict | undefined {
  const { history, runner } = basis;
  if (runner.kind !== 'sample' || recordOf(basis) === undefined) return undefined;
  const ignored = history.unansweredStamps.filter((stamp) => stamp.ignored);
  if (ignored.length < STAMPS_WITHOUT_CONTACT) return undefined;
  return offline(
    'no-contact',
    `its polls are answered, but GitLab has not recorded a contact since ${ignored.length} renewals of the lease: its token may have been reset`,
  );
}

type Inactivity = 'within-limit' | 'ask-gitlab' | 'confirmed';

/**
 * Whether nothing has happened since `since` for longer than `limit`. The time counts only while GitLab is reachable, and it is
 * confirmed only by a definite reply of GitLab after the limit: a connection that broke unnoticed is not an inactive runner.
 */
function inactivity({ history, at, timing }: Basis, since: MonotonicSeconds, limit: number): Inactivity {
  if (history.reachableSince === undefined || history.reachedAt === undefined) return 'within-limit';
  const end = Math.max(since, history.reachableSince) + limit;
  if (at <= end) return 'within-limit';
  return history.reachedAt > end && at - history.reachedAt <= timing.leaseSeconds ? 'confirmed' : 'ask-gitlab';
}

/** A healthy runner polls within this time, even if it waits after three polls with 403. */
const notPollingAfterSeconds = (timing: Timing): number =>
  longestPollGapSeconds(timing) + timing.unhealthyIntervalSeconds;

/** Within this time the job reports of a working runner reach GitLab. */
const longestReportGapSeconds = (timing: Timing): number => busyContactSeconds(timing) + timing.requestSeconds;

/** Its metrics endpoint accepts connections and does not answer, and GitLab shows no contact of it either. */
function timeouts(basis: Basis): Verdict | undefined {
  const { history, runner, at, timing } = basis;
  if (runner.kind !== 'timeout' || history.timeoutSince === undefined || !history.managerKnown) return undefined;
  const since = Math.max(history.movedAt, history.timeoutSince);
  const limit = notPollingAfterSeconds(timing);
  const hasJobs = (history.sample?.jobs ?? 0) > 0;
  const text = `it does not answer on its metrics endpoint, and GitLab has not heard from it, for ${ago(at, since)}`;
  if (inactivity(basis, since, limit + LONGEST_CALL_SECONDS) === 'confirmed')
    return offline('stuck', `the runner is stuck: ${text}`);
  switch (inactivity(basis, since, hasJobs ? Math.max(limit, longestReportGapSeconds(timing)) : limit)) {
    case 'confirmed':
      return offline('not-polling', text);
    case 'ask-gitlab':
      return unsure('overdue', `${text}; asking GitLab`);
    case 'within-limit':
      return undefined;
  }
}

/** It answers on its metrics endpoint, and its main loop is dead. A runner with jobs or with a call in progress is never stuck. */
function stillProcess(basis: Basis): Verdict | undefined {
  const { history, runner, at } = basis;
  if (runner.kind !== 'sample') return undefined;
  const text = `none of its counters has changed for ${ago(at, history.stillSince)}, without a job or a poll in progress`;
  switch (inactivity(basis, history.stillSince, LONGEST_STILLNESS_SECONDS)) {
    case 'confirmed':
      return offline('stuck', `the runner is stuck: ${text}`);
    case 'ask-gitlab':
      return unsure('overdue', `${text}; asking GitLab`);
    case 'within-limit':
      return undefined;
  }
}

function notPolling(basis: Basis): Verdict | undefined {
  const { history, runner, at, timing } = basis;
  if (runner.kind !== 'sample') return undefined;
  const since = ago(at, history.pollDueSince);
  switch (inactivity(basis, history.pollDueSince, notPollingAfterSeconds(timing))) {
    case 'confirmed':
      return offline('not-polling', `the runner could poll and has not polled for ${since}`);
    case 'ask-gitlab':
      return unsure('overdue', `it could poll and has not polled for ${since}; asking GitLab`);
    case 'within-limit':
      return undefined;
  }
}

const hasTrouble = ({ failing, unauthorizedPolls, unansweredCalls }: RunnerHistory): boolean =>
  failing || unauthorizedPolls > 0 || unansweredCalls.count > 0;

function served(basis: Basis): Verdict | undefined {
  const { history, runner, at, timing } = basis;
  if (recordOf(basis) !== 'serving' || hasTrouble(history)) return undefined;
  const fresh = longestPollGapSeconds(timing);
  if (runner.kind !== 'sample' || countsNoPolls(runner)) return contacted(basis, fresh);
  const limit = history.full ? Math.max(fresh, longestReportGapSeconds(timing)) : fresh;
  if (!history.proof || at - history.proof.at > limit) return undefined;
  const { by, at: when } = history.proof;
  switch (by) {
    case 'poll':
      return online(by, `GitLab answered its poll ${ago(at, when)} ago`);
    case 'router':
      return online(by, `GitLab's Job Router answered it ${ago(at, when)} ago`);
    case 'job':
      return online(by, `it is full (${runner.sample.jobs} jobs), and GitLab answered it ${ago(at, when)} ago`);
  }
}

/** Nothing was ever counted, as with the Job Router before gitlab-runner 19.2: then only GitLab can show that it is served. */
function countsNoPolls({ sample }: Extract<MetricsRead, { kind: 'sample' }>): boolean {
  const { answered, unauthorized, failed, unanswered } = sample.polls;
  return answered + unauthorized + failed + unanswered + (sample.routerRequests ?? 0) === 0;
}

function contacted({ history, runner, at }: Basis, fresh: number): Verdict | undefined {
  const { contactAt, processSince } = history;
  if (contactAt === undefined || processSince === undefined || at - contactAt > fresh) return undefined;
  if (contactAt <= processSince + CLOCK_TOLERANCE_SECONDS) return undefined;
  const why = runner.kind === 'sample' ? 'its metrics count no polls' : 'its metrics cannot be read';
  return online('contact', `it contacted GitLab ${ago(at, contactAt)} ago; ${why}`);
}

function undecided(basis: Basis): Verdict {
  const { history, runner, at } = basis;
  if (history.gitlabTrouble !== undefined) return unsure('gitlab', `GitLab cannot be read: ${history.gitlabTrouble}`);
  if (runner.kind === 'timeout' || runner.kind === 'unknown')
    return unsure('metrics', `the runner's metrics cannot be read: ${runner.why}`);
  if (!recordOf(basis)) return unsure('record', 'its runner record has not been read yet');
  if (history.unauthorizedPolls > 0) return unsure('unauthorized', 'its last poll got 401 or 403');
  if (history.unansweredCalls.count > 0) return unsure('failing', 'its last call got no answer from GitLab');
  if (history.failing) return unsure('failing', 'GitLab answers its polls with errors');
  const last = history.proof
    ? `GitLab last answered it ${ago(at, history.proof.at)} ago`
    : 'GitLab has not answered it yet';
  if (runner.kind === 'sample' && (runner.sample.pollsUnderWay ?? 0) > 0)
    return unsure('waiting', `${last}; a poll is in progress, GitLab may have asked it to wait (429)`);
  return history.proof ? unsure('waiting', last) : unsure('start', last);
}
