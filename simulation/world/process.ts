/**
 * A process on a machine: it can be killed between any two of its calls, or frozen for a while. Its clock has its own rate and
 * its own origin. After its death nothing that it awaits arrives.
 */
import type { Clock } from '../../runtime/ports.ts';
import type { VirtualTime } from '../virtual-time.ts';

export interface ClockFault {
  /** Seconds of its clock in a true second: 1 is a correct clock. */
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

  /** SIGSTOP, or a stalled node: nothing reaches it until then, and then everything does. */
  freeze(ms: number): void {
    this.frozenUntil = Math.max(this.frozenUntil, this.time.now + ms);
  }

  /** Its clock jumps forward. A monotonic clock never jumps back. */
  leap(ms: number): void {
    this.jumped += ms;
  }

  /** Delivers something to the process: now, when it continues, or never. */
  deliver(act: () => void): void {
    if (this.ended) return;
    if (this.frozenUntil > this.time.now) this.time.at(this.frozenUntil, () => this.deliver(act));
    else this.time.settle(act);
  }
}
