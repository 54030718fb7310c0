/** The port Clock over the process's monotonic clock, and the wall clock for what people and Prometheus read. */
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../../ports.ts';

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: async (ms) => {
    await wait(Math.max(0, ms));
  },
};

/** Milliseconds since 1970, for log lines and timestamps. Nothing is decided on it. */
export type WallClock = () => number;

export const wallClock: WallClock = () => Date.now();
