/**
 * The Deployment controller. It needs no ReplicaSets: the label pod-template-hash tells old pods from new ones. A changed
 * template is rolled out: it creates as many new pods as maxSurge allows, and stops an old pod when a new one is ready.
 */
import * as z from 'zod';
import { DEPLOYMENT, POD } from '../kinds.ts';
import { isOwnedBy, ownerOf, timestamp, type StoredObject } from '../objects.ts';
import { isFinished, isReady } from '../pods.ts';
import { randomSuffix, shortHash } from '../random.ts';
import type { Store } from '../store.ts';
import { controlLoop, type Controller } from './loop.ts';

const HASH_LABEL = 'pod-template-hash';

const share = z.union([z.number(), z.string()]).default('25%');
const specSchema = z.looseObject({
  replicas: z.number(),
  paused: z.boolean().default(false),
  strategy: z.looseObject({
    type: z.enum(['RollingUpdate', 'Recreate']).default('RollingUpdate'),
    rollingUpdate: z.looseObject({ maxSurge: share, maxUnavailable: share }).prefault({}),
  }),
  template: z.looseObject({
    metadata: z.looseObject({ labels: z.record(z.string(), z.string()).default({}) }),
    spec: z.unknown(),
  }),
});
type Spec = z.infer<typeof specSchema>;

export function deployments(store: Store, onError: (error: unknown) => void): Controller {
  return controlLoop({
    store,
    kinds: [DEPLOYMENT, POD],
    onError,
    sync: () => {
      for (const deployment of store.list(DEPLOYMENT)) reconcile(store, deployment);
      return undefined;
    },
  });
}

function reconcile(store: Store, deployment: StoredObject): void {
  const { namespace = '' } = deployment.metadata;
  const spec = specSchema.parse(deployment['spec']);
  const hash = shortHash(JSON.stringify(spec.template));
  const owned = () => store.list(POD, namespace).filter((pod) => isOwnedBy(pod, deployment));
  for (const pod of owned()) if (isFinished(pod)) remove(store, pod);
  if (!spec.paused) {
    const pods = owned();
    const plan = rollout(
      spec,
      pods.map((pod) => ({
        name: pod.metadata.name,
        current: pod.metadata.labels?.[HASH_LABEL] === hash,
        ready: isReady(pod),
        leaving: pod.metadata.deletionTimestamp !== undefined,
      })),
    );
    for (let count = 0; count < plan.create; count += 1) createPod(store, deployment, spec, hash);
    for (const pod of pods) if (plan.remove.includes(pod.metadata.name)) remove(store, pod);
  }
  writeStatus(store, deployment, spec, hash, owned());
}

export interface PodOfRollout {
  readonly name: string;
  /** Made from the newest template. */
  readonly current: boolean;
  readonly ready: boolean;
  readonly leaving: boolean;
}

export interface Rollout {
  readonly create: number;
  readonly remove: readonly string[];
}

/** One step towards `replicas` ready pods of the newest template. */
export function rollout(spec: Pick<Spec, 'replicas' | 'strategy'>, pods: readonly PodOfRollout[]): Rollout {
  const { replicas, strategy } = spec;
  const staying = pods.filter((pod) => !pod.leaving);
  const current = staying.filter((pod) => pod.current);
  const old = staying.filter((pod) => !pod.current);
  const names = (some: readonly PodOfRollout[]) => some.map((pod) => pod.name);
  if (current.length > replicas) {
    const worstFirst = current.toSorted((a, b) => Number(a.ready) - Number(b.ready));
    return { create: 0, remove: names([...old, ...worstFirst.slice(0, current.length - replicas)]) };
  }
  const missing = replicas - current.length;
  if (strategy.type === 'Recreate') {
    const oldRemains = pods.some((pod) => !pod.current);
    return { create: oldRemains ? 0 : missing, remove: names(old) };
  }
  const { surge, unavailable } = roundedShares(strategy.rollingUpdate, replicas);
  const create = Math.max(0, Math.min(missing, replicas + surge - staying.length));
  const ready = staying.filter((pod) => pod.ready).length;
  const spare = Math.max(0, ready - (replicas - unavailable));
  const unready = old.filter((pod) => !pod.ready);
  return { create, remove: names([...unready, ...old.filter((pod) => pod.ready).slice(0, spare)]) };
}

/**
 * A percentage of maxSurge is rounded up, one of maxUnavailable down. If both are 0, one pod may be unavailable.
 */
function roundedShares(
  { maxSurge, maxUnavailable }: { readonly maxSurge: number | string; readonly maxUnavailable: number | string },
  replicas: number,
): { readonly surge: number; readonly unavailable: number } {
  const count = (value: number | string, round: (x: number) => number): number =>
    typeof value === 'number' ? value : round((Number.parseFloat(value) / 100) * replicas);
  const surge = count(maxSurge, Math.ceil);
  const unavailable = count(maxUnavailable, Math.floor);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

function createPod(store: Store, deployment: StoredObject, spec: Spec, hash: string): void {
  const { name, namespace = '' } = deployment.metadata;
  const { metadata } = spec.template;
  store.create(POD, namespace, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      name: `${name}-${hash}-${randomSuffix()}`,
      namespace,
      labels: { ...metadata.labels, [HASH_LABEL]: hash },
      ownerReferences: [ownerOf(deployment)],
    },
    spec: spec.template.spec,
  });
}

function remove(store: Store, pod: StoredObject): void {
  if (pod.metadata.deletionTimestamp === undefined) store.delete(POD, pod.metadata.namespace ?? '', pod.metadata.name);
}

const statusSchema = z.looseObject({
  conditions: z
    .array(z.looseObject({ type: z.string(), status: z.string(), lastTransitionTime: z.string().optional() }))
    .default([]),
});

function writeStatus(
  store: Store,
  deployment: StoredObject,
  spec: Spec,
  hash: string,
  pods: readonly StoredObject[],
): void {
  const { name, namespace = '', generation } = deployment.metadata;
  const counted = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  const ready = counted.filter(isReady).length;
  const updated = counted.filter((pod) => pod.metadata.labels?.[HASH_LABEL] === hash);
  const { unavailable } = roundedShares(spec.strategy.rollingUpdate, spec.replicas);
  const before = statusSchema.parse(deployment['status'] ?? {}).conditions;
  const condition = (type: string, value: boolean, reason: string) => {
    const status = value ? 'True' : 'False';
    const old = before.find((each) => each.type === type && each.status === status);
    return { type, status, reason, lastTransitionTime: old?.lastTransitionTime ?? timestamp(Date.now()) };
  };
  const available = ready >= spec.replicas - unavailable;
  const done = updated.filter(isReady).length >= spec.replicas && counted.length === updated.length;
  store.patch(
    DEPLOYMENT,
    namespace,
    name,
    {
      status: {
        observedGeneration: generation,
        replicas: counted.length,
        updatedReplicas: updated.length,
        readyReplicas: ready,
        availableReplicas: ready,
        unavailableReplicas: Math.max(0, spec.replicas - ready),
        conditions: [
          condition('Available', available, available ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable'),
          condition('Progressing', true, done ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated'),
        ],
      },
    },
    'status',
  );
}
