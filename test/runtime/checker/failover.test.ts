/** How a fleet of production checkers moves the main tags, and when it leaves them where they are. */
import assert from 'node:assert/strict';
import { bounds, DEFAULT_TIMING } from '../../../runtime/timing.ts';
import { termOf } from '../../support/operators.ts';
import { A, B, C, HOUR, MINUTE, settledFleet, SimulatedFleet } from '../../support/simulated-fleet.ts';

const BOUNDS = bounds(DEFAULT_TIMING, 2);

describe('the first claim of a fleet', () => {
  it('gives the main tag to the preferred cluster once it has been in touch for one lease', async () => {
    const fleet = new SimulatedFleet();
    const began = fleet.ms;
    assert.ok(await fleet.run(5 * MINUTE, () => fleet.holders().length > 0));
    assert.ok(fleet.ms - began >= DEFAULT_TIMING.leaseSeconds * 1000);
    assert.deepEqual(fleet.holders(), [A]);
    assert.equal(fleet.newestTerm, 1);
    assert.deepEqual(fleet.record(A).tags.toSorted(), ['rnd-runner', 'runner-a']);
  });

  it('waits for a preferred cluster that starts a little later', async () => {
    const fleet = new SimulatedFleet();
    fleet.cluster(A).cron.lateMs = 20_000;
    await fleet.run(5 * MINUTE);
    assert.deepEqual(fleet.holders(), [A]);
  });
});

describe('a failover', () => {
  it('moves the main tag within the guaranteed time when the cluster of the holder dies', async () => {
    const fleet = await settledFleet();
    fleet.kill(A);
    assert.ok(await fleet.run(BOUNDS.deadSeconds, () => fleet.holders().join() === B));
    assert.deepEqual(fleet.record(A).tags, ['runner-a']);
    assert.equal(fleet.newestTerm, 2);
  });

  it('leaves the main tag with the new holder when the dead cluster returns', async () => {
    const fleet = await settledFleet();
    fleet.kill(A);
    await fleet.run(HOUR, () => fleet.holders().join() === B);
    fleet.revive(A);
    await fleet.run(HOUR);
    assert.deepEqual(fleet.holders(), [B]);
    assert.equal(fleet.newestTerm, 2);
  });

  it('keeps the tags when the lease of the holder has expired but its managers answer', async () => {
    const fleet = await settledFleet();
    fleet.stopChecker(A);
    await fleet.run(2 * HOUR);
    assert.deepEqual(fleet.holders(), [A]);
    assert.equal(fleet.newestTerm, 1);
  });

  it('moves nothing during and after an outage of GitLab of two hours', async () => {
    const fleet = await settledFleet();
    fleet.outage();
    await fleet.run(2 * HOUR);
    fleet.recover();
    await fleet.run(HOUR);
    assert.deepEqual(fleet.holders(), [A]);
    assert.equal(fleet.newestTerm, 1);
  });

  it('keeps the tags while jobs fill the runners of a holder without a checker, until busyMax has passed', async () => {
    const fleet = await settledFleet();
    fleet.fill(A, 3 * HOUR);
    await fleet.run(2 * MINUTE);
    fleet.stopChecker(A);
    await fleet.run(0.9 * HOUR);
    assert.deepEqual(fleet.holders(), [A]);
    assert.ok(await fleet.run(HOUR, () => fleet.holders().join() === B));
  });

  it('moves the tag from a degraded holder after confirmSeconds, but not before holdFor has passed', async () => {
    const fleet = await settledFleet({ policy: { holdForSeconds: 1200 } });
    const taken = Date.parse(termOf(fleet, 1).at);
    // Until the total of the holder has settled.
    await fleet.run(11 * MINUTE);
    fleet.keepOnline(A, 1);
    await fleet.run(5 * MINUTE);
    assert.deepEqual(fleet.holders(), [A]);
    assert.ok(await fleet.run(10 * MINUTE, () => fleet.holders().join() === B));
    assert.ok(fleet.ms - taken >= 1_190_000);
  });

  it('moves the tag away from an unhealthy holder within the guaranteed time, whatever holdFor says', async () => {
    const fleet = await settledFleet();
    fleet.keepOnline(A, 0);
    assert.ok(await fleet.run(BOUNDS.unhealthySeconds, () => fleet.holders().join() === B));
  });

  it('never moves the tag between clusters of equal strength', async () => {
    const fleet = await settledFleet({ policy: { holdForSeconds: 0 } });
    for (const name of [A, B]) fleet.keepOnline(name, 1);
    await fleet.run(HOUR);
    assert.deepEqual(fleet.holders(), [A]);
  });

  it('returns the tag to the preferred cluster after failbackAfter where failback is automatic', async () => {
    const fleet = await settledFleet({ policy: { failback: 'automatic', failbackAfterSeconds: 900 } });
    fleet.kill(A);
    await fleet.run(HOUR, () => fleet.holders().join() === B);
    fleet.revive(A);
    const back = fleet.ms;
    assert.ok(await fleet.run(HOUR, () => fleet.holders().join() === A));
    assert.ok(fleet.ms - back >= 900_000);
  });

  it('keeps tags and lines of the note that people write during the move', async () => {
    const fleet = await settledFleet();
    fleet.kill(A);
    fleet.beforeCall = (_, call) => {
      if (call !== 'create terms/2.json') return;
      fleet.record(A).tags.push('gpu');
      fleet.record(B).tags.push('arm64');
    };
    await fleet.run(HOUR, () => fleet.holders().join() === B);
    await fleet.run(MINUTE);
    assert.deepEqual(fleet.record(A).tags.toSorted(), ['gpu', 'runner-a']);
    assert.deepEqual(fleet.record(B).tags.toSorted(), ['arm64', 'rnd-runner', 'runner-b']);
    assert.match(fleet.record(B).note ?? '', /^ask the platform team\nHADR lease: cluster-b 2\/2 online/);
  });

  it('moves the tag when a person deletes the record of the holder, but not before one lease has passed', async () => {
    const fleet = await settledFleet();
    fleet.world.removeRecord(fleet.recordId(A));
    const gone = fleet.ms;
    assert.ok(await fleet.run(HOUR, () => fleet.holders().join() === B));
    assert.ok(fleet.ms - gone >= DEFAULT_TIMING.leaseSeconds * 1000);
  });

  it('counts the runners of a paused record as offline, because they take no jobs', async () => {
    const fleet = await settledFleet();
    fleet.world.gitlab.editByHand('a person', fleet.recordId(A), { paused: true });
    assert.ok(await fleet.run(HOUR, () => fleet.holders().join() === B));
    assert.equal(fleet.record(A).paused, true);
  });

  it('of three clusters, goes to the third when the first and the second die together', async () => {
    const fleet = await settledFleet({ clusters: 3 });
    fleet.kill(A);
    fleet.kill(B);
    assert.ok(await fleet.run(BOUNDS.deadSeconds + 35, () => fleet.holders().join() === C));
  });

  it('commits a report and the page only when something changes', async () => {
    const fleet = await settledFleet();
    const before = fleet.commits.length;
    await fleet.run(HOUR);
    assert.equal(fleet.commits.length, before);
    fleet.keepOnline(B, 1);
    await fleet.run(2 * MINUTE);
    assert.deepEqual(fleet.commits.slice(before), [
      'cluster-b: Online 1 / Total 2, was Online 2 / Total 2 (term 1: cluster-a)',
      'Page: rnd-runner: cluster-a 2/2 (term 1)',
    ]);
  });
});

describe('control.json', () => {
  it('stops all moves while it says paused, and lets them go on afterwards', async () => {
    const fleet = await settledFleet();
    fleet.control({ paused: true });
    fleet.kill(A);
    await fleet.run(20 * MINUTE);
    assert.deepEqual(fleet.holders(), [A]);
    fleet.control({});
    assert.ok(await fleet.run(HOUR, () => fleet.holders().join() === B));
  });

  it('stops all moves while it is not valid', async () => {
    const fleet = await settledFleet();
    fleet.control({ pause: 'please' });
    fleet.kill(A);
    await fleet.run(20 * MINUTE);
    assert.deepEqual(fleet.holders(), [A]);
  });

  it('makes the pinned cluster claim, and lets no other cluster claim', async () => {
    const fleet = await settledFleet({ clusters: 3 });
    fleet.control({ pin: { cluster: C } });
    assert.ok(await fleet.run(HOUR, () => fleet.holders().join() === C));
    fleet.kill(C);
    await fleet.run(HOUR);
    assert.deepEqual(fleet.holders(), [C]);
  });

  it('moves the tag away from a retired holder, which does not claim it again', async () => {
    const fleet = await settledFleet();
    fleet.control({ retired: [A] });
    assert.ok(await fleet.run(5 * MINUTE, () => fleet.holders().join() === B));
    fleet.kill(B);
    await fleet.run(HOUR);
    assert.deepEqual(fleet.holders(), [B]);
  });
});

describe('the files of terms', () => {
  it('keep the holder and the numbers when they are all lost', async () => {
    const fleet = await settledFleet();
    fleet.kill(A);
    await fleet.run(HOUR, () => fleet.holders().join() === B);
    fleet.revive(A);
    await fleet.run(3 * MINUTE);
    const terms = [...fleet.files.keys()].filter((path) => path.startsWith('terms/'));
    fleet.edit(Object.fromEntries(terms.map((path) => [path, undefined])));
    await fleet.run(20 * MINUTE);
    assert.deepEqual(fleet.holders(), [B]);
    assert.equal(fleet.newestTerm, 3);
  });

  it('keep the holder when the file of its term is no longer valid', async () => {
    const fleet = await settledFleet();
    fleet.edit({ 'terms/1.json': 'oops' });
    await fleet.run(20 * MINUTE);
    assert.deepEqual(fleet.holders(), [A]);
    assert.equal(fleet.newestTerm, 2);
  });
});

describe('a checker that is killed between two calls', () => {
  it('leaves a state from which the next rounds finish the move (I8)', async () => {
    let kills = 0;
    for (let after = 0; after < 60; after += 1) {
      const fleet = await settledFleet();
      fleet.kill(A);
      await fleet.run(DEFAULT_TIMING.leaseSeconds + 10);
      let calls = 0;
      let isKilled = false;
      fleet.beforeCall = () => {
        calls += 1;
        if (isKilled || calls <= after) return undefined;
        isKilled = true;
        return 'kill';
      };
      // A run that has moved the tag by then is no case.
      if (await fleet.run(3 * MINUTE, () => isKilled || fleet.holders().join() === B)) kills += isKilled ? 1 : 0;
      assert.ok(await fleet.run(5 * MINUTE, () => fleet.holders().join() === B), `killed after call ${after}`);
      assert.equal(fleet.newestTerm, 2, `killed after call ${after}`);
      if (!isKilled) break;
    }
    assert.ok(kills > 10, `${kills} kills`);
  });

  it('never leaves two clusters with the main tag, whichever is killed (I1)', async () => {
    for (let every = 7; every < 67; every += 12) {
      const fleet = await settledFleet();
      let both = 0;
      let calls = 0;
      fleet.beforeCall = () => {
        calls += 1;
        if (fleet.holders().length > 1) both += 1;
        return calls % every === 0 ? 'kill' : undefined;
      };
      fleet.keepOnline(A, 0);
      await fleet.run(15 * MINUTE);
      fleet.keepOnline(A, 2);
      fleet.keepOnline(B, 0);
      await fleet.run(15 * MINUTE);
      assert.equal(both, 0, `killed at every call ${every}`);
    }
  });
});
