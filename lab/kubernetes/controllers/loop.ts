/** A control loop: it looks again after every change of the kinds it cares for, and when it asked to be woken. */
import type { Kind } from '../kinds.ts';
import type { Store } from '../store.ts';

export interface Controller {
  stop(): void;
}

export interface ControlLoop extends Controller {
  /** Look again, for a reason that is no change of an object. */
  look(): void;
}

export interface LoopOptions {
  readonly store: Store;
  readonly kinds: readonly Kind[];
  /** Makes the objects what they should be; the result is the ms after which to look again without a change. */
  readonly sync: () => number | undefined;
  /** A loop never dies of one bad object: the error goes here, and the next change tries again. */
  readonly onError: (error: unknown) => void;
}

/** A wait longer than this overflows a timer (2^31 ms). */
const LONGEST_MS = 60 * 60 * 1000;

export function controlLoop({ store, kinds, sync, onError }: LoopOptions): ControlLoop {
  let stopped = false;
  let queued = false;
  let timer: NodeJS.Timeout | undefined;

  const look = (): void => {
    queued = false;
    if (stopped) return;
    clearTimeout(timer);
    try {
      const wait = sync();
      if (wait !== undefined) timer = setTimeout(look, Math.min(Math.max(wait, 1), LONGEST_MS));
    } catch (error) {
      onError(error);
      timer = setTimeout(look, 1000);
    }
  };
  const queue = (): void => {
    if (queued || stopped) return;
    queued = true;
    setImmediate(look);
  };

  const unsubscribe = store.subscribe((change) => {
    if (kinds.includes(change.kind)) queue();
  });
  queue();
  return {
    look: queue,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      unsubscribe();
    },
  };
}
