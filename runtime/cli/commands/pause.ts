/** `hadr pause` and `hadr resume`. */
import { fleetToChange, type FleetContext } from '../context.ts';
import type { ExitCode } from '../exit.ts';
import { change } from './change.ts';

export async function pause(context: FleetContext): Promise<ExitCode> {
  await fleetToChange(context);
  return change(context, (control) => ({ ...control, paused: true }), 'Paused', [
    'paused: nothing moves until hadr resume',
    'the fleet was already paused',
  ]);
}

export async function resume(context: FleetContext): Promise<ExitCode> {
  await fleetToChange(context);
  return change(context, (control) => ({ ...control, paused: false }), 'Resumed', [
    'resumed: the main tags follow the stronger cluster again',
    'the fleet was not paused',
  ]);
}
