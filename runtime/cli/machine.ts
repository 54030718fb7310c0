/** What a command needs of the machine on which a person runs it. */
import { execFile } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../ports.ts';
import { systemClock, type WallClock } from '../adapters/process/clock.ts';
import type { Surroundings } from './config.ts';
import type { Terminal } from './terminal.ts';

export interface Executed {
  /** Undefined where the program could not be started. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs another program of the person's, such as kubectl, with the person's environment and folder. */
export type Execute = (file: string, args: readonly string[]) => Promise<Executed>;

export interface Machine extends Surroundings {
  readonly terminal: Terminal;
  /** Its sleep ends with Ctrl-C. */
  readonly clock: Clock;
  readonly wallClock: WallClock;
  readonly execute: Execute;
  /** Ctrl-C. */
  readonly interrupted: AbortSignal;
}

/** A clock whose sleeps end, and leave no timer behind, when the person presses Ctrl-C. */
export const interruptibleClock = (interrupted: AbortSignal): Clock => ({
  now: () => systemClock.now(),
  sleep: async (ms) => {
    await wait(Math.max(0, ms), undefined, { signal: interrupted }).catch((error: unknown) => {
      if (!interrupted.aborted) throw error;
    });
  },
});

/** Limit for each program: hadr doctor must end. */
const LIMIT_MS = 15_000;
const MOST_BYTES = 16 * 1024 * 1024;

export const executeIn =
  ({ env, cwd }: Surroundings): Execute =>
  (file, args) =>
    new Promise((resolve) => {
      execFile(file, [...args], { env, cwd, timeout: LIMIT_MS, maxBuffer: MOST_BYTES }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined;
        resolve({ code, stdout, stderr });
      });
    });
