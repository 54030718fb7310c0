/**
 * A Kubernetes cluster in this process: API server, controllers and one node, whose containers are child processes.
 * When this process ends, its containers end too, even if it is killed.
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
  /** The port of the API server; a free one by default. */
  readonly port?: number;
}

export interface LabCluster extends Faults {
  readonly name: string;
  /** Address and administrator's token of its API. */
  readonly access: KubernetesAccess;
  readonly client: ClusterClient;
  /** The present pods, or those that a label selector matches. */
  pods(selector?: string): readonly PodView[];
  /** Calls the listener at each change of an object. */
  onChange(listener: (change: Change) => void): () => void;
  /** A token of a ServiceAccount, like those of its pods. */
  tokenFor(namespace: string, serviceAccount: string): string;
  /** The newest lines of a container, also of a pod that is gone. */
  logs(namespace: string, pod: string, container: string): readonly LogLine[];
  onLog(listener: (line: LogLine) => void): () => void;
  /** Kills the cluster at once: no process, no controller, no API. */
  crash(): void;
  /** Starts it again with all objects that its API had; the pods start again. */
  recover(): void;
  readonly isUp: boolean;
  /** Ends everything and removes its files. */
  close(): Promise<void>;
}

/** The lab's API server uses plain HTTP, so there is no CA. The file exists because pods mount it. */
const AUTHORITY = 'This lab serves its API without TLS.\n';

export async function startCluster(options: ClusterOptions): Promise<LabCluster> {
  const machine = await Machine.start(options);
  const { node, logs } = machine;
  const store = new Store();
  const identity = new Identity(store);
  const state = new FaultState();
  const kubelet = await machine.kubelet(storeNodeApi(store, identity, node));
  const controllers = new Controllers(store, state, machine, options.minuteMs ?? 60_000);
  controllers.start();
  for (const namespace of ['default', 'kube-system'])
    store.create(NAMESPACE, '', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const api: ApiServer = await serveApi(store, identity, options.port);
  kubelet.start();

  let isUp = true;
  let ended: Promise<void> = Promise.resolve();
  const crash = (): void => {
    if (!isUp) return;
    isUp = false;
    api.down();
    controllers.stop();
    ended = kubelet.crash();
  };
  return {
    name: options.name,
    access: { url: api.url, token: identity.adminToken },
    client: clusterClient(store, () => isUp),
    pods: (selector = '') => store.list(POD).filter(labelSelector(selector)).map(viewOf),
    onChange: (listener) => store.subscribe(listener),
    tokenFor: (namespace, serviceAccount) => identity.issue({ namespace, serviceAccount }).token,
    logs: (namespace, pod, container) => logs.read(namespace, pod, container),
    onLog: (listener) => logs.subscribe(listener),
    ...faults(store, kubelet, state, () => controllers.schedule()),
    crash,
    recover: () => {
      if (isUp) return;
      isUp = true;
      controllers.start();
      api.up();
      kubelet.start();
    },
    get isUp() {
      return isUp;
    },
    close: async () => {
      crash();
      await ended;
      await api.close();
      await machine.close();
    },
  };
}

/** All controllers of the cluster, and its scheduler. */
class Controllers {
  readonly #store: Store;
  readonly #state: FaultState;
  readonly #machine: Pick<Machine, 'node' | 'onError'>;
  readonly #minuteMs: number;
  #running: readonly Controller[] = [];
  #scheduler: ControlLoop | undefined;

  constructor(store: Store, state: FaultState, machine: Pick<Machine, 'node' | 'onError'>, minuteMs: number) {
    this.#store = store;
    this.#state = state;
    this.#machine = machine;
    this.#minuteMs = minuteMs;
  }

  start(): void {
    const { node, onError } = this.#machine;
    const store = this.#store;
    const isMissed = (cronJob: StoredObject): boolean => this.#state.takeMiss(cronJob);
    this.#scheduler = scheduler({ store, node, isFull: () => this.#state.isFull, onError });
    this.#running = [
      namespaces(store, AUTHORITY),
      garbageCollector(store),
      deployments(store, onError),
      jobs({ store, now: Date.now, onError }),
      cronJobs({ store, minuteMs: this.#minuteMs, now: Date.now, isMissed, onError }),
      this.#scheduler,
    ];
  }

  stop(): void {
    for (const controller of this.#running) controller.stop();
  }

  /** Schedules pods now. The scheduler runs by itself only when a pod changes. */
  schedule(): void {
    this.#scheduler?.trigger();
  }
}

const viewOf = (pod: StoredObject): PodView => podView(pod.metadata, podStatusOf(pod));
