/** One container: its process, its restarts, its probes, its state. */
import { readFile, writeFile } from 'node:fs/promises';
import { timestamp } from '../objects.ts';
import type { Container, ContainerState, ContainerStatus, Probe, Terminated } from '../pods.ts';
import { ConfigError } from './env.ts';
import type { LogLine } from './logs.ts';
import { probeLoop, type ProbeLoop } from './probes.ts';
import type { Command, Exit, Process } from './processes.ts';

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

/** What a container's process starts with. All paths are paths of this machine. */
export interface Launch extends Omit<Command, 'onLine'> {
  readonly terminationLog: string;
}

export interface Backoff {
  /** The wait after the second exit in a row; it doubles with each further one. The first restart is immediate. */
  readonly firstMs: number;
  readonly maxMs: number;
}

export interface ContainerHost {
  /** Throws a ConfigError if something that the container refers to is missing. */
  launch(container: Container): Promise<Launch>;
  spawn(command: Command): Process;
  probe(container: Container, probe: Probe): Promise<boolean>;
  exec(container: Container, command: readonly string[], timeoutMs: number): Promise<boolean>;
  onLine(container: Container, line: Pick<LogLine, 'run' | 'stream' | 'line'>): void;
  onChange(): void;
}

/** A run of this length resets the count of quick exits. */
const HEALTHY_RUN_MS = 10 * 60 * 1000;
const RETRY_MS = 500;
const MESSAGE_BYTES = 4096;
const FALLBACK_LINES = 80;
const FALLBACK_BYTES = 2048;

export class ContainerRun {
  readonly container: Container;
  readonly #host: ContainerHost;
  readonly #policy: RestartPolicy;
  readonly #backoff: Backoff;
  readonly #graceSeconds: number;
  #state: ContainerState = { waiting: { reason: 'PodInitializing' } };
  #lastState: ContainerState = {};
  #restarts = 0;
  #nextRun = 0;
  #ready = false;
  #started = false;
  #stopping = false;
  #held = false;
  #wake: (() => void) | undefined;
  #process: Process | undefined;
  #probes: ProbeLoop[] = [];
  #finished: Promise<void> = Promise.resolve();

  constructor(
    container: Container,
    host: ContainerHost,
    policy: RestartPolicy,
    backoff: Backoff,
    graceSeconds: number,
  ) {
    this.container = container;
    this.#host = host;
    this.#policy = policy;
    this.#backoff = backoff;
    this.#graceSeconds = graceSeconds;
  }

  /** Continues after the machine of the earlier kubelet died: the run there counts as one exit. */
  recover(before: ContainerStatus | undefined, final: boolean): void {
    if (!before || (before.state.waiting && !before.lastState.terminated)) return;
    const lost = before.state.terminated ?? {
      exitCode: final ? 137 : 255,
      reason: final ? 'ContainerStatusUnknown' : 'Error',
      message: 'the container could not be located after its node came back',
    };
    if (final) this.#state = { terminated: lost };
    else {
      this.#lastState = { terminated: lost };
      this.#restarts = before.restartCount;
      this.#nextRun = before.restartCount + 1;
    }
  }

  status(): ContainerStatus {
    return {
      name: this.container.name,
      state: this.#state,
      lastState: this.#lastState,
      ready: this.#ready,
      started: this.#started,
      restartCount: this.#restarts,
      image: this.container.image,
      imageID: this.container.image,
    };
  }

  get hasStarted(): boolean {
    return this.#started;
  }

  /** The end of the present run. */
  get exited(): Promise<Exit> | undefined {
    return this.#process?.exited;
  }

  get exitCode(): number | undefined {
    return this.#state.terminated?.exitCode;
  }

  /** Runs and restarts the container; resolves when it has stopped for good. */
  run(): Promise<void> {
    this.#finished = this.#supervise();
    return this.#finished;
  }

  /** preStop, SIGTERM, then SIGKILL after the grace period. */
  async stop(graceSeconds: number): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    await this.#end(graceSeconds);
    await this.#finished;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.signalGroup(signal);
  }

  /** While held, the container is not restarted, as in an endless back-off. */
  hold(on: boolean): void {
    this.#held = on;
    if (!on) this.#wake?.();
  }

  async #supervise(): Promise<void> {
    let quickExits = 0;
    while (!this.#stopping) {
      const begun = Date.now();
      const exit = await this.#once();
      if (!exit || this.#stopping || this.#policy === 'Never' || (this.#policy === 'OnFailure' && exit.code === 0))
        return;
      quickExits = Date.now() - begun > HEALTHY_RUN_MS ? 1 : quickExits + 1;
      const delay = quickExits === 1 ? 0 : Math.min(this.#backoff.maxMs, this.#backoff.firstMs * 2 ** (quickExits - 2));
      if (delay > 0 || this.#held) {
        const message = `back-off restarting failed container ${this.container.name}`;
        this.#become({ waiting: { reason: 'CrashLoopBackOff', message } });
        await this.#pause(delay);
        while (this.#held && !this.#stopping) await this.#pause(undefined);
      }
    }
  }

  /** From start to exit; undefined if it was stopped before it started. */
  async #once(): Promise<Exit | undefined> {
    const launch = await this.#launch();
    if (!launch || this.#stopping) return undefined;
    const run = this.#nextRun++;
    const tail: string[] = [];
    const process = this.#host.spawn({
      ...launch,
      onLine: (line, stream) => {
        tail.push(line);
        if (tail.length > FALLBACK_LINES) tail.shift();
        this.#host.onLine(this.container, { run, stream, line });
      },
    });
    this.#process = process;
    this.#restarts = run;
    const startedAt = timestamp(Date.now());
    this.#become({ running: { startedAt } });
    this.#begin();
    const exit = await process.exited;
    this.#process = undefined;
    this.#endProbes();
    const message = exit.startError ?? (await this.#message(launch.terminationLog, exit, tail));
    const terminated: Terminated = {
      exitCode: exit.code,
      reason: exit.startError === undefined ? (exit.code === 0 ? 'Completed' : 'Error') : 'StartError',
      startedAt,
      finishedAt: timestamp(Date.now()),
      ...(message === '' ? {} : { message }),
    };
    this.#started = false;
    this.#ready = false;
    this.#become({ terminated });
    return exit;
  }

  async #launch(): Promise<Launch | undefined> {
    while (!this.#stopping) {
      try {
        const launch = await this.#host.launch(this.container);
        await writeFile(launch.terminationLog, '');
        return launch;
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        this.#become({ waiting: { reason: 'CreateContainerConfigError', message: error.message } });
        await this.#pause(RETRY_MS);
      }
    }
    return undefined;
  }

  #begin(): void {
    const { startupProbe } = this.container;
    if (!startupProbe) return this.#whenStarted();
    const loop = this.#probe(startupProbe, (healthy) => {
      if (!healthy) return this.#unhealthy(startupProbe, 'Startup');
      loop.stop();
      return this.#whenStarted();
    });
    return undefined;
  }

  #whenStarted(): void {
    const { livenessProbe, readinessProbe } = this.container;
    this.#started = true;
    this.#ready = !readinessProbe;
    if (livenessProbe) this.#probe(livenessProbe, (healthy) => healthy || this.#unhealthy(livenessProbe, 'Liveness'));
    if (readinessProbe)
      this.#probe(readinessProbe, (healthy) => {
        if (this.#ready === healthy) return;
        this.#ready = healthy;
        this.#host.onChange();
      });
    this.#host.onChange();
  }

  #probe(probe: Probe, onVerdict: (healthy: boolean) => void): ProbeLoop {
    const loop = probeLoop(probe, (each) => this.#host.probe(this.container, each), onVerdict);
    this.#probes.push(loop);
    return loop;
  }

  #unhealthy(probe: Probe, name: string): void {
    const line = `[kubelet] ${name} probe failed, the container will be restarted`;
    this.#host.onLine(this.container, { run: this.#restarts, stream: 'stderr', line });
    this.#endProbes();
    void this.#end(probe.terminationGracePeriodSeconds ?? this.#graceSeconds);
  }

  #endProbes(): void {
    for (const probe of this.#probes) probe.stop();
    this.#probes = [];
  }

  async #end(graceSeconds: number): Promise<void> {
    const process = this.#process;
    if (!process) return;
    const deadline = Date.now() + graceSeconds * 1000;
    const kill = setTimeout(() => process.signalGroup('SIGKILL'), graceSeconds * 1000);
    const { preStop } = this.container.lifecycle ?? {};
    const left = () => Math.max(0, deadline - Date.now());
    if (preStop?.exec && graceSeconds > 0) await this.#host.exec(this.container, preStop.exec.command, left());
    if (preStop?.sleep) await this.#pause(Math.min(preStop.sleep.seconds * 1000, left()));
    process.signal('SIGTERM');
    await process.exited;
    clearTimeout(kill);
  }

  async #message(file: string, exit: Exit, tail: readonly string[]): Promise<string> {
    const text = (await readFile(file, 'utf8').catch(() => '')).slice(0, MESSAGE_BYTES);
    if (text !== '' || exit.code === 0 || this.container.terminationMessagePolicy === 'File') return text;
    return tail.join('\n').slice(-FALLBACK_BYTES);
  }

  #become(state: ContainerState): void {
    if (this.#state.terminated) this.#lastState = this.#state;
    this.#state = state;
    this.#host.onChange();
  }

  /** Waits for this time, or until it is woken. */
  #pause(ms: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => this.#wake?.(), ms);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      if (this.#stopping && ms === undefined) this.#wake();
    });
  }
}
