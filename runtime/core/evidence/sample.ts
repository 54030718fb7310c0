/**
 * What a sidecar reads: a sample of gitlab-runner's metrics, and GitLab's view of the record and the manager. What the metrics
 * mean was tried with gitlab-runner 18.4.0 and read in 19.4 (gitlab-facts 0).
 */
import type { GitLabSeconds } from '../model/time.ts';

/** Seconds of a monotonic clock. Never compared with any other machine's time. */
export type MonotonicSeconds = number;

/**
 * Calls of one kind by their result, as counters since the runner's start. gitlab-runner counts a call once, at its end, with
 * its last status. A call that GitLab answers with 429 and Retry-After waits inside and is not counted before its fifth try.
 */
export interface CallCounts {
  /** 2xx, and 409 for a job that another runner got first. */
  readonly answered: number;
  /** 401 and 403: GitLab, or a proxy before it, does not accept the runner's token. */
  readonly unauthorized: number;
  /** 429, 5xx and the rest. */
  readonly failed: number;
  /** Status -1: no answer at all. A runner that drains cancels its own poll, which is counted here too. */
  readonly unanswered: number;
}

/** One reading of the runner's metrics endpoint. A value is undefined where this gitlab-runner does not have the metric. */
export interface Sample {
  readonly polls: CallCounts;
  /** Reports of running jobs (`update_job`, `patch_trace`). */
  readonly reports: CallCounts;
  /** Requests for a job sent to GitLab's Job Router, whatever their result. Such a runner sends no polls. */
  readonly routerRequests: number | undefined;
  /** Failed requests for jobs that gitlab-runner itself counts as unhealthy. */
  readonly healthFailures: number;
  /** How often the main loop offered an entry to a worker, or skipped it as unhealthy. It waits while no worker is free. */
  readonly feeds: number | undefined;
  /** Polls that have begun and not ended: held by GitLab, or waiting because of Retry-After. */
  readonly pollsUnderWay: number | undefined;
  readonly jobs: number;
  /** How many jobs it may run; undefined where it has no limit. */
  readonly capacity: number | undefined;
  /** It is stopping: it finishes its jobs and takes no more. */
  readonly draining: boolean;
  /** `process_start_time_seconds`, compared for change only. */
  readonly startedAt: number | undefined;
}

const NO_CALLS: CallCounts = Object.freeze({ answered: 0, unauthorized: 0, failed: 0, unanswered: 0 });

export const NO_TRAFFIC: Sample = Object.freeze({
  polls: NO_CALLS,
  reports: NO_CALLS,
  routerRequests: undefined,
  healthFailures: 0,
  feeds: undefined,
  pollsUnderWay: undefined,
  jobs: 0,
  capacity: undefined,
  draining: false,
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
export interface GitLabState {
  readonly record:
    | {
        readonly kind: 'found';
        readonly paused: boolean;
        /**
         * The time of the cluster's newest stamp in the record's note. GitLab shows the note only to those who may edit the
         * record, so the sidecar of a group's record never sees it: then undefined.
         */
        readonly stampedAt: GitLabSeconds | undefined;
      }
    | { readonly kind: 'absent' }
    | { readonly kind: 'unknown'; readonly why: string };
  readonly manager:
    /** Its last contact by GitLab's clock, in seconds with fractions. */
    | { readonly kind: 'found'; readonly contactedAt: number | undefined }
    /** A complete list without our system id. */
    | { readonly kind: 'absent' }
    | { readonly kind: 'unknown'; readonly why: string };
  /** GitLab's time of its later answer; undefined without a definite one. */
  readonly date: GitLabSeconds | undefined;
}

/** Two answers at the same time differ by less, unless a cache kept one of them. */
export const STALE_SECONDS = 10;

export interface GitLabReading extends GitLabState {
  readonly askedAt: MonotonicSeconds;
  /** When the answer arrived, which may be before the reading that contains it. */
  readonly at: MonotonicSeconds;
}

export interface Reading {
  readonly at: MonotonicSeconds;
  readonly runner: MetricsRead;
  /** Absent where GitLab was not read, or has not answered yet. */
  readonly gitlab?: GitLabReading;
}
