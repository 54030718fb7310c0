/** The small controllers: namespaces, garbage collection, and the scheduler of a cluster with one node. */
import { CONFIG_MAP, KINDS, NAMESPACE, POD, SERVICE_ACCOUNT } from '../kinds.ts';
import { isOwnedBy, timestamp, type StoredObject } from '../objects.ts';
import { podSpecOf, podStatusOf } from '../pods.ts';
import type { Change, Store } from '../store.ts';
import { controlLoop, type Controller, type ControlLoop } from './loop.ts';

/**
 * Gives each namespace its default ServiceAccount and the ConfigMap with the API server's CA, and deletes its objects with
 * it.
 */
export function namespaces(store: Store, authority: string): Controller {
  const furnish = (namespace: string): void => {
    if (!store.find(SERVICE_ACCOUNT, namespace, 'default'))
      store.create(SERVICE_ACCOUNT, namespace, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'default' },
      });
    if (!store.find(CONFIG_MAP, namespace, 'kube-root-ca.crt'))
      store.create(CONFIG_MAP, namespace, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'kube-root-ca.crt' },
        data: { 'ca.crt': authority },
      });
  };
  const empty = (namespace: string): void => {
    for (const kind of KINDS.filter((each) => each.namespaced))
      for (const object of store.list(kind, namespace)) store.delete(kind, namespace, object.metadata.name);
  };
  for (const namespace of store.list(NAMESPACE)) furnish(namespace.metadata.name);
  const stop = store.subscribe((change) => {
    if (change.kind !== NAMESPACE) return;
    if (change.type === 'ADDED') furnish(change.object.metadata.name);
    if (change.type === 'DELETED') empty(change.object.metadata.name);
  });
  return { stop };
}

/** Deletes the objects whose owner is gone. */
export function garbageCollector(store: Store): Controller {
  const stop = store.subscribe(({ type, object }: Change) => {
    if (type !== 'DELETED') return;
    for (const kind of KINDS)
      for (const each of store.list(kind, object.metadata.namespace ?? ''))
        if (isOwnedBy(each, object) && each.metadata.deletionTimestamp === undefined)
          store.delete(kind, each.metadata.namespace ?? '', each.metadata.name);
  });
  return { stop };
}

export interface SchedulerOptions {
  readonly store: Store;
  readonly node: string;
  /** The cluster is full: new pods wait. */
  readonly isFull: () => boolean;
  readonly onError: (error: unknown) => void;
}

export function scheduler({ store, node, isFull, onError }: SchedulerOptions): ControlLoop {
  const wait = (pod: StoredObject, namespace: string, name: string): void => {
    const waiting = podStatusOf(pod).conditions.find((each) => each.type === 'PodScheduled');
    if (waiting?.status === 'False') return;
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: '0/1 nodes are available: 1 Insufficient cpu.',
      lastTransitionTime: timestamp(Date.now()),
    };
    store.patch(POD, namespace, name, { status: { conditions: [condition] } }, 'status');
  };
  return controlLoop({
    store,
    kinds: [POD],
    onError,
    sync: () => {
      for (const pod of store.list(POD)) {
        const { name, namespace = '', deletionTimestamp } = pod.metadata;
        if (podSpecOf(pod).nodeName !== undefined || deletionTimestamp !== undefined) continue;
        if (isFull()) wait(pod, namespace, name);
        else store.patch(POD, namespace, name, { spec: { nodeName: node } });
      }
      return undefined;
    },
  });
}
