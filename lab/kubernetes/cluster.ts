/**
 * A Kubernetes cluster in this process: API server, controllers and one node, whose containers are child processes.
 * When this process ends, however it ends, its containers end with it.
 */
import type { KubernetesAccess } from './access.ts';
import { serveApi, type ApiServer } from './api.ts';
import { clusterClient, type ClusterClient } from './client.ts';
import { cronJobs } from './controllers/cronjobs.ts';
import { deployments } from './controllers/deployments.ts';
import { garbageCollector, namespaces, scheduler } from './controllers/housekeeping.ts';
import { jobs } from './controllers/jobs.ts';
import type { Controller, ControlLoop } from './controllers/loop.ts';
import { faults, FaultState, type Faults } from './faults.ts';
import { Identity } from './identity.ts';
import { NAMESPACE, POD } from './kinds.ts';
import type { LogLine } from './kubelet/logs.ts';
import { storeNodeApi } from './kubelet/store-node-api.ts';
import { Machine, type MachineOptions } from './machine.ts';
import type { StoredObject } from './objects.ts';
import { podStatusOf, podView, type PodView } from './pods.ts';
import { labelSelector } from './selectors.ts';
import { Store, type Change } from './store.ts';

export interface ClusterOptions extends MachineOptions {
  /** How long a minute of the CronJobs' clock lasts, in ms; 60000 by default. */
  readonly minuteMs?: number;
  /** Of the API server; a free one by default. */
  readonly port?: number;
}

export interface LabCluster extends Faults {
  readonly name: string;
  /** Its API as an administrator reaches it. */
  readonly access: KubernetesAccess;
  readonly client: ClusterClient;
  /** The pods, optionally those of a label selector, as they are now. */
  pods(selector?: string): readonly PodView[];
  /** Hears of each change of any object. */
  onChange(listener: (change: Change) => void): () => void;
  /** A token of a ServiceAccount, as its pods hold one. */
  tokenFor(namespace: string, serviceAccount: string): string;
  /** The newest lines of a container, also of a pod that is gone. */
  logs(namespace: string, pod: string, container: string): readonly LogLine[];
  onLog(listener: (line: LogLine) => void): () => void;
  /** The cluster dies at once: no process, no controller, no API. */
  faint(): void;
  /** It comes back with all that its API knew; the pods start again. */
  returns(): void;
  readonly isUp: boolean;
  /** Ends everything and removes its files. */
  close(): Promise<void>;
}

/** The lab's API server speaks plain HTTP, so there is no authority; the file is there because pods mount it. */
const AUTHORITY = 'This lab serves its API without TLS.\n';

export async function startCluster(options: ClusterOptions): Promise<LabCluster> {
  const { name, minuteMs = 60_000 } = options;
  const machine = await Machine.start(options);
  const { node, logs, onError } = machine;
  const store = new Store();
  const identity = new Identity(store);
  const state = new FaultState();
  const kubelet = await machine.kubelet(storeNodeApi(store, identity, node));
  let scheduling: ControlLoop | undefined;
  const startControllers = (): readonly Controller[] => [
    namespaces(store, AUTHORITY),
    garbageCollector(store),
    deployments(store, onError),
    jobs({ store, now: Date.now, onError }),
    cronJobs({ store, minuteMs, now: Date.now, isMissed: (cronJob) => state.takeMiss(cronJob), onError }),
    (scheduling = scheduler({ store, node, isFull: () => state.isFull, onError })),
  ];

  let isUp = true;
  let controllers = startControllers();
  for (const namespace of ['default', 'kube-system'])
    store.create(NAMESPACE, '', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const api: ApiServer = await serveApi(store, identity, options.port);
  kubelet.start();

  let ended: Promise<void> = Promise.resolve();
  const faint = (): void => {
    if (!isUp) return;
    isUp = false;
    api.down();
    for (const controller of controllers) controller.stop();
    ended = kubelet.crash();
  };
  return {
    name,
    access: { url: api.url, token: identity.adminToken },
    client: clusterClient(store, () => isUp),
    pods: (selector = '') => store.list(POD).filter(labelSelector(selector)).map(viewOf),
    onChange: (listener) => store.subscribe(listener),
    tokenFor: (namespace, serviceAccount) => identity.issue({ namespace, serviceAccount }).token,
    logs: (namespace, pod, container) => logs.read(namespace, pod, container),
    onLog: (listener) => logs.subscribe(listener),
    ...faults(
      store,
      kubelet,
      state,
      // The scheduler looks when a pod changes; this change is none of a pod's.
      () => scheduling?.look(),
    ),
    faint,
    returns: () => {
      if (isUp) return;
      isUp = true;
      controllers = startControllers();
      api.up();
      kubelet.start();
    },
    get isUp() {
      return isUp;
    },
    close: async () => {
      faint();
      await ended;
      await api.close();
      await machine.close();
    },
  };
}

const viewOf = (pod: StoredObject): PodView => podView(pod.metadata, podStatusOf(pod));
