/** GitLab answers the runners' calls with 429 and Retry-After 60: they wait inside the call and are heard only a minute later. */
import assert from 'node:assert/strict';
import { A, B, MINUTE, settledFleet } from '../../support/simulated-fleet.ts';

describe('a holder whose runners wait for Retry-After', () => {
  for (const isFull of [false, true])
    for (const seconds of [2, 20, 60, 90])
      it(`I5, C2: keeps the tags while its checker is away, after ${seconds} s of 429; the challenger is ${isFull ? 'full' : 'idle'}`, async () => {
        const fleet = await settledFleet();
        if (isFull) fleet.fill(B, 20 * MINUTE);
        fleet.stopChecker(A);
        await fleet.run(3 * MINUTE);
        fleet.outage({ kind: 'runner-limit' });
        await fleet.run(seconds);
        fleet.recover();
        await fleet.run(4 * MINUTE);
        assert.deepEqual([fleet.holders(), fleet.newestTerm], [[A], 1]);
      });
});
