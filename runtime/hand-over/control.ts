/** Edits control.json: what people and stacks ask of the fleet. There is no other way that this repository writes it. */
import { controlOf } from '../checker/observe.ts';
import { CONTROL_PATH, fileText, type Control } from '../core/files.ts';
import type { FleetAccess } from './member.ts';

export type Edited =
  | { readonly kind: 'changed' }
  /** It said so already. */
  | { readonly kind: 'same' }
  | { readonly kind: 'failed'; readonly why: string };

const TRIES = 3;
const PAUSE_MS = 500;

/** Writes what `change` makes of the file. A write that another commit got ahead of is tried again on what it says then. */
export async function editControl(
  { project, clock }: Pick<FleetAccess, 'project' | 'clock'>,
  change: (control: Control) => Control,
  message: string,
): Promise<Edited> {
  let why = '';
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const file = await project.file(CONTROL_PATH);
    const control = controlOf(file);
    if (control.kind === 'unknown') return { kind: 'failed', why: control.why };
    if (control.kind === 'absent') return { kind: 'failed', why: `${CONTROL_PATH} is gone` };
    const changed = change(control.value);
    // At a second look the change is ours: an answer was lost, and the write was applied.
    if (fileText(changed) === fileText(control.value)) return { kind: attempt === 1 ? 'same' : 'changed' };
    const saved = await project.save(
      [{ path: CONTROL_PATH, text: fileText(changed), exists: file.kind === 'found' }],
      message,
    );
    if (saved.kind === 'created') return { kind: 'changed' };
    why = saved.kind === 'exists' ? 'it appeared meanwhile' : saved.why;
    await clock.sleep(PAUSE_MS);
  }
  return { kind: 'failed', why };
}
