/**
 * A Kubernetes cluster in this process: API server, controllers and one node, whose containers are child processes.
 * When this process ends, however it ends, its containers end with it.
 */
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import type { Backoff } from './kubelet/container.ts';
import { Kubelet, messageOf } from './kubelet/kubelet.ts';
import { LogBook, type LogLine } from './kubelet/logs.ts';
import { Processes } from './kubelet/processes.ts';
import { bundlePodNetwork } from './kubelet/shims.ts';
import { storeNodeApi } from './kubelet/store-node-api.ts';
import { isReady, podStatusOf, type PodStatus } from './pods.ts';
import { labelSelector } from './selectors.ts';
import { Store, type Change } from './store.ts';

export interface ClusterOptions {
  /** For messages and the node's name. */
  readonly name: string;
  /** How long a minute of the CronJobs' clock lasts, in ms; 60000 by default. */
  readonly minuteMs?: number;
  /** The bundled lab runner, which containers call as `gitlab-runner` (lab/runner/bundle.ts). */
  readonly runner?: string;
  /** How often the lab runner reports a running job, in seconds; what GitLab asks for, or 60, when left out. */
  readonly runnerHeartbeatSeconds?: number;
  /** Between restarts of a container; 1 s doubling up to 10 s by default (a real kubelet: 10 s up to 5 min). */
  readonly backoff?: Backoff;
  /** How often volumes follow their ConfigMaps and Secrets, in ms; 5000 by default (a real kubelet: about a minute). */
  readonly volumeRefreshMs?: number;
  /** Of the API server; a free one by default. */
  readonly port?: number;
  /** Errors of the cluster's own parts, in one line. Standard error by default. */
  readonly onError?: (message: string) => void;
}

export interface PodView {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly status: PodStatus;
  readonly ready: boolean;
  readonly terminating: boolean;
}

export interface LabCluster extends Faults {
  readonly name: string;
  readonly url: string;
  readonly adminToken: string;
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
  const root = await mkdtemp(join(tmpdir(), `hadr-lab-${name}-`));
  const report = options.onError ?? ((message: string) => void process.stderr.write(`${message}\n`));
  const onError = (error: unknown): void => report(`lab cluster ${name}: ${messageOf(error)}`);
  const processes = new Processes(root);
  const store = new Store();
  const identity = new Identity(store);
  const logs = new LogBook();
  const state = new FaultState();
  const node = `${name}-node`;
  await mkdir(join(root, 'pods'));

  const kubelet = new Kubelet({
    api: storeNodeApi(store, identity, node),
    processes,
    logs,
    root: join(root, 'pods'),
    network: await bundlePodNetwork(root),
    programs: {
      ...(options.runner === undefined ? {} : { runner: options.runner }),
      ...(options.runnerHeartbeatSeconds === undefined
        ? {}
        : { runnerHeartbeatSeconds: options.runnerHeartbeatSeconds }),
    },
    backoff: options.backoff ?? { firstMs: 1000, maxMs: 10_000 },
    pollMs: 2000,
    volumeRefreshMs: options.volumeRefreshMs ?? 5000,
    onError,
  });
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
    url: api.url,
    adminToken: identity.adminToken,
    client: clusterClient(store, () => isUp),
    pods: (selector = '') => store.list(POD).filter(labelSelector(selector)).map(view),
    onChange: (listener) => store.subscribe(listener),
    tokenFor: (namespace, serviceAccount) => identity.issue({ namespace, serviceAccount }).token,
    logs: (namespace, pod, container) => logs.read(namespace, pod, container),
    onLog: (listener) => logs.subscribe(listener),
    ...faults(
      store,
      () => kubelet,
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
      await processes.close();
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function view(pod: Parameters<typeof isReady>[0]): PodView {
  const { name, namespace = '', labels = {}, deletionTimestamp } = pod.metadata;
  return {
    name,
    namespace,
    labels,
    status: podStatusOf(pod),
    ready: isReady(pod),
    terminating: deletionTimestamp !== undefined,
  };
}
