import assert from 'node:assert/strict';
import { bounds, DEFAULT_TIMING } from '../../../runtime/timing.ts';
import { Crash, World } from '../../support/world.ts';

const A = 'cluster-a';
const B = 'cluster-b';
const C = 'cluster-c';
const HOUR = 3600;

/** A fleet in which cluster A holds the main tag. */
async function settled(options: ConstructorParameters<typeof World>[1] = {}, names = [A, B]): Promise<World> {
  const world = new World(names, { preferred: A, ...options });
  assert.ok(await world.run(300, () => world.holders().includes(A)), JSON.stringify(world.warnings));
  return world;
}

describe('a fleet of checkers', () => {
  it('gives the main tag to the preferred cluster first, once it is in touch for a lease', async () => {
    const world = new World([A, B], { preferred: A });
    await world.run(45);
    assert.deepEqual(world.holders(), []);
    await world.run(60);
    assert.deepEqual(world.holders(), [A]);
    assert.equal(world.newestTerm, 1);
    assert.deepEqual(world.record(A).tags, ['rnd-runner', 'runner-a']);
  });

  it('leaves the first turn to a preferred cluster that comes a little later', async () => {
    const world = new World([A, B], { preferred: A });
    world.cluster(A).checkerAlive = false;
    await world.run(15);
    world.cluster(A).checkerAlive = true;
    await world.run(300);
    assert.deepEqual(world.holders(), [A]);
  });

  it('moves it within the guaranteed bound when the holder’s cluster dies, and takes it off the dead', async () => {
    const world = await settled();
    world.kill(A);
    const died = world.ms;
    assert.ok(await world.run(HOUR, () => world.holders().join() === B));
    const took = (world.ms - died) / 1000;
    assert.ok(took <= bounds(DEFAULT_TIMING, 2).deadSeconds, `${took} s`);
    assert.deepEqual(world.record(A).tags, ['runner-a']);
    assert.equal(world.newestTerm, 2);
  });

  it('leaves it there when the dead cluster returns', async () => {
    const world = await settled();
    world.kill(A);
    await world.run(HOUR, () => world.holders().join() === B);
    world.revive(A);
    await world.run(6 * HOUR);
    assert.deepEqual(world.holders(), [B]);
    assert.equal(world.newestTerm, 2);
  });

  it('does not move it when only the holder’s checker is dead', async () => {
    const world = await settled();
    world.cluster(A).checkerAlive = false;
    await world.run(6 * HOUR);
    assert.deepEqual(world.holders(), [A]);
    assert.equal(world.newestTerm, 1);
  });

  it('does not move it when GitLab is down for six hours', async () => {
    const world = await settled();
    world.down = true;
    await world.run(6 * HOUR);
    world.down = false;
    await world.run(HOUR);
    assert.deepEqual(world.holders(), [A]);
    assert.equal(world.newestTerm, 1);
  });

  it('does not move it from a full cluster whose checker is dead, until busyMax has passed', async () => {
    const world = await settled();
    Object.assign(world.cluster(A), { checkerAlive: false, busy: true });
    await world.run(0.9 * HOUR);
    assert.deepEqual(world.holders(), [A]);
    assert.ok(await world.run(HOUR, () => world.holders().join() === B));
  });

  it('moves it from a degraded holder to a cluster with more runners after confirmSeconds, but not within holdFor', async () => {
    const world = await settled({ policy: { holdForSeconds: 1200 } });
    const began = world.ms;
    await world.run(660);
    world.cluster(A).ready = 1;
    await world.run(400);
    assert.deepEqual(world.holders(), [A]);
    assert.ok(await world.run(300, () => world.holders().join() === B));
    assert.ok(world.ms - began >= 1_190_000);
  });

  it('moves it from a fainted holder with a living checker within the bound, regardless of holdFor', async () => {
    const world = await settled();
    world.cluster(A).ready = 0;
    const fainted = world.ms;
    assert.ok(await world.run(HOUR, () => world.holders().join() === B));
    assert.ok((world.ms - fainted) / 1000 <= bounds(DEFAULT_TIMING, 2).unhealthySeconds);
  });

  it('never moves it for equal strength', async () => {
    const world = await settled({ policy: { holdForSeconds: 0 } });
    for (const cluster of world.clusters.values()) cluster.ready = 1;
    await world.run(12 * HOUR);
    assert.deepEqual(world.holders(), [A]);
  });

  it('brings it back to the preferred cluster after failbackAfter where failback is automatic', async () => {
    const world = await settled({ policy: { failback: 'automatic', failbackAfterSeconds: 900 } });
    world.kill(A);
    await world.run(HOUR, () => world.holders().join() === B);
    world.revive(A);
    const back = world.ms;
    assert.ok(await world.run(HOUR, () => world.holders().join() === A));
    assert.ok(world.ms - back >= 900_000);
  });

  it('keeps what people write meanwhile: tags and lines of the note', async () => {
    const world = await settled();
    world.kill(A);
    world.beforeCall = (_, call) => {
      if (call === 'create terms/2.json') {
        world.record(A).tags.push('gpu');
        world.record(B).tags.push('arm64');
      }
    };
    await world.run(HOUR, () => world.holders().join() === B);
    assert.deepEqual(world.record(A).tags, ['gpu', 'runner-a']);
    assert.deepEqual(world.record(B).tags, ['arm64', 'rnd-runner', 'runner-b']);
    assert.match(world.record(B).note ?? '', /^ask the platform team\nHADR lease: cluster-b 2\/2 online/);
  });

  it('moves nothing while paused, and what was paused goes on afterwards', async () => {
    const world = await settled();
    world.files.set('control.json', '{"version":1,"paused":true}');
    world.kill(A);
    await world.run(HOUR);
    assert.deepEqual(world.holders(), [A]);
    world.files.set('control.json', '{"version":1}');
    assert.ok(await world.run(HOUR, () => world.holders().join() === B));
  });

  it('moves nothing on a control file that makes no sense', async () => {
    const world = await settled();
    world.files.set('control.json', '{"version":1,"pause":"please"}');
    world.kill(A);
    await world.run(HOUR);
    assert.deepEqual(world.holders(), [A]);
  });

  it('lets only the pinned cluster claim, and makes it claim', async () => {
    const world = await settled({}, [A, B, C]);
    world.files.set('control.json', '{"version":1,"pin":{"cluster":"cluster-c"}}');
    assert.ok(await world.run(HOUR, () => world.holders().join() === C));
    world.kill(C);
    await world.run(HOUR);
    assert.deepEqual(world.holders(), [C]);
  });

  it('hands over when the holder is retired, and the retired one does not claim back', async () => {
    const world = await settled();
    world.files.set('control.json', '{"version":1,"retired":["cluster-a"]}');
    assert.ok(await world.run(300, () => world.holders().join() === B));
    world.kill(B);
    await world.run(HOUR);
    assert.deepEqual(world.holders(), [B]);
  });

  it('keeps the holder and the numbers when the terms’ files are lost', async () => {
    const world = await settled();
    world.kill(A);
    await world.run(HOUR, () => world.holders().join() === B);
    world.revive(A);
    await world.run(60);
    for (const path of world.files.keys()) if (path.startsWith('terms/')) world.files.delete(path);
    await world.run(HOUR);
    assert.deepEqual(world.holders(), [B]);
    assert.equal(world.newestTerm, 3);
  });

  it('keeps the holder when its term’s file is edited into nonsense', async () => {
    const world = await settled();
    world.files.set('terms/1.json', 'oops');
    await world.run(HOUR);
    assert.deepEqual(world.holders(), [A]);
    assert.equal(world.newestTerm, 2);
  });

  it('moves it when a person deletes the holder’s record, and not before a lease has passed', async () => {
    const world = await settled();
    world.records.delete(world.cluster(A).record);
    const gone = world.ms;
    assert.ok(await world.run(HOUR, () => world.holders().join() === B));
    assert.ok(world.ms - gone >= DEFAULT_TIMING.leaseSeconds * 1000);
  });

  it('treats a paused record as offline: its runners take no jobs', async () => {
    const world = await settled();
    world.record(A).paused = true;
    assert.ok(await world.run(HOUR, () => world.holders().join() === B));
    assert.equal(world.record(A).paused, true);
  });

  it('commits a report and the page only when something changes', async () => {
    const world = await settled();
    await world.run(60);
    const before = world.commits.length;
    await world.run(6 * HOUR);
    assert.equal(world.commits.length, before);
    world.cluster(B).ready = 1;
    await world.run(60);
    assert.deepEqual(world.commits.slice(before), [
      'cluster-b: Online 1 / Total 2, was Online 2 / Total 2 (term 1: cluster-a)',
      'Page: rnd-runner: cluster-a 2/2 (term 1)',
    ]);
  });

  it('with three clusters, lets a dead second challenger block nobody', async () => {
    const world = await settled({}, [A, B, C]);
    world.kill(A);
    world.kill(B);
    const died = world.ms;
    assert.ok(await world.run(HOUR, () => world.holders().join() === C));
    assert.ok((world.ms - died) / 1000 <= bounds(DEFAULT_TIMING, 2).deadSeconds + 35);
  });
});

describe('a checker that crashes', () => {
  it('leaves, after any of its calls, a state from which the next round converges (I8)', async () => {
    let crashes = 0;
    for (let after = 0; ; after += 1) {
      const world = await settled();
      world.kill(A);
      await world.run(75);
      let calls = 0;
      let crashed = false;
      world.beforeCall = () => {
        calls += 1;
        if (!crashed && calls > after && world.newestTerm >= 1) {
          crashed = true;
          throw new Crash();
        }
      };
      await world.round(B);
      // Only a round that goes on to the end of the hand-over counts as the last one.
      if (!crashed) break;
      crashes += 1;
      world.ms += 15_000;
      assert.ok(
        await world.run(120, () => world.holders().join() === B),
        `crash after call ${after}: ${JSON.stringify(world.warnings)}`,
      );
      assert.ok(world.newestTerm === 2, `crash after call ${after}`);
    }
    assert.ok(crashes > 10, `${crashes} crashes`);
  });

  it('never lets two clusters hold the main tag at once, whoever crashes where (I1)', async () => {
    for (let after = 0; after < 60; after += 3) {
      const world = await settled();
      let both = 0;
      let calls = 0;
      world.beforeCall = () => {
        calls += 1;
        if (world.holders().length > 1) both += 1;
        if (calls % (after + 7) === 0) throw new Crash();
      };
      world.cluster(A).ready = 0;
      await world.run(HOUR);
      world.cluster(A).ready = 2;
      world.cluster(B).ready = 0;
      await world.run(HOUR);
      assert.equal(both, 0, `crash every ${after + 7} calls`);
    }
  });
});
