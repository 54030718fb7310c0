/** Probes: when and how often they run, and how many results in a row make a verdict. */
import * as http from 'node:http';
import type { Probe } from '../pods.ts';

export type ProbeRun = (probe: Probe) => Promise<boolean>;

export interface ProbeLoop {
  stop(): void;
}

/**
 * Asks from the initial delay on, every period, one at a time; `onVerdict` hears true after successThreshold successes
 * in a row and false after failureThreshold failures in a row, and each repetition after that.
 */
export function probeLoop(probe: Probe, run: ProbeRun, onVerdict: (healthy: boolean) => void): ProbeLoop {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let streak = { healthy: true, length: 0 };

  const ask = async (): Promise<void> => {
    const begun = Date.now();
    const healthy = await run(probe).catch(() => false);
    if (stopped) return;
    streak = { healthy, length: streak.healthy === healthy ? streak.length + 1 : 1 };
    timer = setTimeout(next, Math.max(0, begun + probe.periodSeconds * 1000 - Date.now()));
    if (streak.length >= (healthy ? probe.successThreshold : probe.failureThreshold)) onVerdict(healthy);
  };
  const next = (): void => void ask();
  timer = setTimeout(next, probe.initialDelaySeconds * 1000);
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

export interface HttpTarget {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Healthy: a complete answer in time with a status from 200 to 399. */
export function httpProbe({ port, path, headers, timeoutMs }: HttpTarget): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({
      host: '127.0.0.1',
      port,
      path,
      headers: { 'user-agent': 'kube-probe/1.36', ...headers },
      agent: false,
    });
    const limit = setTimeout(() => request.destroy(), timeoutMs);
    request.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve((response.statusCode ?? 0) >= 200 && (response.statusCode ?? 0) < 400));
    });
    request.on('error', () => resolve(false));
    request.on('close', () => {
      clearTimeout(limit);
      resolve(false);
    });
  });
}
