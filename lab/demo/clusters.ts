/** What the demo needs of a Kubernetes cluster, and its two kinds: the lab's, and one with a real control plane. */
import type { KubernetesAccess } from '../kubernetes/access.ts';
import { startCluster } from '../kubernetes/cluster.ts';
import type { LogLine } from '../kubernetes/kubelet/logs.ts';
import type { PodFaults } from '../kubernetes/pod-faults.ts';
import type { PodView } from '../kubernetes/pods.ts';
import { startRealCluster } from '../kubernetes/real/cluster.ts';

export interface DemoCluster extends Pick<PodFaults, 'killPod' | 'releasePod'> {
  /** Address and administrator's token of its API. */
  readonly access: KubernetesAccess;
  /** Only with a real control plane: the path of a kubeconfig. Its context has the name of the cluster. */
  readonly kubeconfig?: string;
  pods(selector: string): Promise<readonly PodView[]> | readonly PodView[];
  onLog(listener: (line: LogLine) => void): () => void;
  /** No new runs; an active run continues. */
  suspendCronJob(name: string, on?: boolean): Promise<void> | void;
  /** Starts a run now, besides the schedule. */
  startRun(name: string): Promise<void> | void;
  /** Kills the cluster at once: no process, no controller, no API. */
  crash(): void;
  /** Starts it again with all objects that its API had; the pods start again. */
  recover(): Promise<void> | void;
  close(): Promise<void>;
}

export interface DemoClusterOptions {
  readonly name: string;
  /** The bundled lab runner. */
  readonly runner: string;
  /** From one run of the checker to the next; a minute on a real cluster. */
  readonly periodMs: number;
}

export type ClusterFor = (options: DemoClusterOptions) => Promise<DemoCluster>;

/** Everything in this process. */
export const labCluster: ClusterFor = ({ name, runner, periodMs }) =>
  startCluster({ name, runner, minuteMs: periodMs });

/** With a real control plane. Its minute cannot be shortened, so the lab starts the runs in between. */
export const realCluster: ClusterFor = ({ name, runner, periodMs }) =>
  startRealCluster({ name, runner, runEveryMs: periodMs });
