/** What the tests of commands share: how people steer a simulated fleet. */
import assert from 'node:assert/strict';
import { parseControl, type Control } from '../../runtime/core/model/control.ts';
import { parseTerm, type Term } from '../../runtime/core/model/term.ts';
import type { SimulatedFleet } from './simulated-fleet.ts';

export function controlOf(fleet: SimulatedFleet): Control {
  const parsed = parseControl(fleet.files.get('control.json') ?? '{"version":1}');
  assert.ok(parsed.ok);
  return parsed.value;
}

export function termOf(fleet: SimulatedFleet, number: number): Term {
  const parsed = parseTerm(number, fleet.file(`terms/${number}.json`));
  assert.ok(parsed.ok);
  return parsed.value;
}
