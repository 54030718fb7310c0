/** What a step of the demo works with: the fleet, the guaranteed bounds, and a wait for conditions. */
import { leaseFrom } from '../../runtime/core/model/lease.ts';
import { notHeard } from '../../runtime/core/decision/rivals.ts';
import { bounds, longestGapSeconds, type Timing } from '../../runtime/timing.ts';
import type { GitLabEvent } from '../gitlab/model/gitlab.ts';
import type { Runner } from '../gitlab/model/runners.ts';
import type { Fleet } from './fleet.ts';
import { LAB_POLICY } from './times.ts';

const POLL_MS = 25;
const PROGRESS_MS = 2000;

export interface DemoContext {
  readonly fleet: Fleet;
  readonly timing: Timing;
  /** The guaranteed bounds, computed as the stack computes them for its outputs. */
  readonly deadSeconds: number;
  readonly unhealthySeconds: number;
  readonly gapSeconds: number;
  /** Waits until the condition holds; false when `withinSeconds` have passed first. */
  until(what: string, withinSeconds: number, condition: () => boolean): Promise<boolean>;
}

export function demoContext(fleet: Fleet, timing: Timing, progress: (line: string) => void): DemoContext {
  const { deadSeconds, unhealthySeconds } = bounds(timing, LAB_POLICY.confirm);
  return {
    fleet,
    timing,
    deadSeconds,
    unhealthySeconds,
    gapSeconds: longestGapSeconds(timing),
    async until(what, withinSeconds, condition) {
      const start = performance.now();
      let reported = start;
      while (!condition()) {
        const now = performance.now();
        if (now - start > withinSeconds * 1000) return false;
        if (now - reported > PROGRESS_MS) {
          reported = now;
          progress(
            `  … waiting ${what}: ${((now - start) / 1000).toFixed(0)} s of at most ${withinSeconds.toFixed(0)} s`,
          );
        }
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      return true;
    },
  };
}

/** Counts matching events from now on, until `stop`. */
export function counter(
  fleet: Fleet,
  matches: (event: GitLabEvent) => boolean,
): { count: () => number; stop: () => void } {
  let seen = 0;
  const stop = fleet.onEvent((event) => {
    if (matches(event)) seen += 1;
  });
  return { count: () => seen, stop };
}

/** Whether a cluster's own lease shows that it was in touch with GitLab, and its runners were heard, for long enough to claim. */
export function mayClaim(record: Runner | undefined, name: string, timing: Timing): boolean {
  const read = leaseFrom(record?.note ?? null, name, Math.floor(Date.now() / 1000));
  return read.kind === 'lease' && notHeard(read.lease, timing) === undefined;
}

/** A successful write of a cluster's checker to a record: it renews its own lease, or calls the roll or edits tags of another's. */
export const writesOf =
  (by: string, record: number) =>
  (event: GitLabEvent): boolean =>
    event.kind === 'request' &&
    event.method === 'PUT' &&
    event.path === `/runners/${record}` &&
    event.status === 200 &&
    event.token.includes(by);
