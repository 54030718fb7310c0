/** The port RunnerMetrics over HTTP, inside the pod. */
import * as http from 'node:http';
import type { MetricsRead } from '../core/evidence/sample.ts';
import { codeOf, reasonOf } from '../adapters/process/files.ts';
import { parseMetrics } from './parse-runner-metrics.ts';
import type { Clock } from '../ports.ts';
import type { RunnerMetrics } from './ports.ts';

/** A runner's metrics are about 50 kB; this bounds what another program on that port may send. */
const MAX_BYTES = 8 * 1024 * 1024;

class TimedOut extends Error {}

export const runnerMetricsAt = (url: URL, timeoutMs: number, clock: Pick<Clock, 'now'>): RunnerMetrics => ({
  read: async (): Promise<MetricsRead> => {
    const began = clock.now();
    try {
      const { status, text } = await get(url, timeoutMs);
      if (status !== 200) return { kind: 'unknown', why: `${url.href} answers ${status}` };
      const parsed = parseMetrics(text);
      return parsed.ok
        ? { kind: 'sample', sample: parsed.value }
        : { kind: 'unknown', why: `${url.href}: ${parsed.why}` };
    } catch (error) {
      if (error instanceof TimedOut) {
        const took = clock.now() - began;
        // Its own timer was late, so the answer may have been here in time.
        if (took > 1.5 * timeoutMs)
          return { kind: 'unknown', why: `the sidecar itself was delayed by ${took - timeoutMs} ms` };
        return { kind: 'timeout', why: `${url.href} does not answer within ${timeoutMs / 1000} s` };
      }
      if (isRefusal(error)) return { kind: 'closed', why: `nothing listens at ${url.host}` };
      return { kind: 'unknown', why: `${url.href}: ${reasonOf(error)}` };
    }
  },
});

/** With several addresses for a name (`localhost`), Node reports one failure for each. */
function isRefusal(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isRefusal);
  return codeOf(error) === 'ECONNREFUSED';
}

function get(url: URL, timeoutMs: number): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    // A new connection for each read: a connection that was kept alive would not show that the port is closed.
    const request = http.get(url, { agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BYTES) giveUp(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    // Rejected first: what Node reports for a destroyed request depends on how far the answer had come.
    const giveUp = (error: Error) => {
      reject(error);
      request.destroy();
    };
    const limit = setTimeout(() => giveUp(new TimedOut()), timeoutMs);
    request.on('error', reject);
    request.on('close', () => clearTimeout(limit));
  });
}
