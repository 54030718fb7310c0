/** The counterpart of leaving, when a stack is made anew: takes back what a destroy wrote, and nothing that people wrote. */
import { markDestroyed } from './mark-destroyed.ts';
import type { Member } from '../fleet/access.ts';

export type Rejoined =
  /** `back`: it had left and is in the fleet again. */
  { readonly kind: 'joined'; readonly back: boolean } | { readonly kind: 'refused'; readonly sentence: string };

export async function rejoin(member: Pick<Member, 'config' | 'project' | 'clock'>): Promise<Rejoined> {
  const { cluster } = member.config;
  const taken = await markDestroyed(member, false, `${cluster} is back: its stack is made anew`);
  if (taken.kind !== 'failed') return { kind: 'joined', back: taken.kind === 'changed' };
  const sentence = `whether ${cluster} may hold the main tags is unknown: ${taken.why}. Mend that and run it again.`;
  return { kind: 'refused', sentence };
}
