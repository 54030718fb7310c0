/**
 * Virtual time: events in the order of their times, and in the order of creation for equal times. Nothing waits for a real clock,
 * so hours pass as fast as the work is done, and the same events come in the same order every time.
 */

/** A future event; it can be cancelled until it has happened. */
export interface Event {
  readonly at: number;
  readonly order: number;
  act: (() => void) | undefined;
}

const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Lets the code continue that awaits settled promises. One turn of Node's own loop drains all microtasks. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class VirtualTime {
  /** Milliseconds since the beginning. */
  now = 0;
  private readonly heap: Event[] = [];
  private made = 0;
  private settled = false;

  /** Calls `act` at `at`, or as soon as possible if that has passed. */
  at(at: number, act: () => void): Event {
    const event: Event = { at: Math.max(at, this.now), order: this.made++, act };
    this.push(event);
    return event;
  }

  after(ms: number, act: () => void): Event {
    return this.at(this.now + ms, act);
  }

  /** Runs code that may settle promises. The code that awaits them continues before the next event. */
  settle(act: () => void): void {
    this.settled = true;
    act();
  }

  /** Runs every event that is due until then. */
  async run(until: number): Promise<void> {
    if (this.settled) await this.drain();
    for (let event = this.heap[0]; event && event.at <= until; event = this.heap[0]) {
      this.pop();
      if (!event.act) continue;
      this.now = event.at;
      const { act } = event;
      event.act = undefined;
      act();
      if (this.settled) await this.drain();
    }
    this.now = until;
  }

  private async drain(): Promise<void> {
    this.settled = false;
    await turn();
  }

  private push(event: Event): void {
    const { heap } = this;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const up = (index - 1) >> 1;
      const parent = heap[up];
      if (!parent || isBefore(parent, event)) break;
      heap[index] = parent;
      index = up;
    }
    heap[index] = event;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      if (!left) break;
      const isRight = right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (isBefore(last, child)) break;
      heap[index] = child;
      index = isRight ? 2 * index + 2 : 2 * index + 1;
    }
    heap[index] = last;
  }
}
