/** A cluster whose stack is created again. */
import assert from 'node:assert/strict';
import { rejoin } from '../../../runtime/operator/rejoin.ts';
import { controlOf } from '../../support/operators.ts';
import { A, B, SimulatedFleet } from '../../support/simulated-fleet.ts';

describe('rejoining the fleet', () => {
  it('removes what a destroy wrote into control.json, and keeps what people wrote', async () => {
    const fleet = new SimulatedFleet();
    fleet.control({ retired: [A], destroyed: [A, B], note: 'moving house' });
    assert.deepEqual(await fleet.during(rejoin(fleet.operator(A))), { kind: 'joined', back: true });
    assert.deepEqual(controlOf(fleet), {
      version: 1,
      paused: false,
      pin: null,
      retired: [A],
      destroyed: [B],
      note: 'moving house',
    });
    assert.deepEqual(fleet.commits, ['cluster-a is back: its stack is created again']);
  });

  it('writes nothing when the cluster has never left', async () => {
    const fleet = new SimulatedFleet();
    assert.deepEqual(await fleet.during(rejoin(fleet.operator(A))), { kind: 'joined', back: false });
    assert.deepEqual(fleet.commits, []);
  });

  it('is refused while GitLab is down', async () => {
    const fleet = new SimulatedFleet();
    fleet.outage();
    const joined = await fleet.during(rejoin(fleet.operator(A)));
    assert.equal(joined.kind, 'refused');
  });
});
