/**
 * How strong a cluster is: by the number of its runners that can take jobs now. A cluster is degraded when it has fewer than
 * its settled total, which is the least number of runners that was wanted at any time recently. So wanting more runners (an
 * HPA, `pulumi up`) is no weakness, and neither is wanting fewer.
 *
 *   wanted   4 4 8 8 8 … 8 8       settled total: 4 until 8 have been wanted for `settleSeconds`, then 8
 *   wanted   8 8 4 4 4             settled total: 4 at once
 */
import type { GitLabSeconds } from '../model/time.ts';
import type { Lease, Wanted } from '../model/lease.ts';

/** The line in the note has room for this many steps; with more, the lowest number counts for longer. */
const MAX_STEPS = 4;

/** What one round has counted. */
interface RoundCount {
  readonly online: number;
  readonly total: number;
  /** GitLab's time from before the count. */
  readonly at: GitLabSeconds;
}

/**
 * The recently wanted numbers, after a count. `previous` is undefined if the lease was not renewed in time: then the numbers in
 * between are not known, and the settled total is unknown until `settleSeconds` have passed.
 */
export function nextWanted(
  previous: Wanted | undefined,
  { online, total, at }: RoundCount,
  settleSeconds: number,
): Wanted {
  const since = previous?.since ?? at;
  const earlier = (previous?.least ?? []).filter((step) => step.count < total && step.at >= at - settleSeconds);
  const least = shortened([...earlier, { count: total, at }]);
  const lowest = least[0]?.count ?? total;
  return {
    settled: at - since >= settleSeconds ? lowest : undefined,
    least,
    since,
    wholeSince: online >= lowest ? (previous?.wholeSince ?? 0) || at : 0,
  };
}

function shortened(steps: Wanted['least']): Wanted['least'] {
  const [first, second, ...rest] = steps;
  if (!first || !second || steps.length <= MAX_STEPS) return steps;
  return shortened([{ count: first.count, at: second.at }, ...rest]);
}

/** Fewer runners online than the settled total; never where that is unknown. */
export const isDegraded = ({ online, wanted }: Pick<Lease, 'online' | 'wanted'>): boolean =>
  wanted?.settled !== undefined && online < wanted.settled;

export interface Challenger {
  readonly name: string;
  readonly preferred: boolean;
  readonly online: number;
}

/** Preferred first, then the one with more runners online, then by name: every cluster ranks the same list in the same way. */
export function rankBefore(a: Challenger, b: Challenger): boolean {
  if (a.preferred !== b.preferred) return a.preferred;
  if (a.online !== b.online) return a.online > b.online;
  return a.name < b.name;
}
