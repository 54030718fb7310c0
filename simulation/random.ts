/** Randomness from a seed: the same seed and names give the same numbers, no matter what else is drawn. */
export interface Random {
  /** From 0 up to 1. */
  readonly next: () => number;
  /** A number from `low` up to `high`. */
  readonly between: (low: number, high: number) => number;
  /** A whole number from `low` to `high`, both included. */
  readonly whole: (low: number, high: number) => number;
  /** As likely between 1 and 2 as between 100 and 200: short and long times are equally frequent. */
  readonly spread: (low: number, high: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <T>(list: readonly T[]) => T;
  /** A separate source: drawing from it does not change the numbers of other sources. */
  readonly fork: (name: string) => Random;
}

/** Mixes a text into 32 bits (FNV-1a with a final avalanche). */
function mix(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  return hash >>> 0;
}

export function randomOf(seed: string): Random {
  let state = mix(seed);
  // mulberry32: 32 bits of state are enough for what an episode draws.
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const between = (low: number, high: number): number => low + next() * (high - low);
  return {
    next,
    between,
    whole: (low, high) => Math.floor(between(low, high + 1)),
    spread: (low, high) => Math.exp(between(Math.log(low), Math.log(high))),
    chance: (probability) => next() < probability,
    pick: <T>(list: readonly T[]): T => {
      const found = list[Math.floor(next() * list.length)];
      if (found === undefined) throw new Error('there is nothing to pick from');
      return found;
    },
    fork: (name) => randomOf(`${seed}/${name}`),
  };
}
