/** Edits of control.json by several at the same time. */
import assert from 'node:assert/strict';
import { parseControl, type Control } from '../../../runtime/core/model/control.ts';
import { editControl, type Edited } from '../../../runtime/fleet/edit-control.ts';
import { World } from '../../support/world.ts';

const pause = (control: Control): Control => ({ ...control, paused: true });
const pin = (control: Control): Control => ({ ...control, pin: { cluster: 'cluster-b' } });

describe('an edit of control.json', () => {
  let world: World;
  beforeEach(() => void (world = new World(['cluster-a', 'cluster-b'])));

  const edit = (change: (control: Control) => Control): Promise<Edited> =>
    editControl(world.checker('cluster-a'), change, 'asked');
  const standing = (): Control => {
    const parsed = parseControl(world.files.get('control.json') ?? '');
    assert.ok(parsed.ok);
    return parsed.value;
  };
  /** Somebody else writes right before each of the next writes. */
  function ahead(times: number, text: (left: number) => string): void {
    let left = times;
    world.beforeCall = (_, call) => {
      if (!/^(replace|create) control\.json$/.test(call) || left === 0) return;
      left -= 1;
      world.files.set('control.json', text(left));
    };
  }

  it('keeps what another asked for between its look and its write', async () => {
    world.files.set('control.json', '{"version":1,"note":"night shift"}');
    ahead(1, () => '{"version":1,"note":"night shift","paused":true}');
    assert.deepEqual(await edit(pin), { kind: 'changed' });
    assert.deepEqual([standing().paused, standing().pin?.cluster, standing().note], [true, 'cluster-b', 'night shift']);
    assert.deepEqual(world.commits, ['asked']);
  });

  it('keeps it where there was no file yet', async () => {
    ahead(1, () => '{"version":1,"pin":{"cluster":"cluster-b"}}');
    assert.deepEqual(await edit(pause), { kind: 'changed' });
    assert.deepEqual([standing().paused, standing().pin?.cluster], [true, 'cluster-b']);
  });

  it('leaves two who ask at once with what both asked for', async () => {
    world.files.set('control.json', '{"version":1}');
    assert.deepEqual(await Promise.all([edit(pause), edit(pin)]), [{ kind: 'changed' }, { kind: 'changed' }]);
    assert.deepEqual([standing().paused, standing().pin?.cluster], [true, 'cluster-b']);
  });

  it('writes nothing where another asked for the same meanwhile', async () => {
    world.files.set('control.json', '{"version":1}');
    ahead(1, () => '{"version":1,"paused":true}');
    assert.deepEqual(await edit(pause), { kind: 'changed' });
    assert.deepEqual(world.commits, []);
  });

  it('gives up after three tries and says with what', async () => {
    world.files.set('control.json', '{"version":1}');
    ahead(3, (left) => `{"version":1,"note":"${left} to go"}`);
    assert.deepEqual(await edit(pause), {
      kind: 'failed',
      why: '3 tries failed, the last with: the file has changed',
    });
    assert.deepEqual([standing().paused, standing().note], [false, '0 to go']);
  });

  it('does not touch what it cannot read', async () => {
    world.files.set('control.json', 'paused: yes');
    assert.deepEqual(await edit(pause), { kind: 'failed', why: 'control.json is not JSON' });
    assert.equal(world.files.get('control.json'), 'paused: yes');
  });
});
