/**
 * The CronJob controller and its clock. A minute lasts `minuteMs`: 60000 as in every cluster, or less to shorten a demo.
 * Minutes are counted from 1970, so with 60000 they are the real ones. A schedule sees minute n as the n-th minute since
 * then.
 */
import * as z from 'zod';
import { ApiError } from '../errors.ts';
import { CRON_JOB, JOB } from '../kinds.ts';
import { isOwnedBy, ownerOf, type StoredObject } from '../objects.ts';
import type { Store } from '../store.ts';
import { outcomeOf, type JobOutcome } from './jobs.ts';
import { controlLoop, type Controller } from './loop.ts';
import { parseSchedule, type Schedule } from './schedule.ts';

const MINUTE = 60_000;
/** How far back missed starts are looked for: a day, in minutes. */
const LOOK_BACK = 1440;

const specSchema = z.looseObject({
  schedule: z.string(),
  concurrencyPolicy: z.enum(['Allow', 'Forbid', 'Replace']),
  suspend: z.boolean(),
  startingDeadlineSeconds: z.number().optional(),
  successfulJobsHistoryLimit: z.number(),
  failedJobsHistoryLimit: z.number(),
  jobTemplate: z.looseObject({
    metadata: z.looseObject({ labels: z.record(z.string(), z.string()).default({}) }).prefault({}),
    spec: z.unknown(),
  }),
});
type Spec = z.infer<typeof specSchema>;

export interface CronJobsOptions {
  readonly store: Store;
  readonly minuteMs: number;
  readonly now: () => number;
  /** True if this start is missed, as if the controller were down at that minute. */
  readonly isMissed: (cronJob: StoredObject) => boolean;
  readonly onError: (error: unknown) => void;
}

export function cronJobs(options: CronJobsOptions): Controller {
  const { store, minuteMs, now } = options;
  return controlLoop({
    store,
    kinds: [CRON_JOB, JOB],
    onError: options.onError,
    sync: () => {
      for (const cronJob of store.list(CRON_JOB)) reconcile(options, cronJob);
      return minuteMs - (now() % minuteMs);
    },
  });
}

function reconcile(options: CronJobsOptions, cronJob: StoredObject): void {
  const { store, minuteMs, now } = options;
  const spec = specSchema.parse(cronJob['spec']);
  const jobs = store.list(JOB, cronJob.metadata.namespace).filter((job) => isOwnedBy(job, cronJob));
  const active = jobs.filter((job) => outcomeOf(job) === undefined);
  const schedule = parseSchedule(spec.schedule);
  const time = now();
  const last = lastMinute(cronJob, minuteMs);
  const due = schedule && !spec.suspend ? dueMinute(schedule, last, Math.floor(time / minuteMs)) : undefined;
  const deadline = (spec.startingDeadlineSeconds ?? Infinity) * 1000;

  // With Forbid a start stays due while another run is active, and comes when that run ends.
  if (due !== undefined && !(spec.concurrencyPolicy === 'Forbid' && active.length > 0)) {
    const isLost = time - due * minuteMs > deadline || options.isMissed(cronJob);
    if (!isLost) {
      if (spec.concurrencyPolicy === 'Replace') for (const job of active) remove(store, job);
      startJob(store, cronJob, spec, due);
    }
    writeStatus(store, cronJob, { lastScheduleTime: instant(due * minuteMs) });
  }
  trim(store, jobs, 'Complete', spec.successfulJobsHistoryLimit);
  trim(store, jobs, 'Failed', spec.failedJobsHistoryLimit);
  listActive(store, cronJob);
}

const statusSchema = z.looseObject({ lastScheduleTime: z.string().optional() });

/** The minute of the newest start, or the minute in which the CronJob was created. */
function lastMinute(cronJob: StoredObject, minuteMs: number): number {
  const { lastScheduleTime } = statusSchema.parse(cronJob['status'] ?? {});
  if (lastScheduleTime !== undefined) return Math.round(Date.parse(lastScheduleTime) / minuteMs);
  return Math.floor((Date.parse(cronJob.metadata.creationTimestamp) + 999) / minuteMs);
}

/** The newest scheduled minute after `last`. Of several missed starts only one is made up for. */
export function dueMinute(schedule: Schedule, last: number, current: number): number | undefined {
  for (let minute = current; minute > Math.max(last, current - LOOK_BACK); minute -= 1)
    if (schedule(new Date(minute * MINUTE))) return minute;
  return undefined;
}

/** Keeps fractions of a second: shortened minutes have them. */
const instant = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

export function startJob(
  store: Store,
  cronJob: StoredObject,
  spec: Pick<Spec, 'jobTemplate'>,
  minute: number | string,
): void {
  const { name, namespace = '' } = cronJob.metadata;
  try {
    store.create(JOB, namespace, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        ...spec.jobTemplate.metadata,
        name: `${name}-${String(minute)}`,
        namespace,
        ownerReferences: [ownerOf(cronJob)],
      },
      spec: spec.jobTemplate.spec,
    });
  } catch (error) {
    // The controller died after it created the Job and before it wrote that down: this minute has its run.
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
  }
}

export const jobTemplateOf = (cronJob: StoredObject): Pick<Spec, 'jobTemplate'> => specSchema.parse(cronJob['spec']);

function trim(store: Store, jobs: readonly StoredObject[], outcome: JobOutcome, limit: number): void {
  const finished = jobs.filter((job) => outcomeOf(job) === outcome);
  const oldestFirst = finished.toSorted(
    (a, b) =>
      Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp) ||
      (a.metadata.name < b.metadata.name ? -1 : 1),
  );
  for (const job of oldestFirst.slice(0, Math.max(0, finished.length - limit))) remove(store, job);
}

function remove(store: Store, job: StoredObject): void {
  store.delete(JOB, job.metadata.namespace ?? '', job.metadata.name, { uid: job.metadata.uid });
}

function listActive(store: Store, cronJob: StoredObject): void {
  const jobs = store.list(JOB, cronJob.metadata.namespace).filter((job) => isOwnedBy(job, cronJob));
  const active = jobs
    .filter((job) => outcomeOf(job) === undefined)
    .map((job) => ({ apiVersion: job.apiVersion, kind: job.kind, name: job.metadata.name, uid: job.metadata.uid }));
  writeStatus(store, cronJob, { active });
}

function writeStatus(store: Store, cronJob: StoredObject, status: Readonly<Record<string, unknown>>): void {
  store.patch(CRON_JOB, cronJob.metadata.namespace ?? '', cronJob.metadata.name, { status }, 'status');
}
