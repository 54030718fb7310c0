/** What status says that each checker does next. */
import assert from 'node:assert/strict';
import { nextMove } from '../../../../runtime/core/outlook/next-move.ts';
import { readFleet } from '../../../../runtime/fleet/read-fleet.ts';
import { A, B, MINUTE, settledFleet, type SimulatedFleet } from '../../../support/simulated-fleet.ts';

const next = async (fleet: SimulatedFleet, name: string) =>
  nextMove(await fleet.during(readFleet(fleet.operator())), name, fleet.config());

describe('the next move', () => {
  it('is what the checker then does, through a whole failover', async () => {
    const fleet = await settledFleet();
    fleet.kill(A);
    const seen = new Set<string>();
    for (let step = 0; step < 40 && fleet.newestTerm === 1; step += 1) {
      const { kind, reason } = await next(fleet, B);
      seen.add(`${kind}: ${reason.replace(/\d+/g, 'N')}`);
      await fleet.run(5);
    }
    assert.deepEqual(fleet.holders(), [B]);
    assert.deepEqual([...seen].slice(0, 2), [
      'reconcile: cluster-a N/N is healthy',
      'call: cluster-a has no valid lease (expired N s ago)',
    ]);
    const dead = await next(fleet, A);
    assert.equal(dead.kind, 'no-lease');
    assert.match(dead.reason, /^its checker has not renewed its lease for \d+ s$/);
  });

  it('names what a cluster with more runners waits for before it claims', async () => {
    const fleet = await settledFleet({ policy: { holdForSeconds: 3600 } });
    // Until the total of the holder has settled.
    await fleet.run(11 * MINUTE);
    fleet.keepOnline(A, 1);
    await fleet.run(MINUTE);
    assert.match(
      (await next(fleet, B)).reason,
      /^2 runners online here, more than the degraded cluster-a 1\/2, for \d+ s of 180 s$/,
    );
    await fleet.run(3 * MINUTE);
    assert.match((await next(fleet, B)).reason, /1\/2 for \d+ s, but the term is \d+ s old of 3600 s$/);
  });
});
