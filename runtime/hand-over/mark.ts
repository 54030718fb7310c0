/** The mark of a cluster whose stack is destroyed, in the control file. */
import { controlOf } from '../checker/observe.ts';
import { CONTROL_PATH, fileText, type Control } from '../core/files.ts';
import type { Member } from './member.ts';

export type Marked =
  | { readonly kind: 'changed' }
  /** It said so already. */
  | { readonly kind: 'same' }
  | { readonly kind: 'failed'; readonly why: string };

const TRIES = 3;
const PAUSE_MS = 500;

/** Sets the mark or takes it back. A write that another commit got ahead of is tried again on what the file says then. */
export async function markDestroyed(
  { config, project, clock }: Pick<Member, 'config' | 'project' | 'clock'>,
  destroyed: boolean,
  message: string,
): Promise<Marked> {
  let why = '';
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const file = await project.file(CONTROL_PATH);
    const control = controlOf(file);
    if (control.kind === 'unknown') return { kind: 'failed', why: control.why };
    if (control.kind === 'absent') return { kind: 'failed', why: `${CONTROL_PATH} is gone` };
    const marked = withMark(control.value, config.cluster, destroyed);
    if (fileText(marked) === fileText(control.value)) return { kind: 'same' };
    const saved = await project.save(CONTROL_PATH, fileText(marked), message, file.kind === 'found');
    if (saved.kind === 'created') return { kind: 'changed' };
    why = saved.kind === 'exists' ? 'it appeared meanwhile' : saved.why;
    await clock.sleep(PAUSE_MS);
  }
  return { kind: 'failed', why };
}

function withMark(control: Control, cluster: string, destroyed: boolean): Control {
  const others = control.destroyed.filter((name) => name !== cluster);
  return { ...control, destroyed: destroyed ? [...others, cluster].toSorted() : others };
}
