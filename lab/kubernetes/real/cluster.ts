/**
 * A Kubernetes cluster of which only the node is the lab's: etcd, API server, controllers and scheduler are the real ones, and
 * this process's kubelet runs what they schedule. When this process ends, however it ends, all of it ends.
 */
import { join } from 'node:path';
import { KubernetesApi, type KubernetesAccess } from '../access.ts';
import type { LogLine } from '../kubelet/logs.ts';
import { serveKubelet } from '../kubelet/server.ts';
import { Machine, type MachineOptions } from '../machine.ts';
import { podFaults, type PodFaults } from '../pod-faults.ts';
import { podView, type PodView } from '../pods.ts';
import { startControlPlane } from './control-plane.ts';
import { serverNodeApi } from './node-api.ts';
import { podListSchema } from './pod-list.ts';
import { keepNode } from './registration.ts';
import { cronJobNamed, keepRunning, startRun } from './runs.ts';

export interface RealClusterOptions extends MachineOptions {
  /** Starts a run of each CronJob so often, in ms, beside its schedule; left out, the schedule alone counts. */
  readonly runEveryMs?: number;
}

export interface RealCluster extends PodFaults {
  readonly name: string;
  readonly node: string;
  /** Its API as an administrator reaches it. */
  readonly access: KubernetesAccess;
  /** The path of an administrator's kubeconfig, whose context has the cluster's name. */
  readonly kubeconfig: string;
  readonly api: KubernetesApi;
  /** Where the API server notes each call of a ServiceAccount (control-plane.ts). */
  readonly auditLog: string;
  /** The pods of a label selector. */
  pods(selector: string): Promise<readonly PodView[]>;
  /** The newest lines of a container, also of a pod that is gone. */
  logs(namespace: string, pod: string, container: string): readonly LogLine[];
  onLog(listener: (line: LogLine) => void): () => void;
  /** As `kubectl patch`: no new runs; a run that is active goes on. */
  suspendCronJob(name: string, on?: boolean): Promise<void>;
  /** A run beside the schedule, now. */
  startRun(name: string): Promise<void>;
  /** The cluster dies at once: no pod, no controller, no API. */
  faint(): void;
  /** It comes back with all that etcd knew; the pods start again. */
  returns(): Promise<void>;
  /** Ends everything and removes its files. */
  close(): Promise<void>;
}

export async function startRealCluster(options: RealClusterOptions): Promise<RealCluster> {
  const machine = await Machine.start(options);
  try {
    return await clusterOn(machine, options);
  } catch (error) {
    await machine.close();
    throw error;
  }
}

async function clusterOn(machine: Machine, { name, runEveryMs }: RealClusterOptions): Promise<RealCluster> {
  const { node, logs, onError } = machine;
  const plane = await startControlPlane({ cluster: name, node, folder: join(machine.root, 'control-plane'), onError });
  const api = new KubernetesApi(plane.admin);
  const nodeClient = new KubernetesApi(plane.kubelet);
  const kubelet = await machine.kubelet(serverNodeApi(nodeClient, node));

  let ends: (() => void)[] = [];
  let ended: Promise<void> = Promise.resolve();
  const live = async (): Promise<void> => {
    const server = await serveKubelet(kubelet, logs, plane.kubeletTls);
    ends.push(server.close);
    ends.push(await keepNode(nodeClient, { name: node, port: server.port }, onError));
    kubelet.start();
    if (runEveryMs !== undefined) ends.push(keepRunning(api, runEveryMs, onError));
  };
  const faint = (): void => {
    for (const end of ends) end();
    ends = [];
    plane.kill();
    ended = kubelet.crash();
  };
  const close = async (): Promise<void> => {
    faint();
    await ended;
    for (const client of [api, nodeClient]) client.close();
    await plane.close();
  };
  try {
    await live();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    name,
    node,
    access: plane.admin,
    kubeconfig: plane.kubeconfig,
    api,
    auditLog: plane.auditLog,
    pods: async (selector) => {
      const path = `/api/v1/pods?labelSelector=${encodeURIComponent(selector)}`;
      const { items } = podListSchema.parse(await api.call('GET', path));
      return items.map(({ metadata, status }) => podView(metadata, status));
    },
    logs: (namespace, pod, container) => logs.read(namespace, pod, container),
    onLog: (listener) => logs.subscribe(listener),
    ...podFaults(kubelet),
    suspendCronJob: async (cronJob, on = true) => {
      const { namespace = '' } = (await cronJobNamed(api, cronJob)).metadata;
      await api.call('PATCH', `/apis/batch/v1/namespaces/${namespace}/cronjobs/${cronJob}`, { spec: { suspend: on } });
    },
    startRun: async (cronJob) => startRun(api, await cronJobNamed(api, cronJob)),
    faint,
    returns: async () => {
      await ended;
      await plane.start();
      await live();
    },
    close: async () => {
      await close();
      await machine.close();
    },
  };
}
