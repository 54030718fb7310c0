/** The port Clock, and the wall clock for people and Prometheus. */
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../../ports.ts';

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: async (ms) => {
    await wait(Math.max(0, ms));
  },
};

/** Milliseconds since 1970, for log lines and metrics. No decision uses it. */
export type WallClock = () => number;

export const wallClock: WallClock = () => Date.now();
