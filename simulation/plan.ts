/** The plan of an episode: drawn only from its seed, and plain data, so that it can be printed, shortened and replayed. */
import type { Policy } from '../runtime/config.ts';
import { drawFault, drawLaterFault, drawNewestFault } from './faults/draw.ts';
import { faultType, type FaultName } from './faults/faults.ts';
import { randomOf, type Random } from './random.ts';
import type { Setup } from './world/fleet.ts';

export interface PlannedFault {
  readonly name: FaultName;
  /** When it begins, in seconds of the episode. */
  readonly at: number;
  readonly seconds: number;
  /** Which cluster it affects: by its index, or the holder at that time. A fault of GitLab ignores it. */
  readonly cluster: number | 'holder';
  /** From 0 up to 1: how bad it is. */
  readonly amount: number;
}

export interface Plan {
  readonly seed: string;
  readonly setup: Setup;
  readonly faults: readonly PlannedFault[];
  /** Of the whole episode. */
  readonly seconds: number;
}

/** Faults begin before this. After the last one there is time for everything to recover. */
const HURT_SECONDS = 1450;
const HEAL_SECONDS = 420;
const LEAST_SECONDS = 1800;

export function planOf(seed: string, clusters: number): Plan {
  const random = randomOf(`plan ${seed}`);
  const setup = setupOf(random, clusters);
  const first = Array.from({ length: random.whole(2, 8) }, () => faultOf(drawFault(random), random, clusters));
  const other = random.fork('later faults');
  const later = Array.from({ length: other.whole(0, 2) }, () => faultOf(drawLaterFault(other), other, clusters));
  // With this name of the source the recorded guard episodes (guards/seeds.json) keep their faults.
  const rare = random.fork('newest faults 939');
  const newest = rare.chance(0.15) ? [faultOf(drawNewestFault(rare), rare, clusters)] : [];
  const faults = [...first, ...later, ...newest].toSorted((a, b) => a.at - b.at);
  const last = Math.max(
    ...faults.map((fault) => fault.at + Math.min(fault.seconds, fault.at + fault.seconds > 5000 ? 1e9 : LEAST_SECONDS)),
  );
  return { seed, setup, faults, seconds: Math.round(Math.max(LEAST_SECONDS, last + HEAL_SECONDS)) };
}

function setupOf(random: Random, clusters: number): Setup {
  const policy: Partial<Policy> = {
    minOnline: random.chance(0.8) ? 1 : 2,
    confirm: random.pick([1, 2, 2, 2, 3]),
    holdForSeconds: random.pick([0, 120, 600]),
    failback: random.chance(0.6) ? 'manual' : 'automatic',
    failbackAfterSeconds: random.pick([60, 300]),
    busyMaxSeconds: random.pick([600, 3600]),
  };
  const other = random.fork('later setup');
  return {
    clusters: Array.from({ length: clusters }, () => {
      const pods = random.whole(policy.minOnline ?? 1, 4);
      return {
        pods,
        capacity: random.whole(1, 3),
        ...(other.chance(0.2) && { second: other.whole(1, 2) }),
        ...(other.chance(0.2) && { minOnline: other.whole(1, Math.min(3, pods)) }),
      };
    }),
    preferred: random.chance(0.7) ? random.whole(0, clusters - 1) : undefined,
    policy: { ...policy, ...strengthOf(random.fork('strength')) },
  };
}

const strengthOf = (random: Random): Partial<Policy> => ({
  minAdvantage: random.chance(0.8) ? 1 : 2,
  confirmSeconds: random.pick([0, 30, 180]),
  settleSeconds: random.pick([0, 120, 600]),
});

function faultOf(name: FaultName, random: Random, clusters: number): PlannedFault {
  const [least, most] = faultType(name).seconds;
  return {
    name,
    at: Math.round(random.between(20, HURT_SECONDS)),
    seconds: Math.round(random.spread(least, most)),
    cluster: random.chance(0.4) ? 'holder' : random.whole(0, clusters - 1),
    amount: Math.round(random.next() * 100) / 100,
  };
}
