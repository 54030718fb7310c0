/** Registers the node in the control plane: an object with a status, and a lease that is renewed. */
import * as z from 'zod';
import type { KubernetesApi } from '../access.ts';
import { ApiError } from '../errors.ts';
import { timestamp } from '../objects.ts';

/** The defaults of a kubelet (KubeletConfiguration, nodeLeaseDurationSeconds and a quarter of it). */
const LEASE_SECONDS = 40;
const RENEW_MS = 10_000;
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

/** Resource requests only matter to the scheduler; nothing is measured here. */
const RESOURCES = { cpu: '32', memory: '64Gi', 'ephemeral-storage': '64Gi', pods: '250' };

/** A new node is tainted until the controllers have seen it (admission plugin TaintNodesByCondition). */
const NOT_READY = 'node.kubernetes.io/not-ready';
const TRUSTED_MS = 60_000;
const POLL_MS = 100;

const nodeSchema = z.object({
  spec: z.object({ taints: z.array(z.object({ key: z.string() })).default([]) }).prefault({}),
});

export interface LabNode {
  readonly name: string;
  /** The port of its kubelet; absent for a node that runs no pods. */
  readonly port?: number;
}

/**
 * Registers the node, waits until pods can be scheduled on it (so the controllers work), and renews its lease until the result
 * is called.
 */
export async function keepNode(
  api: KubernetesApi,
  node: LabNode,
  onError: (error: unknown) => void,
): Promise<() => void> {
  const { name } = node;
  await register(api, node);
  await renew(api, name);
  await trusted(api, name);
  let ended = false;
  const timer = setInterval(() => {
    renew(api, name).catch((error: unknown) => {
      if (!ended) onError(error);
    });
  }, RENEW_MS);
  return () => {
    ended = true;
    clearInterval(timer);
  };
}

async function register(api: KubernetesApi, node: LabNode): Promise<void> {
  const { name } = node;
  const status = statusOf(node);
  const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' };
  try {
    await api.call('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, status });
  } catch (error) {
    if (!isConflict(error)) throw error;
    await api.call('PATCH', `/api/v1/nodes/${name}/status`, { status });
  }
}

async function trusted(api: KubernetesApi, name: string): Promise<void> {
  const limit = performance.now() + TRUSTED_MS;
  for (;;) {
    const { taints } = nodeSchema.parse(await api.call('GET', `/api/v1/nodes/${name}`)).spec;
    if (!taints.some(({ key }) => key === NOT_READY)) return;
    if (performance.now() > limit) throw new Error(`the node ${name} was not ready after ${TRUSTED_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function statusOf({ name, port }: LabNode) {
  const now = timestamp(Date.now());
  const condition = (type: string, status: string, reason: string) => ({
    type,
    status,
    reason,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  });
  return {
    capacity: RESOURCES,
    allocatable: RESOURCES,
    addresses: [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: name },
    ],
    ...(port !== undefined && { daemonEndpoints: { kubeletEndpoint: { Port: port } } }),
    conditions: [
      condition('Ready', 'True', 'KubeletReady'),
      condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory'),
      condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
      condition('PIDPressure', 'False', 'KubeletHasSufficientPID'),
    ],
    nodeInfo: {
      architecture: 'amd64',
      operatingSystem: 'linux',
      kubeletVersion: 'v1.36.0-lab',
      kernelVersion: '',
      osImage: 'lab',
      machineID: '',
      systemUUID: '',
      bootID: '',
      containerRuntimeVersion: 'lab://1',
      kubeProxyVersion: '',
    },
  };
}

async function renew(api: KubernetesApi, name: string): Promise<void> {
  // A lease's times have microseconds (metav1.MicroTime).
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime };
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name }, spec };
  try {
    await api.call('POST', LEASES, lease);
  } catch (error) {
    if (!isConflict(error)) throw error;
    await api.call('PATCH', `${LEASES}/${name}`, { spec });
  }
}

const isConflict = (error: unknown): boolean => error instanceof ApiError && error.code === 409;
