/** A change that people ask for, in control.json. The checkers do the rest. */
import * as z from 'zod';
import type { Control } from '../../core/model/control.ts';
import { editControl } from '../../fleet/edit-control.ts';
import type { FleetContext } from '../context.ts';
import { EXIT, notKnown, type ExitCode } from '../exit.ts';
import { present } from '../present/output.ts';

export const changeSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal('change'),
  changed: z.boolean().describe('False if control.json did not need a change; then nothing was written.'),
  done: z.string().describe('What was changed and what happens next, in a sentence.'),
});
type Change = z.infer<typeof changeSchema>;

/** Commits the change, and prints what was done or that no change was needed. */
export async function change(
  context: FleetContext,
  edit: (control: Control) => Control,
  message: string,
  [done, same]: readonly [string, string],
): Promise<ExitCode> {
  const why = context.given.texts.get('why');
  const edited = await editControl(context.access, edit, why === undefined ? message : `${message}: ${why}`);
  if (edited.kind === 'failed')
    throw notKnown(`control.json was probably not changed: ${edited.why}. See hadr status, and run the command again.`);
  const result: Change = {
    version: 1,
    kind: 'change',
    changed: edited.kind === 'changed',
    done: edited.kind === 'changed' ? done : `${same}; nothing was changed`,
  };
  present(context.terminal, context.format, result, { schema: changeSchema, text: (data) => data.done });
  return EXIT.ok;
}
