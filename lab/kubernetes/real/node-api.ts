/** The kubelet's port over a real API server, with the rights of a node. */
import * as z from 'zod';
import type { KubernetesApi } from '../access.ts';
import { ApiError } from '../errors.ts';
import { ConfigError } from '../kubelet/env.ts';
import type { NodeApi, NodePod, PodKey } from '../kubelet/node-api.ts';
import { storedSchema, type StoredObject } from '../objects.ts';
import { podListSchema } from './pod-list.ts';

const tokenRequest = z.object({ status: z.object({ token: z.string(), expirationTimestamp: z.string() }) });

export function serverNodeApi(api: KubernetesApi, node: string): NodeApi {
  const mine = `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`;
  return {
    pods: async (): Promise<readonly NodePod[]> => podListSchema.parse(await api.call('GET', mine)).items,
    onChange: (listener) => api.watch(mine, listener),
    writeStatus: async (pod, status) => {
      const patch = { metadata: { uid: pod.uid }, status };
      await unlessGone(api.call('PATCH', `${pathOf(pod)}/status`, patch));
    },
    forget: async (pod) => {
      const options = { gracePeriodSeconds: 0, preconditions: { uid: pod.uid } };
      await unlessGone(api.call('DELETE', pathOf(pod), options));
    },
    configMap: (namespace, name) => read(api, `/api/v1/namespaces/${namespace}/configmaps/${name}`),
    secret: (namespace, name) => read(api, `/api/v1/namespaces/${namespace}/secrets/${name}`),
    token: async ({ namespace, name, uid }, serviceAccount, expirationSeconds) => {
      const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name, uid };
      const body = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds, boundObjectRef },
      };
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
      const { status } = tokenRequest.parse(await later(api.call('POST', path, body)));
      return { token: status.token, expiresAt: Date.parse(status.expirationTimestamp) };
    },
  };
}

const pathOf = ({ namespace, name }: PodKey): string => `/api/v1/namespaces/${namespace}/pods/${name}`;

/** It is not an error if the pod is gone or another pod has its name. */
async function unlessGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ApiError && (error.code === 404 || error.code === 409))) throw error;
  }
}

async function read(api: KubernetesApi, path: string): Promise<StoredObject | undefined> {
  const found = await later(api.call('GET', path));
  return found && storedSchema.parse(found);
}

/**
 * The kubelet repeats a failed read: the API server may be down, and it allows the node to read a pod's objects only a moment
 * after the pod was bound to it.
 */
async function later<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : 'the API server cannot be asked');
  }
}
