/**
 * A Kubernetes cluster with a real control plane (etcd, API server, controllers, scheduler) and a node of the lab: the kubelet in
 * this process runs the pods. When this process ends, everything ends, even if it is killed.
 */
import { join } from 'node:path';
import { KubernetesApi, type KubernetesAccess } from '../access.ts';
import type { Kubelet } from '../kubelet/kubelet.ts';
import type { LogLine } from '../kubelet/logs.ts';
import { serveKubelet } from '../kubelet/server.ts';
import { Machine, type MachineOptions } from '../machine.ts';
import { podFaults, type PodFaults } from '../pod-faults.ts';
import { podView, type PodView } from '../pods.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { serverNodeApi } from './node-api.ts';
import { podListSchema } from './pod-list.ts';
import { keepNode } from './registration.ts';
import { cronJobNamed, keepRunning, startRun } from './runs.ts';

export interface RealClusterOptions extends MachineOptions {
  /** Starts a run of each CronJob every so many ms, besides its schedule. Absent: only the schedule counts. */
  readonly runEveryMs?: number;
}

export interface RealCluster extends PodFaults {
  readonly name: string;
  readonly node: string;
  /** Address and administrator's token of its API. */
  readonly access: KubernetesAccess;
  /** The path of an administrator's kubeconfig. Its context has the name of the cluster. */
  readonly kubeconfig: string;
  readonly api: KubernetesApi;
  /** The file in which the API server logs each call of a ServiceAccount (control-plane.ts). */
  readonly auditLog: string;
  /** The pods that a label selector matches. */
  pods(selector: string): Promise<readonly PodView[]>;
  /** The newest lines of a container, also of a pod that is gone. */
  logs(namespace: string, pod: string, container: string): readonly LogLine[];
  onLog(listener: (line: LogLine) => void): () => void;
  /** As `kubectl patch`: no new runs; an active run continues. */
  suspendCronJob(name: string, on?: boolean): Promise<void>;
  /** Starts a run now, besides the schedule. */
  startRun(name: string): Promise<void>;
  /** Kills the cluster at once: no pod, no controller, no API. */
  crash(): void;
  /** Starts it again with all that etcd stored; the pods start again. */
  recover(): Promise<void>;
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

async function clusterOn(machine: Machine, options: RealClusterOptions): Promise<RealCluster> {
  const { name } = options;
  const { node, logs, onError } = machine;
  const plane = await startControlPlane({ cluster: name, node, folder: join(machine.root, 'control-plane'), onError });
  const api = new KubernetesApi(plane.admin);
  const lab = await startNode(machine, options, plane, api);
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
    ...podFaults(lab.kubelet),
    suspendCronJob: async (cronJob, on = true) => {
      const { namespace = '' } = (await cronJobNamed(api, cronJob)).metadata;
      await api.call('PATCH', `/apis/batch/v1/namespaces/${namespace}/cronjobs/${cronJob}`, { spec: { suspend: on } });
    },
    startRun: async (cronJob) => startRun(api, await cronJobNamed(api, cronJob)),
    crash: lab.crash,
    recover: lab.recover,
    close: async () => {
      await lab.close();
      await machine.close();
    },
  };
}

interface Node {
  readonly kubelet: Kubelet;
  /** Kills node and control plane. */
  readonly crash: () => void;
  readonly recover: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The lab's node, registered in the control plane. */
async function startNode(
  machine: Machine,
  { runEveryMs }: RealClusterOptions,
  plane: ControlPlane,
  api: KubernetesApi,
): Promise<Node> {
  const { node, logs, onError } = machine;
  const client = new KubernetesApi(plane.kubelet);
  const kubelet = await machine.kubelet(serverNodeApi(client, node));
  let stops: (() => void)[] = [];
  let ended: Promise<void> = Promise.resolve();
  const start = async (): Promise<void> => {
    const server = await serveKubelet(kubelet, logs, plane.kubeletTls);
    stops.push(server.close);
    stops.push(await keepNode(client, { name: node, port: server.port }, onError));
    kubelet.start();
    if (runEveryMs !== undefined) stops.push(keepRunning(api, runEveryMs, onError));
  };
  const crash = (): void => {
    for (const stop of stops) stop();
    stops = [];
    plane.kill();
    ended = kubelet.crash();
  };
  const close = async (): Promise<void> => {
    crash();
    await ended;
    for (const each of [api, client]) each.close();
    await plane.close();
  };
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  const recover = async (): Promise<void> => {
    await ended;
    await plane.start();
    await start();
  };
  return { kubelet, crash, recover, close };
}
