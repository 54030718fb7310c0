/**
 * A process on some machine: it can be killed between any two of its calls, be frozen for a while, and its clock runs at a
 * rate of its own from an origin of its own. What it awaits after its death never comes.
 */
import type { Clock } from '../../runtime/ports.ts';
import type { VirtualTime } from '../virtual-time.ts';

export interface ClockFault {
  /** Its seconds to a true second: 1 is a good clock. */
  readonly rate: number;
  /** What it shows at the process's start, in ms. */
  readonly origin: number;
}

export const GOOD_CLOCK: ClockFault = { rate: 1, origin: 0 };

export class Process {
  readonly id: number;
  readonly cluster: string;
  readonly role: string;
  readonly clock: Clock;
  private readonly time: VirtualTime;
  private readonly born: number;
  private frozenUntil = 0;
  private jumped = 0;
  private ended = false;
  private readonly rate: number;

  constructor(time: VirtualTime, id: number, cluster: string, role: string, clock: ClockFault = GOOD_CLOCK) {
    this.time = time;
    this.id = id;
    this.cluster = cluster;
    this.role = role;
    this.born = time.now;
    this.rate = clock.rate;
    this.clock = {
      now: () => clock.origin + (time.now - this.born) * clock.rate + this.jumped,
      sleep: (ms) =>
        new Promise((resolve) => {
          time.after(Math.max(0, ms) / clock.rate, () => this.deliver(resolve));
        }),
    };
  }

  get name(): string {
    return `${this.cluster} ${this.role} ${this.id}`;
  }

  get alive(): boolean {
    return !this.ended;
  }

  /** True time that its clock takes for this many of its own milliseconds. */
  trueMs(ms: number): number {
    return ms / this.rate;
  }

  kill(): void {
    this.ended = true;
  }

  /** SIGSTOP, a stalled node: nothing reaches it until then; then everything does. */
  freeze(ms: number): void {
    this.frozenUntil = Math.max(this.frozenUntil, this.time.now + ms);
  }

  /** Its clock leaps forward. A monotonic clock never leaps back. */
  leap(ms: number): void {
    this.jumped += ms;
  }

  /** Hands something to the process: now, once it is thawed, or never. */
  deliver(act: () => void): void {
    if (this.ended) return;
    if (this.frozenUntil > this.time.now) this.time.at(this.frozenUntil, () => this.deliver(act));
    else this.time.settle(act);
  }
}
