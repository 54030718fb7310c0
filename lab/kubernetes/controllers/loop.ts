/** A control loop: it syncs after every change of an object of its kinds, and when it asked to be called again. */
import type { Kind } from '../kinds.ts';
import type { Store } from '../store.ts';

export interface Controller {
  stop(): void;
}

export interface ControlLoop extends Controller {
  /** Syncs soon, without a change of an object. */
  trigger(): void;
}

export interface LoopOptions {
  readonly store: Store;
  readonly kinds: readonly Kind[];
  /** Brings the objects to their wanted state. Returns after how many ms to sync again without a change, if at all. */
  readonly sync: () => number | undefined;
  /** One bad object does not end the loop: the error goes here, and the loop tries again. */
  readonly onError: (error: unknown) => void;
}

/** A wait longer than this overflows a timer (2^31 ms). */
const LONGEST_MS = 60 * 60 * 1000;

export function controlLoop({ store, kinds, sync, onError }: LoopOptions): ControlLoop {
  let stopped = false;
  let queued = false;
  let timer: NodeJS.Timeout | undefined;

  const run = (): void => {
    queued = false;
    if (stopped) return;
    clearTimeout(timer);
    try {
      const wait = sync();
      if (wait !== undefined) timer = setTimeout(run, Math.min(Math.max(wait, 1), LONGEST_MS));
    } catch (error) {
      onError(error);
      timer = setTimeout(run, 1000);
    }
  };
  const queue = (): void => {
    if (queued || stopped) return;
    queued = true;
    setImmediate(run);
  };

  const unsubscribe = store.subscribe((change) => {
    if (kinds.includes(change.kind)) queue();
  });
  queue();
  return {
    trigger: queue,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      unsubscribe();
    },
  };
}
