/** The kubelet's port over the lab's own store. */
import { ApiError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import { CONFIG_MAP, POD, SECRET } from '../kinds.ts';
import { podSpecOf, podStatusOf } from '../pods.ts';
import type { Store } from '../store.ts';
import type { NodeApi } from './node-api.ts';

export function storeNodeApi(store: Store, identity: Identity, node: string): NodeApi {
  return {
    pods: async () =>
      store
        .list(POD)
        .map((pod) => ({ metadata: pod.metadata, spec: podSpecOf(pod), status: podStatusOf(pod) }))
        .filter((pod) => pod.spec.nodeName === node),
    onChange: (listener) =>
      store.subscribe((change) => {
        if (change.kind === POD) listener();
      }),
    writeStatus: async ({ namespace, name, uid }, status) => {
      const found = store.find(POD, namespace, name);
      if (found?.metadata.uid === uid) store.update(POD, namespace, name, { ...found, status }, 'status');
    },
    forget: async ({ namespace, name, uid }) => {
      try {
        store.delete(POD, namespace, name, { uid, gracePeriodSeconds: 0 });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
      }
    },
    configMap: async (namespace, name) => store.find(CONFIG_MAP, namespace, name),
    secret: async (namespace, name) => store.find(SECRET, namespace, name),
    token: async ({ namespace, name, uid }, serviceAccount, expirationSeconds) =>
      identity.issue({ namespace, serviceAccount, expirationSeconds, pod: { name, uid } }),
  };
}
