/**
 * Edits control.json: what people and stacks ask of the fleet. Only this function writes the file.
 *
 * A write depends on the commit that was read, so that of two changes at the same time neither is lost. GitLab checks the
 * commit before its repository's own write begins (gitlab-facts D3): two writes within that moment both pass, and the later
 * one wins.
 */
import { CONTROL_PATH, type Control } from '../core/model/control.ts';
import { fileText } from '../core/model/stored-file.ts';
import type { FleetAccess } from './access.ts';
import { controlOf } from './read-members.ts';

export type Edited =
  | { readonly kind: 'changed' }
  /** Nothing to change. */
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
    const file = await project.version(CONTROL_PATH);
    const control = controlOf(file.kind === 'found' ? { ...file, value: file.value.text } : file);
    if (control.kind === 'unknown') return { kind: 'failed', why: control.why };
    if (control.kind === 'absent') return { kind: 'failed', why: `${CONTROL_PATH} does not exist` };
    const text = fileText(change(control.value));
    // On a later try this means: the write was applied, and its answer was lost.
    if (text === fileText(control.value)) return { kind: attempt === 1 ? 'same' : 'changed' };
    const saved =
      file.kind === 'found'
        ? await project.replace(CONTROL_PATH, file.value.commit, text, message)
        : await project.create(CONTROL_PATH, text, message);
    if (saved.kind === 'created') return { kind: 'changed' };
    why = saved.kind === 'exists' ? 'another commit created it at the same time' : saved.why;
    await clock.sleep(PAUSE_MS);
  }
  return { kind: 'failed', why: `${TRIES} tries failed, the last with: ${why}` };
}
