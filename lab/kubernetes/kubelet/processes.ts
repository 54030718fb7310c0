/**
 * Child processes that end when this process ends. Each is the leader of a process group, so a kill also ends what it
 * started. A shell reads the groups from a pipe: when this process ends, even by SIGKILL, the pipe closes and the shell
 * kills them.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/**
 * Reads `add <pgid>`, `drop <pgid>` and `done`; at the end of the pipe it kills the groups and removes the folder of
 * the pods.
 */
const REAPER = `
trap '' INT TERM HUP QUIT
groups=
while read -r op group; do
  case $op in
    add) groups="$groups $group" ;;
    drop) rest=; for g in $groups; do [ "$g" = "$group" ] || rest="$rest $g"; done; groups=$rest ;;
    done) exit 0 ;;
  esac
done
for g in $groups; do kill -s KILL -- "-$g" 2>/dev/null; done
rm -rf -- "$1"
`;

/** How long to wait for the output of a dead process: a child outside its group may hold the pipe open. */
const OUTPUT_GRACE_MS = 500;

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void;
}

export interface Exit {
  readonly code: number;
  readonly signal?: NodeJS.Signals;
  /** Set when the process could not be started at all. */
  readonly startError?: string;
}

export interface Process {
  readonly exited: Promise<Exit>;
  /** Signals only the main process, as a container runtime signals pid 1. */
  signal(signal: NodeJS.Signals): void;
  /** Signals the process and all that it started. */
  signalGroup(signal: NodeJS.Signals): void;
}

export class Processes {
  readonly #reaper: ChildProcess;
  readonly #groups = new Set<number>();
  readonly #exits = new Set<Promise<Exit>>();

  constructor(root: string) {
    this.#reaper = spawn('/bin/sh', ['-c', REAPER, 'lab-reaper', root], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: '/usr/bin:/bin' },
    });
    this.#reaper.stdin?.on('error', () => undefined);
    this.#reaper.unref();
  }

  spawn(command: Command): Process {
    const child = spawn(command.file, command.args, {
      cwd: command.cwd,
      env: command.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const pid = child.pid;
    if (pid !== undefined) this.#add(pid);
    lines(child.stdout, (line) => command.onLine(line, 'stdout'));
    lines(child.stderr, (line) => command.onLine(line, 'stderr'));
    const exited = this.#exit(child, command.file);
    this.#exits.add(exited);
    void exited.then(() => this.#exits.delete(exited));
    return {
      exited,
      signal: (signal) => void child.kill(signal),
      signalGroup: (signal) => {
        if (pid !== undefined && this.#groups.has(pid)) signalGroup(pid, signal);
      },
    };
  }

  /** Kills all at once, as a power failure does. */
  killAll(): void {
    for (const pid of this.#groups) signalGroup(pid, 'SIGKILL');
  }

  /** Waits until the present processes have ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#exits);
  }

  /** Ends the reaper; the processes must be gone. */
  async close(): Promise<void> {
    const gone = this.#reaper.exitCode === null ? once(this.#reaper, 'exit') : undefined;
    this.#reaper.ref();
    this.#reaper.stdin?.end('done\n');
    await gone;
  }

  async #exit(child: ChildProcess, file: string): Promise<Exit> {
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const exit = await new Promise<Exit>((resolve) => {
      child.once('error', (error) => resolve({ code: 128, startError: `${file}: ${error.message}` }));
      child.once('exit', (code, signal) =>
        resolve(signal === null ? { code: code ?? 1 } : { code: 128 + signalNumber(signal), signal }),
      );
    });
    if (child.pid !== undefined) {
      signalGroup(child.pid, 'SIGKILL');
      this.#drop(child.pid);
    }
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, OUTPUT_GRACE_MS).unref())]);
    return exit;
  }

  #add(pid: number): void {
    this.#groups.add(pid);
    this.#reaper.stdin?.write(`add ${String(pid)}\n`);
  }

  #drop(pid: number): void {
    this.#groups.delete(pid);
    this.#reaper.stdin?.write(`drop ${String(pid)}\n`);
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // the group is gone already
  }
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};
const signalNumber = (signal: string): number => SIGNALS[signal] ?? 0;

function lines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream) createInterface({ input: stream, crlfDelay: Infinity }).on('line', onLine);
}
