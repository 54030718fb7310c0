/** A stack that is created again: removes its cluster from `destroyed` in control.json. What people wrote there stays. */
import { editControl, type Edited } from '../fleet/edit-control.ts';
import type { Member } from '../fleet/access.ts';

export type Rejoined =
  /** `back`: it had left and is in the fleet again. */
  { readonly kind: 'joined'; readonly back: boolean } | { readonly kind: 'refused'; readonly sentence: string };

export async function rejoin(member: Pick<Member, 'config' | 'project' | 'clock'>): Promise<Rejoined> {
  const { cluster } = member.config;
  const edited = await setDestroyed(member, false, `${cluster} is back: its stack is created again`);
  if (edited.kind !== 'failed') return { kind: 'joined', back: edited.kind === 'changed' };
  const sentence = `it is unknown whether ${cluster} may hold the main tags: ${edited.why}. Fix this and run the command again.`;
  return { kind: 'refused', sentence };
}

/** Adds this cluster to `destroyed` in control.json, or removes it. */
export function setDestroyed(
  member: Pick<Member, 'config' | 'project' | 'clock'>,
  isDestroyed: boolean,
  message: string,
): Promise<Edited> {
  const { cluster } = member.config;
  return editControl(
    member,
    (control) => {
      const others = control.destroyed.filter((name) => name !== cluster);
      return { ...control, destroyed: isDestroyed ? [...others, cluster].toSorted() : others };
    },
    message,
  );
}
