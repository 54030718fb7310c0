/** Finds the shortest plan that still fails: removes faults as long as the same invariant is violated. */
import { runEpisode, type EpisodeResult } from './episode.ts';
import type { Plan, PlannedFault } from './plan.ts';

const MOST_TRIES = 120;

export async function shrink(
  failed: EpisodeResult,
): Promise<{ readonly result: EpisodeResult; readonly kept: readonly number[] }> {
  const [first] = failed.violations;
  if (!first) throw new Error('there is nothing to shrink: the episode has no violation');
  let tries = 0;
  let best = failed;
  let kept = failed.plan.faults.map((_, index) => index);
  const breaks = async (faults: readonly PlannedFault[]): Promise<EpisodeResult | undefined> => {
    tries += 1;
    const plan: Plan = { ...failed.plan, faults };
    const result = await runEpisode(plan, { stopEarly: true });
    return result.violations.some(({ invariant }) => invariant === first.invariant) ? result : undefined;
  };
  for (let progress = true; progress && tries < MOST_TRIES;) {
    progress = false;
    for (const index of kept) {
      const left = kept.filter((other) => other !== index);
      const result = await breaks(failed.plan.faults.filter((_, place) => left.includes(place)));
      if (!result) continue;
      best = result;
      kept = left;
      progress = true;
    }
  }
  return { result: best, kept };
}
