/** The kubelet: it runs the pods that are bound to this node, and reports their status to the API. */
import { isRecord } from '../objects.ts';
import type { ContainerRun } from './container.ts';
import { PodWorker, type PodDeps } from './pod.ts';

export interface KubeletOptions extends PodDeps {
  /** How often it lists its pods without a hint, in ms. */
  readonly pollMs: number;
  /** How often volumes are compared with their sources, in ms. */
  readonly volumeRefreshMs: number;
}

export class Kubelet {
  readonly #options: KubeletOptions;
  readonly #workers = new Map<string, PodWorker>();
  #running = false;
  #looking = false;
  #again = false;
  #end: (() => void) | undefined;

  constructor(options: KubeletOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = true;
    const { api, pollMs, volumeRefreshMs, onError } = this.#options;
    const poll = setInterval(() => this.#look(), pollMs);
    const refresh = setInterval(() => {
      for (const worker of this.#workers.values()) worker.refreshVolumes().catch(onError);
    }, volumeRefreshMs);
    const unsubscribe = api.onChange(() => this.#look());
    this.#end = () => {
      clearInterval(poll);
      clearInterval(refresh);
      unsubscribe();
    };
    this.#look();
  }

  /**
   * The machine dies: all processes end at once, and nothing is reported to the API. A later start finds the pods in the
   * API. Resolves when the last process has ended.
   */
  crash(): Promise<void> {
    this.#running = false;
    this.#end?.();
    const workers = [...this.#workers.values()];
    this.#workers.clear();
    this.#options.processes.killAll();
    return Promise.all(workers.map((worker) => worker.abandon())).then(() => this.#options.processes.idle());
  }

  /** The containers of a pod on this node, by the pod's name. */
  containers(pod: string, container?: string): readonly ContainerRun[] {
    const workers = [...this.#workers.values()].filter((worker) => worker.key.name === pod);
    return workers.flatMap((worker) => worker.containers(container));
  }

  /** A pod on this node, also one that has ended. */
  pod(namespace: string, name: string): PodWorker | undefined {
    // Of two pods with one name the older one is being deleted.
    return [...this.#workers.values()].findLast(({ key }) => key.namespace === namespace && key.name === name);
  }

  #look(): void {
    if (!this.#running) return;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = true;
    this.#again = false;
    setImmediate(() => {
      this.#sync()
        .catch((error: unknown) => {
          if (this.#running) this.#options.onError(error);
        })
        .finally(() => {
          this.#looking = false;
          if (this.#again) this.#look();
        });
    });
  }

  async #sync(): Promise<void> {
    const pods = await this.#options.api.pods();
    if (!this.#running) return;
    const present = new Set(pods.map((pod) => pod.metadata.uid));
    for (const pod of pods) {
      const { uid, deletionGracePeriodSeconds } = pod.metadata;
      let worker = this.#workers.get(uid);
      if (!worker) {
        worker = new PodWorker(pod, this.#options);
        this.#workers.set(uid, worker);
        if (deletionGracePeriodSeconds === undefined) worker.start();
      }
      if (deletionGracePeriodSeconds !== undefined) void worker.terminate(deletionGracePeriodSeconds);
    }
    // A stopped pod is kept until the API has deleted it: a finalizer may delay that.
    for (const worker of this.#workers.values())
      if (!present.has(worker.key.uid)) void worker.terminate(0).then(() => this.#workers.delete(worker.key.uid));
  }
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : isRecord(error) ? JSON.stringify(error) : String(error);
