/** An unforeseen error costs the part of a round in which it happens, and never the run. */
import assert from 'node:assert/strict';
import { run } from '../../../runtime/checker/run.ts';
import { PAGE_PATH } from '../../../runtime/core/page/page.ts';
import { World } from '../../support/world.ts';

const A = 'cluster-a';
const B = 'cluster-b';

async function settled(): Promise<World> {
  const world = new World([A, B], { preferred: A });
  assert.ok(await world.run(300, () => world.files.has(PAGE_PATH)));
  await world.run(60);
  return world;
}

const fail = (): never => {
  throw new TypeError('nobody foresaw this');
};

describe('an unforeseen error', () => {
  it('in the webhook costs the notification: the main tags have moved', async () => {
    const world = await settled();
    world.webhook = fail;
    world.kill(A);
    assert.ok(await world.run(300, () => world.holders().join() === B));
    assert.equal((await world.round(B)).kind, 'finished');
  });

  it('in the page costs the page: every round is finished', async () => {
    const world = await settled();
    world.cluster(B).ready = 1;
    world.beforeCall = (_, call) => void (call.includes(PAGE_PATH) && fail());
    await world.round(B);
    assert.equal((await world.round(A)).kind, 'finished');
    assert.match(world.record(A).note ?? '', /2\/2 online/);
  });

  it('in a round costs that round: the run goes on with the next', async () => {
    const world = await settled();
    let calls = 0;
    world.beforeCall = (_, call) => void (call === 'pods' && (calls += 1) === 2 && fail());
    const result = await run(world.checker(A));
    assert.deepEqual([result.finished > 1, result.unfinished], [true, 1]);
    assert.match(result.why ?? '', /nobody foresaw this/);
  });
});
