/** What the acts need of a Kubernetes cluster, and the two kinds that have it. */
import type { KubernetesAccess } from '../kubernetes/access.ts';
import { startCluster } from '../kubernetes/cluster.ts';
import type { LogLine } from '../kubernetes/kubelet/logs.ts';
import type { PodFaults } from '../kubernetes/pod-faults.ts';
import type { PodView } from '../kubernetes/pods.ts';
import { startRealCluster } from '../kubernetes/real/cluster.ts';

export interface DemoCluster extends Pick<PodFaults, 'killPod' | 'releasePod'> {
  /** Its API as an administrator reaches it. */
  readonly access: KubernetesAccess;
  /** Of a real control plane: the path of a kubeconfig, whose context has the cluster's name. */
  readonly kubeconfig?: string;
  pods(selector: string): Promise<readonly PodView[]> | readonly PodView[];
  onLog(listener: (line: LogLine) => void): () => void;
  /** No new runs; a run that is active goes on. */
  suspendCronJob(name: string, on?: boolean): Promise<void> | void;
  /** A run beside the schedule, now. */
  startRun(name: string): Promise<void> | void;
  /** The cluster dies at once: no process, no controller, no API. */
  faint(): void;
  /** It comes back with all that its API knew; the pods start again. */
  returns(): Promise<void> | void;
  close(): Promise<void>;
}

export interface DemoClusterOptions {
  readonly name: string;
  /** The bundled lab runner. */
  readonly runner: string;
  /** From one run of the checker to the next: what is a minute elsewhere. */
  readonly periodMs: number;
}

export type ClusterFor = (options: DemoClusterOptions) => Promise<DemoCluster>;

/** All in this process. */
export const labCluster: ClusterFor = ({ name, runner, periodMs }) =>
  startCluster({ name, runner, minuteMs: periodMs });

/** The control plane is the real one. Its minute cannot be shortened, so the lab starts the runs between. */
export const realCluster: ClusterFor = ({ name, runner, periodMs }) =>
  startRealCluster({ name, runner, runEveryMs: periodMs });
