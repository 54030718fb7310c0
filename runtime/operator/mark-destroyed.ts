/** The mark of a cluster whose stack is destroyed, in the control file. */
import type { Control } from '../core/model/control.ts';
import { editControl, type Edited } from '../fleet/edit-control.ts';
import type { Member } from '../fleet/access.ts';

/** Sets the mark or takes it back. */
export const markDestroyed = (
  member: Pick<Member, 'config' | 'project' | 'clock'>,
  destroyed: boolean,
  message: string,
): Promise<Edited> => editControl(member, (control) => withMark(control, member.config.cluster, destroyed), message);

function withMark(control: Control, cluster: string, destroyed: boolean): Control {
  const others = control.destroyed.filter((name) => name !== cluster);
  return { ...control, destroyed: destroyed ? [...others, cluster].toSorted() : others };
}
