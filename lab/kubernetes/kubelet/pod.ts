/** One pod on this node, from its volumes to the end of its last container. */
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sameJson } from '../merge.ts';
import type { Container, ContainerStatus, PodStatus } from '../pods.ts';
import { ContainerRun, type Backoff, type ContainerHost, type RestartPolicy } from './container.ts';
import { ConfigError } from './env.ts';
import { podHost, podFolders, type PodFolders } from './host.ts';
import type { LogBook } from './logs.ts';
import type { NodeApi, NodePod, PodKey } from './node-api.ts';
import type { Processes } from './processes.ts';
import { writeShims, type Programs } from './shims.ts';
import { podStatus } from './status.ts';
import { Volumes } from './volumes.ts';

export interface PodDeps {
  readonly api: NodeApi;
  readonly processes: Processes;
  readonly logs: LogBook;
  /** The folder of this node's pods. */
  readonly root: string;
  /** The bundled pod-network.ts. */
  readonly network: string;
  readonly programs: Programs;
  readonly backoff: Backoff;
  readonly onError: (error: unknown) => void;
}

const RETRY_MS = 500;
const DEADLINE = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
};

export class PodWorker {
  readonly key: PodKey;
  readonly #pod: NodePod;
  /** The pod had ended before this kubelet started: nothing runs, and its status stays. */
  readonly #isOver: boolean;
  readonly #deps: PodDeps;
  readonly #folders: PodFolders;
  readonly #volumes: Volumes;
  readonly #init: readonly ContainerRun[];
  readonly #containers: readonly ContainerRun[];
  #failure: { readonly reason: string; readonly message: string } | undefined;
  #initialized = false;
  #isReady = false;
  #stopping = false;
  #abandoned = false;
  #grace = Infinity;
  #last: PodStatus;
  #writing: Promise<void> = Promise.resolve();
  #queued = false;
  #deadline: NodeJS.Timeout | undefined;
  #life: Promise<void> = Promise.resolve();
  #termination: Promise<void> | undefined;

  constructor(pod: NodePod, deps: PodDeps) {
    const { name, namespace = '', uid } = pod.metadata;
    this.key = { name, namespace, uid };
    this.#pod = pod;
    this.#isOver = pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
    this.#deps = deps;
    this.#last = pod.status;
    this.#folders = podFolders(deps.root, uid);
    this.#volumes = new Volumes(this.#folders.volumes, deps.api, Date.now);
    const host: ContainerHost = podHost({
      pod,
      ...deps,
      folders: this.#folders,
      volumes: this.#volumes,
      onChange: () => this.#changed(),
    });
    const grace = pod.spec.terminationGracePeriodSeconds;
    const policy = pod.spec.restartPolicy;
    const make = (container: Container, restart: RestartPolicy) =>
      new ContainerRun(container, host, restart, deps.backoff, grace);
    // An init container that succeeded is never restarted; a sidecar always is.
    const initPolicy = policy === 'Never' ? 'Never' : 'OnFailure';
    this.#init = pod.spec.initContainers.map((each) => make(each, each.restartPolicy ?? initPolicy));
    this.#containers = pod.spec.containers.map((each) => make(each, policy));
  }

  /** The status that was reported last. */
  get status(): PodStatus {
    return this.#last;
  }

  start(): void {
    this.#life = this.#live().catch((error: unknown) => this.#failed(error));
  }

  /** All containers, or the named one. */
  containers(name?: string): readonly ContainerRun[] {
    return [...this.#init, ...this.#containers].filter((run) => name === undefined || run.container.name === name);
  }

  /** Stops the containers, then deletes the pod. A second call may shorten the grace period. */
  terminate(graceSeconds: number): Promise<void> {
    if (this.#termination && graceSeconds < this.#grace)
      setTimeout(() => this.containers().forEach((run) => run.signal('SIGKILL')), graceSeconds * 1000);
    this.#grace = Math.min(this.#grace, graceSeconds);
    this.#termination ??= this.#terminate(graceSeconds).catch((error: unknown) => {
      // The kubelet calls this again as long as the pod exists.
      this.#termination = undefined;
      this.#failed(error);
    });
    return this.#termination;
  }

  /** The node is gone: no status of this pod is written any more. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    this.#stopping = true;
    clearTimeout(this.#deadline);
    await Promise.allSettled(this.containers().map((run) => run.stop(0)));
    await this.#life;
  }

  async refreshVolumes(): Promise<void> {
    if (!this.#isReady || this.#stopping) return;
    await this.#volumes.write(this.#pod).catch((error: unknown) => {
      // What was written stays, as on a real node, until the source is complete again; the folder is removed with the pod.
      if (!this.#stopping && !(error instanceof ConfigError)) throw error;
    });
  }

  async #live(): Promise<void> {
    if (!this.#recover()) return;
    this.#armDeadline();
    if (!(await this.#prepare())) return;
    for (const run of this.#init) if (!(await this.#initialise(run))) return;
    this.#initialized = true;
    this.#changed();
    await Promise.all(this.#containers.map((run) => run.run()));
    await this.#stopSidecars(this.#pod.spec.terminationGracePeriodSeconds);
    clearTimeout(this.#deadline);
    this.#changed();
  }

  /** False when the pod may not be started a second time. */
  #recover(): boolean {
    const { status, spec } = this.#pod;
    if (this.#isOver) return false;
    const before = (run: ContainerRun) =>
      status.containerStatuses.find((each: ContainerStatus) => each.name === run.container.name);
    const ran = status.containerStatuses.some((each) => each.state.running ?? each.state.terminated);
    const final = spec.restartPolicy === 'Never' && ran;
    for (const run of this.#containers) run.recover(before(run), final);
    this.#initialized = final;
    if (final) this.#changed();
    return !final;
  }

  #armDeadline(): void {
    const seconds = this.#pod.spec.activeDeadlineSeconds;
    if (seconds === undefined) return;
    const { startTime } = this.#pod.status;
    const begun = startTime === undefined ? Date.now() : Date.parse(startTime);
    this.#deadline = setTimeout(
      () => {
        this.#failure = DEADLINE;
        this.#changed();
        void this.#stopAll(this.#pod.spec.terminationGracePeriodSeconds);
      },
      Math.max(0, begun + seconds * 1000 - Date.now()),
    );
  }

  async #prepare(): Promise<boolean> {
    const { bin, ports } = this.#folders;
    this.#changed();
    await writeShims(bin, ports, this.#deps.network, this.#deps.programs);
    await mkdir(this.#folders.home, { recursive: true });
    for (const run of this.containers())
      await mkdir(dirname(this.#folders.terminationLog(run.container)), { recursive: true });
    while (!this.#stopping) {
      try {
        await this.#volumes.write(this.#pod);
        this.#isReady = true;
        return !this.#stopping;
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    return false;
  }

  /** True when the next may begin: an init container after its success, a sidecar once it has started. */
  async #initialise(run: ContainerRun): Promise<boolean> {
    if (this.#stopping) return false;
    const ended = run.run();
    if (run.container.restartPolicy !== 'Always') {
      await ended;
      this.#changed();
      return run.exitCode === 0 && !this.#stopping;
    }
    void ended.catch((error: unknown) => this.#failed(error));
    while (!run.hasStarted && !this.#stopping) await new Promise((resolve) => setTimeout(resolve, 20));
    return !this.#stopping;
  }

  async #terminate(graceSeconds: number): Promise<void> {
    await this.#stopAll(graceSeconds);
    await this.#life;
    if (this.#abandoned) return;
    this.#changed();
    await this.#settled();
    await this.#deps.api.forget(this.key);
    // A refresh of the volumes may still be writing.
    await rm(join(this.#deps.root, this.key.uid), { recursive: true, force: true, maxRetries: 5 });
  }

  async #stopAll(graceSeconds: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#deadline);
    const deadline = Date.now() + graceSeconds * 1000;
    const plain = this.#init.filter((run) => run.container.restartPolicy !== 'Always');
    await Promise.allSettled([...plain, ...this.#containers].map((run) => run.stop(graceSeconds)));
    await this.#stopSidecars(Math.max(0, (deadline - Date.now()) / 1000));
  }

  async #stopSidecars(graceSeconds: number): Promise<void> {
    const sidecars = this.#init.filter((run) => run.container.restartPolicy === 'Always');
    for (const run of sidecars.toReversed()) await run.stop(graceSeconds);
  }

  /** Writes the status if it differs; changes in one turn make one write, and writes keep their order. */
  #changed(): void {
    if (this.#queued || this.#abandoned || this.#isOver) return;
    this.#queued = true;
    this.#writing = this.#writing.then(() => this.#writeStatus());
  }

  async #settled(): Promise<void> {
    let seen: Promise<void> | undefined;
    while (seen !== this.#writing) {
      seen = this.#writing;
      await seen;
    }
  }

  async #writeStatus(): Promise<void> {
    this.#queued = false;
    if (this.#abandoned) return;
    const status = podStatus({
      spec: this.#pod.spec,
      previous: this.#last,
      init: this.#init.map((run) => run.status()),
      containers: this.#containers.map((run) => run.status()),
      initialized: this.#initialized,
      ...(this.#failure ? { failure: this.#failure } : {}),
      now: Date.now(),
    });
    if (sameJson(status, this.#last)) return;
    const before = this.#last;
    this.#last = status;
    try {
      await this.#deps.api.writeStatus(this.key, status);
    } catch (error) {
      // A lost status would leave a dead pod ready: it is written again.
      this.#last = before;
      this.#failed(error);
      setTimeout(() => this.#changed(), RETRY_MS);
    }
  }

  /** The result of a call of a dead machine is ignored. */
  #failed(error: unknown): void {
    if (!this.#abandoned) this.#deps.onError(error);
  }
}
