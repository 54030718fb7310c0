/** What has grown from one sample of the runner's metrics to the next. */
import type { CallCounts, Sample } from './sample.ts';

const valuesOf = ({ answered, unauthorized, failed, unanswered }: CallCounts): number[] => [
  answered,
  unauthorized,
  failed,
  unanswered,
];

const counters = (sample: Sample): number[] => [
  ...valuesOf(sample.polls),
  ...valuesOf(sample.reports),
  sample.routerRequests ?? 0,
  sample.healthFailures,
  sample.feeds ?? 0,
];

export function isAnotherProcess(before: Sample, after: Sample): boolean {
  if (before.startedAt !== undefined && after.startedAt !== undefined && before.startedAt !== after.startedAt)
    return true;
  const now = counters(after);
  return counters(before).some((count, index) => (now[index] ?? 0) < count);
}

export interface Growth {
  readonly polls: CallCounts;
  readonly reports: CallCounts;
  readonly router: number;
  /** Any request for a job has ended, whatever its result. */
  readonly polled: boolean;
  /** gitlab-runner counted a failure as its own. */
  readonly unhealthy: boolean;
  /** The main loop has moved. */
  readonly fed: boolean;
  readonly any: boolean;
}

export function growthOf(before: Sample, after: Sample): Growth {
  const difference = (b: CallCounts, a: CallCounts): CallCounts => ({
    answered: a.answered - b.answered,
    unauthorized: a.unauthorized - b.unauthorized,
    failed: a.failed - b.failed,
    unanswered: a.unanswered - b.unanswered,
  });
  const polls = difference(before.polls, after.polls);
  const router = (after.routerRequests ?? 0) - (before.routerRequests ?? 0);
  return {
    polls,
    reports: difference(before.reports, after.reports),
    router,
    polled: router > 0 || valuesOf(polls).some((count) => count > 0),
    unhealthy: after.healthFailures > before.healthFailures,
    fed: (after.feeds ?? 0) > (before.feeds ?? 0),
    any: counters(after).some((count, index) => count > (counters(before)[index] ?? 0)),
  };
}
