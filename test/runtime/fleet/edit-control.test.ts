/** Edits of control.json by several at the same time. */
import assert from 'node:assert/strict';
import { parseControl, type Control } from '../../../runtime/core/model/control.ts';
import { editControl, type Edited } from '../../../runtime/fleet/edit-control.ts';
import { B, SimulatedFleet } from '../../support/simulated-fleet.ts';

const pause = (control: Control): Control => ({ ...control, paused: true });
const pin = (control: Control): Control => ({ ...control, pin: { cluster: B } });

describe('an edit of control.json', () => {
  let fleet: SimulatedFleet;
  beforeEach(() => void (fleet = new SimulatedFleet()));

  const edit = (change: (control: Control) => Control): Promise<Edited> =>
    fleet.during(editControl(fleet.operator(), change, 'asked'));
  const standing = (): Control => {
    const parsed = parseControl(fleet.file('control.json'));
    assert.ok(parsed.ok);
    return parsed.value;
  };
  /** Somebody else writes right before each of the next writes. */
  function ahead(times: number, text: (left: number) => string): void {
    let left = times;
    fleet.beforeCall = (_, call) => {
      if (!/^(replace|create) control\.json$/.test(call) || left === 0) return;
      left -= 1;
      fleet.edit({ 'control.json': text(left) });
    };
  }

  it('keeps a change that another person makes between its read and its write', async () => {
    fleet.edit({ 'control.json': '{"version":1,"note":"night shift"}' });
    ahead(1, () => '{"version":1,"note":"night shift","paused":true}');
    assert.deepEqual(await edit(pin), { kind: 'changed' });
    assert.deepEqual([standing().paused, standing().pin?.cluster, standing().note], [true, B, 'night shift']);
    assert.deepEqual(fleet.commits, ['asked']);
  });

  it('keeps a change of another person where there was no file yet', async () => {
    ahead(1, () => '{"version":1,"pin":{"cluster":"cluster-b"}}');
    assert.deepEqual(await edit(pause), { kind: 'changed' });
    assert.deepEqual([standing().paused, standing().pin?.cluster], [true, B]);
  });

  it('makes both of two changes that are asked for at the same time', async () => {
    fleet.edit({ 'control.json': '{"version":1}' });
    assert.deepEqual(await Promise.all([edit(pause), edit(pin)]), [{ kind: 'changed' }, { kind: 'changed' }]);
    assert.deepEqual([standing().paused, standing().pin?.cluster], [true, B]);
  });

  it('writes nothing when another person makes the same change before it', async () => {
    fleet.edit({ 'control.json': '{"version":1}' });
    ahead(1, () => '{"version":1,"paused":true}');
    assert.deepEqual(await edit(pause), { kind: 'changed' });
    assert.deepEqual(fleet.commits, []);
  });

  it('fails after three tries and names the last error', async () => {
    fleet.edit({ 'control.json': '{"version":1}' });
    ahead(3, (left) => `{"version":1,"note":"${left} to go"}`);
    assert.deepEqual(await edit(pause), {
      kind: 'failed',
      why: '3 tries failed, the last with: 400 {"message":"The file has changed since you started editing it: control.json"}',
    });
    assert.deepEqual([standing().paused, standing().note], [false, '0 to go']);
  });

  it('does not change a file that it cannot read', async () => {
    fleet.edit({ 'control.json': 'paused: yes' });
    assert.deepEqual(await edit(pause), { kind: 'failed', why: 'control.json is not JSON' });
    assert.equal(fleet.files.get('control.json'), 'paused: yes');
  });
});
