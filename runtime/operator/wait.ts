/** Reads the fleet again and again until a condition holds, for commands and for Pulumi. */
import type { FleetFacts } from '../core/model/facts.ts';
import { readFleet } from '../fleet/read-fleet.ts';
import type { FleetAccess } from '../fleet/access.ts';

export type Progress<T> =
  { readonly kind: 'done'; readonly value: T } | { readonly kind: 'waits'; readonly why: string };

export type Waited<T> =
  | { readonly kind: 'done'; readonly value: T; readonly seconds: number }
  /** `why` says what it was still waiting for. */
  | { readonly kind: 'late'; readonly why: string };

export interface Patience {
  readonly boundSeconds: number;
  /** From one read of the fleet to the next. */
  readonly everySeconds: number;
  /** Ends the wait early. */
  readonly interrupted?: AbortSignal;
}

/** The seconds are counted from the call, by this machine's own clock. Progress is reported once a round. */
export async function waitFor<T>(
  access: FleetAccess,
  { boundSeconds, everySeconds, interrupted }: Patience,
  judge: (facts: FleetFacts) => Progress<T>,
): Promise<Waited<T>> {
  const { clock, say, config } = access;
  const start = clock.now();
  let reported = 0;
  for (;;) {
    await clock.sleep(everySeconds * 1000);
    const seen = judge(await readFleet(access));
    const seconds = (clock.now() - start) / 1000;
    if (seen.kind === 'done') return { ...seen, seconds };
    if (seconds > boundSeconds || interrupted?.aborted) return { kind: 'late', why: seen.why };
    if (seconds - reported < config.timing.roundSeconds) continue;
    reported = seconds;
    say(`${Math.round(seconds)} s of at most ${Math.ceil(boundSeconds)} s: ${seen.why}`);
  }
}
