/** The cluster's objects for a program in the same process, with admin rights. */
import { ApiError, badRequest } from './errors.ts';
import { kindOf, type Kind } from './kinds.ts';
import { applyPatch } from './merge.ts';
import { objectSchema, type KubeObject, type StoredObject } from './objects.ts';
import { labelSelector } from './selectors.ts';
import type { DeleteOptions, Store } from './store.ts';

export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent for kinds without namespaces; `default` for the others. */
  readonly namespace?: string;
  readonly name: string;
}

export interface ListQuery extends Pick<ObjectRef, 'apiVersion' | 'kind' | 'namespace'> {
  readonly labelSelector?: string;
}

export interface RemoveOptions extends DeleteOptions {
  /** Waits until the object and the pods that it owned are gone; fails after so many ms. */
  readonly waitMs?: number;
}

export interface ClusterClient {
  /**
   * Creates or updates the object. Fields of an earlier apply that are no longer there are removed; fields that others
   * set and the status stay.
   */
  apply(object: KubeObject): Promise<StoredObject>;
  get(ref: ObjectRef): Promise<StoredObject | undefined>;
  list(query: ListQuery): Promise<readonly StoredObject[]>;
  /** It is not an error if the object does not exist. */
  delete(ref: ObjectRef, options?: RemoveOptions): Promise<void>;
}

/** `isUp` tells whether the cluster can be reached. */
export function clusterClient(store: Store, isUp: () => boolean): ClusterClient {
  const applied = new Map<string, KubeObject>();
  const reach = (ref: Pick<ObjectRef, 'apiVersion' | 'kind' | 'namespace'>): { kind: Kind; namespace: string } => {
    if (!isUp()) throw new ApiError(503, 'ServiceUnavailable', 'the cluster cannot be reached: it is down');
    const kind = kindOf(ref);
    if (!kind) throw badRequest(`no matches for kind "${ref.kind}" in version "${ref.apiVersion}"`);
    return { kind, namespace: kind.namespaced ? (ref.namespace ?? 'default') : '' };
  };
  const gone = (object: StoredObject): boolean =>
    (store.find(reach(object).kind, object.metadata.namespace ?? '', object.metadata.name)?.metadata.uid ?? '') !==
    object.metadata.uid;

  return {
    apply: async (object) => {
      const body = objectSchema.parse(JSON.parse(JSON.stringify(object)));
      const { name = '' } = body.metadata;
      const { kind, namespace } = reach({ ...body, ...withNamespace(body.metadata.namespace) });
      const current = store.find(kind, namespace, name);
      const key = `${kind.plural}.${kind.group}/${namespace}/${name}`;
      const result = current
        ? store.patch(kind, namespace, name, applyPatch(applied.get(key + current.metadata.uid), body))
        : store.create(kind, namespace, body);
      applied.set(key + result.metadata.uid, body);
      return result;
    },
    get: async (ref) => {
      const { kind, namespace } = reach(ref);
      return store.find(kind, namespace, ref.name);
    },
    list: async (query) => {
      const { kind } = reach(query);
      return store.list(kind, query.namespace ?? '').filter(labelSelector(query.labelSelector ?? ''));
    },
    delete: async (ref, options = {}) => {
      const { kind, namespace } = reach(ref);
      const found = store.find(kind, namespace, ref.name);
      if (!found) return;
      const owned = ownedPods(store, found);
      store.delete(kind, namespace, ref.name, options);
      if (options.waitMs !== undefined) await until(store, () => [found, ...owned].every(gone), options.waitMs, ref);
    },
  };
}

const withNamespace = (namespace: string | undefined) => (namespace === undefined ? {} : { namespace });

function ownedPods(store: Store, owner: StoredObject): StoredObject[] {
  const uids = new Set([owner.metadata.uid]);
  const owned = store
    .everything()
    .filter((object) => object.metadata.ownerReferences?.some((reference) => uids.has(reference.uid)));
  return owned.flatMap((object) => [object, ...ownedPods(store, object)]);
}

function until(store: Store, isDone: () => boolean, waitMs: number, ref: ObjectRef): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (error?: Error): void => {
      unsubscribe();
      clearTimeout(limit);
      if (error) reject(error);
      else resolve();
    };
    const unsubscribe = store.subscribe(() => isDone() && end());
    const limit = setTimeout(
      () => end(new Error(`${ref.kind} ${ref.name} is still there after ${String(waitMs)} ms`)),
      waitMs,
    );
    if (isDone()) end();
  });
}
