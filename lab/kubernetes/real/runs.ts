/**
 * Starts runs of CronJobs besides their schedule, like `kubectl create job --from=cronjob/NAME`, because a lab cannot wait for
 * a minute. The real controller also starts its runs each minute.
 */
import * as z from 'zod';
import type { KubernetesApi } from '../access.ts';
import { isOwnedBy, metaSchema, ownerOf, storedSchema, type StoredObject } from '../objects.ts';

const cronJobSchema = storedSchema.extend({
  spec: z.looseObject({
    suspend: z.boolean().default(false),
    concurrencyPolicy: z.enum(['Allow', 'Forbid', 'Replace']).default('Allow'),
    jobTemplate: z.looseObject({
      metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).default({}) }).prefault({}),
      spec: z.unknown(),
    }),
  }),
});
type CronJob = z.infer<typeof cronJobSchema>;

const jobSchema = z.looseObject({
  metadata: metaSchema,
  status: z
    .looseObject({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) })
    .prefault({}),
});

const CRON_JOBS = '/apis/batch/v1/cronjobs';
const listOf = <T>(item: z.ZodType<T>) => z.object({ items: z.array(item) });

const jobsOf = (namespace: string): string => `/apis/batch/v1/namespaces/${namespace}/jobs`;

async function cronJobs(api: KubernetesApi): Promise<readonly CronJob[]> {
  // Items of a list have no kind.
  const { items } = listOf(z.record(z.string(), z.unknown())).parse(await api.call('GET', CRON_JOBS));
  return items.map((item) => cronJobSchema.parse({ ...item, apiVersion: 'batch/v1', kind: 'CronJob' }));
}

export async function cronJobNamed(api: KubernetesApi, name: string): Promise<CronJob> {
  const found = (await cronJobs(api)).find((cronJob) => cronJob.metadata.name === name);
  if (!found) throw new Error(`there is no CronJob ${name} in this cluster`);
  return found;
}

/** With `Replace`, ends active runs, as the controller does. */
export async function startRun(api: KubernetesApi, cronJob: CronJob): Promise<void> {
  const { name, namespace = '' } = cronJob.metadata;
  const { concurrencyPolicy, jobTemplate } = cronJob.spec;
  const active = await activeJobs(api, cronJob);
  if (concurrencyPolicy === 'Forbid' && active.length > 0) return;
  if (concurrencyPolicy === 'Replace')
    for (const job of active)
      // A Job's own default would leave its pods running (batch/v1, DefaultGarbageCollectionPolicy).
      await api.call('DELETE', `${jobsOf(namespace)}/${job}`, { propagationPolicy: 'Background' });
  const annotations = { ...jobTemplate.metadata.annotations, 'cronjob.kubernetes.io/instantiate': 'manual' };
  await api.call('POST', jobsOf(namespace), {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...jobTemplate.metadata,
      annotations,
      generateName: `${name}-manual-`,
      namespace,
      // The controller then removes finished runs beyond the CronJob's limits, its own and these.
      ownerReferences: [ownerOf(cronJob)],
    },
    spec: jobTemplate.spec,
  });
}

async function activeJobs(api: KubernetesApi, cronJob: StoredObject): Promise<string[]> {
  const { items } = listOf(jobSchema).parse(await api.call('GET', jobsOf(cronJob.metadata.namespace ?? '')));
  return items
    .filter(({ metadata }) => isOwnedBy({ metadata }, cronJob) && metadata.deletionTimestamp === undefined)
    .filter(({ status }) => !status.conditions.some(isEnd))
    .map(({ metadata }) => metadata.name);
}

const isEnd = ({ type, status }: { readonly type: string; readonly status: string }): boolean =>
  status === 'True' && (type === 'Complete' || type === 'Failed');

/**
 * Every `periodMs` starts a run of each CronJob that is not suspended, until the result is called. Periods are counted from
 * 1970, so that all clusters of a lab start at the same time, as real CronJobs do.
 */
export function keepRunning(api: KubernetesApi, periodMs: number, onError: (error: unknown) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const tick = async (): Promise<void> => {
    for (const cronJob of await cronJobs(api)) if (!cronJob.spec.suspend && !ended) await startRun(api, cronJob);
  };
  const next = (): void => {
    timer = setTimeout(
      () => {
        next();
        tick().catch((error: unknown) => {
          if (!ended) onError(error);
        });
      },
      periodMs - (Date.now() % periodMs),
    );
  };
  next();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
