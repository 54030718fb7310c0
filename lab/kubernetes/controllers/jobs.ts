/** The Job controller, for Jobs of one completion: it starts pods until one succeeds, the back-off limit or the deadline. */
import * as z from 'zod';
import { JOB, POD } from '../kinds.ts';
import { isOwnedBy, ownerOf, timestamp, type StoredObject } from '../objects.ts';
import { podStatusOf } from '../pods.ts';
import { randomSuffix } from '../random.ts';
import type { Store } from '../store.ts';
import { controlLoop, type Controller } from './loop.ts';

const specSchema = z.looseObject({
  backoffLimit: z.number(),
  activeDeadlineSeconds: z.number().optional(),
  ttlSecondsAfterFinished: z.number().optional(),
  suspend: z.boolean().default(false),
  template: z.looseObject({
    metadata: z.looseObject({ labels: z.record(z.string(), z.string()).default({}) }).prefault({}),
    spec: z.unknown(),
  }),
});

const statusSchema = z.looseObject({
  startTime: z.string().optional(),
  completionTime: z.string().optional(),
  conditions: z
    .array(z.looseObject({ type: z.string(), status: z.string(), lastTransitionTime: z.string().optional() }))
    .default([]),
});

export type JobOutcome = 'Complete' | 'Failed';

/** How a Job ended; undefined while it runs. */
export function outcomeOf(job: StoredObject): JobOutcome | undefined {
  const { conditions } = statusSchema.parse(job['status'] ?? {});
  const has = (type: string) => conditions.some((each) => each.type === type && each.status === 'True');
  return has('Complete') ? 'Complete' : has('Failed') ? 'Failed' : undefined;
}

export interface JobsOptions {
  readonly store: Store;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

export function jobs({ store, now, onError }: JobsOptions): Controller {
  return controlLoop({
    store,
    kinds: [JOB, POD],
    onError,
    sync: () => {
      const waits = store.list(JOB).map((job) => reconcile(store, job, now()));
      return waits.reduce(
        (least, wait) => (wait !== undefined && (least === undefined || wait < least) ? wait : least),
        undefined,
      );
    },
  });
}

/** One step of a Job. Returns the ms until its deadline. */
function reconcile(store: Store, job: StoredObject, now: number): number | undefined {
  const spec = specSchema.parse(job['spec']);
  const status = statusSchema.parse(job['status'] ?? {});
  if (outcomeOf(job)) return expire(store, job, spec.ttlSecondsAfterFinished, status, now);
  if (spec.suspend) return undefined;
  const { namespace = '' } = job.metadata;
  const pods = store.list(POD, namespace).filter((pod) => isOwnedBy(pod, job));
  const phases = pods.map((pod) => podStatusOf(pod).phase);
  const failed = phases.filter((phase) => phase === 'Failed').length;
  const active = pods.filter(
    (pod, index) => /Pending|Running/.test(phases[index] ?? '') && !pod.metadata.deletionTimestamp,
  );
  const startTime = status.startTime ?? timestamp(now);
  const wait = spec.activeDeadlineSeconds && Date.parse(startTime) + spec.activeDeadlineSeconds * 1000 - now;
  const counts = { active: active.length, succeeded: phases.includes('Succeeded') ? 1 : 0, failed, startTime };

  if (phases.includes('Succeeded'))
    finish(store, job, counts, 'Complete', 'CompletionsReached', 'Reached expected number of succeeded pods', now);
  else if (failed > spec.backoffLimit)
    finish(store, job, counts, 'Failed', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit', now);
  else if (wait !== undefined && wait <= 0) {
    for (const pod of active) store.delete(POD, namespace, pod.metadata.name);
    finish(
      store,
      job,
      { ...counts, active: 0 },
      'Failed',
      'DeadlineExceeded',
      'Job was active longer than specified deadline',
      now,
    );
  } else {
    writeStatus(store, job, counts);
    // A pod that is being deleted still counts as running: a second one would do the work twice.
    if (active.length === 0 && phases.every((phase) => phase === 'Failed')) createPod(store, job, spec);
    return wait;
  }
  return undefined;
}

interface Counts {
  readonly active: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly startTime: string;
}

function finish(
  store: Store,
  job: StoredObject,
  counts: Counts,
  type: JobOutcome,
  reason: string,
  message: string,
  now: number,
): void {
  const at = timestamp(now);
  writeStatus(store, job, {
    ...counts,
    ...(type === 'Complete' ? { completionTime: at } : {}),
    conditions: [{ type, status: 'True', reason, message, lastProbeTime: at, lastTransitionTime: at }],
  });
}

function writeStatus(store: Store, job: StoredObject, status: Readonly<Record<string, unknown>> | Counts): void {
  store.patch(JOB, job.metadata.namespace ?? '', job.metadata.name, { status }, 'status');
}

function expire(
  store: Store,
  job: StoredObject,
  seconds: number | undefined,
  status: z.infer<typeof statusSchema>,
  now: number,
): number | undefined {
  const ended = status.conditions.find((each) => each.status === 'True')?.lastTransitionTime;
  if (seconds === undefined || ended === undefined) return undefined;
  const left = Date.parse(ended) + seconds * 1000 - now;
  if (left > 0) return left;
  store.delete(JOB, job.metadata.namespace ?? '', job.metadata.name);
  return undefined;
}

function createPod(store: Store, job: StoredObject, spec: z.infer<typeof specSchema>): void {
  const { name, namespace = '', uid } = job.metadata;
  const labels = { 'job-name': name, 'batch.kubernetes.io/job-name': name, 'batch.kubernetes.io/controller-uid': uid };
  const { metadata } = spec.template;
  store.create(POD, namespace, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      name: `${name}-${randomSuffix()}`,
      namespace,
      labels: { ...metadata.labels, ...labels },
      ownerReferences: [ownerOf(job)],
    },
    spec: spec.template.spec,
  });
}
