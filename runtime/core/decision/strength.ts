/** How strong a cluster is, and in which order challengers take their turn. */

/** Online / Total; a cluster that is to have no runners has no strength. */
export const shareOf = (count: { readonly online: number; readonly total: number }): number =>
  count.total === 0 ? 0 : Math.min(1, count.online / count.total);

/** A quotient that should reach a threshold may miss it by a rounding error; this is far below one runner's share. */
export const atLeast = (value: number, threshold: number): boolean => value >= threshold - 1e-9;

export interface Challenger {
  readonly name: string;
  readonly preferred: boolean;
  readonly share: number;
}

/** Preferred first, then the stronger, then by name: every cluster ranks the same list in the same way. */
export function rankBefore(a: Challenger, b: Challenger): boolean {
  if (a.preferred !== b.preferred) return a.preferred;
  if (a.share !== b.share) return a.share > b.share;
  return a.name < b.name;
}
