/** The sum of many episodes. */
import type { EpisodeResult } from './episode.ts';

export interface Summary {
  episodes: number;
  hours: number;
  rounds: number;
  faults: Record<string, number>;
  moves: Record<string, number>;
  /** By any rule: moves of the tag, those without cause, times with two holders and times without a living one, in seconds. */
  tagMoves: number;
  /** The names of the episodes with moves without cause, one for each. */
  falseMoves: string[];
  doubles: number[];
  without: number[];
  /** Undisturbed times without a living holder, in seconds, each with what is promised for it. */
  gaps: number[];
  promisedSeconds: number;
  violations: { readonly episode: string; readonly invariant: string; readonly text: string }[];
  /** Of every episode's trace, in order of their numbers. */
  hashes: [number, string][];
}

export const noSummary = (): Summary => ({
  episodes: 0,
  hours: 0,
  rounds: 0,
  faults: {},
  moves: {},
  tagMoves: 0,
  falseMoves: [],
  doubles: [],
  without: [],
  gaps: [],
  promisedSeconds: 0,
  violations: [],
  hashes: [],
});

export function add(summary: Summary, index: number, result: EpisodeResult): void {
  summary.episodes += 1;
  summary.hours += result.plan.seconds / 3600;
  summary.rounds += result.rounds;
  summary.tagMoves += result.outcome.moves;
  summary.falseMoves.push(...Array.from({ length: result.outcome.falseMoves }, () => result.plan.seed));
  summary.doubles.push(...result.outcome.doubles);
  summary.without.push(...result.outcome.without);
  summary.promisedSeconds = Math.max(summary.promisedSeconds, result.promisedSeconds);
  summary.gaps.push(...result.gaps);
  summary.hashes.push([index, result.hash]);
  for (const { name } of result.plan.faults) summary.faults[name] = (summary.faults[name] ?? 0) + 1;
  for (const { ground } of result.moves) summary.moves[ground] = (summary.moves[ground] ?? 0) + 1;
  for (const { invariant, text } of result.violations)
    summary.violations.push({ episode: result.plan.seed, invariant, text });
}

export function merge(into: Summary, other: Summary): void {
  into.episodes += other.episodes;
  into.hours += other.hours;
  into.rounds += other.rounds;
  into.tagMoves += other.tagMoves;
  into.falseMoves.push(...other.falseMoves);
  into.doubles.push(...other.doubles);
  into.without.push(...other.without);
  into.promisedSeconds = Math.max(into.promisedSeconds, other.promisedSeconds);
  into.gaps.push(...other.gaps);
  into.violations.push(...other.violations);
  into.hashes.push(...other.hashes);
  for (const [name, count] of Object.entries(other.faults)) into.faults[name] = (into.faults[name] ?? 0) + count;
  for (const [ground, count] of Object.entries(other.moves)) into.moves[ground] = (into.moves[ground] ?? 0) + count;
}

/** The value below which this share of a list lies. */
export function quantile(list: readonly number[], share: number): number {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

export const sum = (list: readonly number[]): number => list.reduce((total, number) => total + number, 0);
