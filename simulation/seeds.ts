/** An episode can be run again from its name: `<seed>.<number>` and, for a shortened one, the faults that it kept. */
import { planOf, type Plan } from './plan.ts';

export const episodeSeed = (seed: string, index: number): string => `${seed}.${index}`;

/** How many clusters an episode has: each of the numbers in turn. */
export const clustersOf = (numbers: readonly number[], index: number): number => numbers[index % numbers.length] ?? 2;

/** The same plan with adopted runners. */
export const adoptedPlan = (plan: Plan): Plan => ({ ...plan, setup: { ...plan.setup, adopted: true } });

/** The plan of an episode, or only some of its faults if they are named. */
export function namedPlan(seed: string, clusters: number, kept: readonly number[] | undefined): Plan {
  const plan = planOf(seed, clusters);
  if (!kept) return plan;
  return { ...plan, faults: plan.faults.filter((_, index) => kept.includes(index)) };
}
