/** An unforeseen error costs the part of a round in which it happens, and never the run. */
import assert from 'node:assert/strict';
import { run } from '../../../runtime/checker/run.ts';
import { PAGE_PATH } from '../../../runtime/core/page/page.ts';
import { A, B, MINUTE, settledFleet } from '../../support/simulated-fleet.ts';

const fail = (): never => {
  throw new TypeError('unforeseen by the test');
};

describe('an unforeseen error', () => {
  it('in the webhook costs the notification, and the main tags have moved', async () => {
    const fleet = await settledFleet();
    fleet.webhook = fail;
    fleet.kill(A);
    assert.ok(await fleet.run(5 * MINUTE, () => fleet.holders().join() === B));
    assert.equal((await fleet.round(B)).kind, 'finished');
  });

  it('in the page costs the page, and every round is finished', async () => {
    const fleet = await settledFleet();
    fleet.stopChecker(A);
    fleet.beforeCall = (_, call) => void (call.includes(PAGE_PATH) && fail());
    fleet.keepOnline(B, 1);
    await fleet.run(30);
    assert.equal((await fleet.round(A)).kind, 'finished');
    assert.match(fleet.record(A).note ?? '', /2\/2 online/);
  });

  it('in a round costs this round, and the run goes on with the next', async () => {
    const fleet = await settledFleet();
    fleet.stopChecker(A);
    let calls = 0;
    fleet.beforeCall = (cluster, call) => void (cluster === A && call === 'pods' && (calls += 1) === 2 && fail());
    const result = await fleet.during(run(fleet.checker(A)));
    assert.deepEqual([result.finished > 1, result.unfinished], [true, 1]);
    assert.match(result.why ?? '', /unforeseen by the test/);
  });
});
