/** What a fleet of checkers makes of files that are missing: absence is a claim that needs proof. */
import assert from 'node:assert/strict';
import { parseReport, reportPath } from '../../../runtime/core/model/report.ts';
import { World } from '../../support/world.ts';

const A = 'cluster-a';
const B = 'cluster-b';
const HOUR = 3600;

async function settled(): Promise<World> {
  const world = new World([A, B], { preferred: A });
  assert.ok(await world.run(300, () => world.holders().includes(A)), world.holders().join());
  await world.run(120);
  return world;
}

describe('a fleet whose files are lost', () => {
  it('A1: keeps the holder where its report and the newest term are lost and its checker is pending', async () => {
    const world = await settled();
    world.cluster(A).checkerAlive = false;
    world.files.delete(reportPath(A));
    world.files.delete('terms/1.json');
    await world.run(0.9 * HOUR);
    assert.deepEqual(world.holders(), [A], 'its managers answer the roll call');
  });

  it('A1: knows each rival’s records from its own report, which earlier releases can read', async () => {
    const world = await settled();
    const report = parseReport(B, world.files.get(reportPath(B)) ?? '');
    assert.ok(report.ok);
    assert.deepEqual(report.value.rivals, { [A]: [world.cluster(A).record] });
  });

  it('A1: believes that a holder is gone only where one of its record ids is known', async () => {
    const world = await settled();
    world.cluster(A).checkerAlive = false;
    for (const path of world.files.keys()) if (path !== 'README.md') world.files.delete(path);
    await world.run(HOUR);
    assert.deepEqual(world.holders(), [A]);
  });

  it('A2: moves nothing while GitLab shows no file, and makes no term', async () => {
    const world = await settled();
    const files = new Map(world.files);
    let shown = false;
    world.beforeCall = () => {
      if (!shown) world.files.clear();
    };
    await world.run(250);
    shown = true;
    for (const [path, text] of files) world.files.set(path, text);
    await world.run(HOUR);
    assert.deepEqual([world.holders(), world.newestTerm], [[A], 1]);
  });

  it('A2: claims the first term only where no other cluster’s record has a main tag', async () => {
    const world = new World([A, B], { preferred: A });
    world.record(B).tags.push('rnd-runner');
    await world.run(30);
    world.kill(B);
    await world.run(HOUR);
    assert.equal(world.newestTerm, 0);
    world.revive(B);
    assert.ok(await world.run(HOUR, () => world.newestTerm === 1));
    assert.deepEqual(world.holders(), [B]);
  });
});
