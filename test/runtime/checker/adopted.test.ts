/** Clusters whose runners were there before HADR: no sidecar says anything, so GitLab's ear does. */
import assert from 'node:assert/strict';
import { adoptedDetectionSeconds, bounds, DEFAULT_TIMING } from '../../../runtime/timing.ts';
import { World } from '../../support/world.ts';

const A = 'cluster-a';
const B = 'cluster-b';
const FAINTED = bounds(
  { ...DEFAULT_TIMING, detectionSeconds: adoptedDetectionSeconds(DEFAULT_TIMING) },
  2,
).unhealthySeconds;

const leaseOf = (world: World, name: string): string =>
  /\d+\/\d+(?= online)/.exec(world.record(name).note ?? '')?.[0] ?? '';

describe('a fleet of adopted runners', () => {
  let world: World;
  let calls: string[];

  beforeEach(async () => {
    world = new World([A, B], { preferred: A });
    for (const name of [A, B]) world.cluster(name).adopted = true;
    calls = [];
    world.beforeCall = (cluster, call) => void calls.push(`${cluster} ${call}`);
    assert.ok(await world.run(300, () => world.holders().join() === A), 'nobody took the main tag');
    await world.run(60);
  });

  it('reads the managers of its own record once in a round, and of none where the runners are the stack’s own', async () => {
    calls.length = 0;
    await world.round(A);
    const asked = () => calls.filter((call) => call.includes('managers'));
    assert.deepEqual(asked(), [`${A} managers ${world.cluster(A).record}`]);
    world.cluster(A).adopted = false;
    calls.length = 0;
    await world.round(A);
    assert.deepEqual(asked(), []);
  });

  it('moves the tag away from runners that hang in ready pods, within the bound', async () => {
    const began = world.ms;
    world.cluster(A).hung = 2;
    assert.ok(await world.run(FAINTED, () => world.holders().join() === B), 'the tag did not move');
    assert.ok((world.ms - began) / 1000 <= FAINTED);
    assert.match(world.files.get('terms/2.json') ?? '', /"unhealthy"/);
    assert.equal(leaseOf(world, A), '0/2');
    assert.ok(
      world.warnings.some(
        ({ cluster, event, fields }) =>
          cluster === A &&
          event === 'managers-not-polling' &&
          fields['record'] === world.cluster(A).record &&
          fields['heard'] === 0 &&
          fields['ready'] === 2,
      ),
    );
  });

  it('sees one of two hang, calls it once, and leaves the tag where half is enough', async () => {
    world.cluster(A).hung = 1;
    await world.run(FAINTED);
    assert.deepEqual([leaseOf(world, A), world.holders().join()], ['1/2', A]);
    calls.length = 0;
    await world.run(45);
    assert.deepEqual(
      calls.filter((call) => call.startsWith(A) && call.includes('description')),
      [],
      'what the lease says already is not called for again',
    );
    world.cluster(A).hung = 0;
    await world.run(30);
    assert.equal(leaseOf(world, A), '2/2');
  });

  it('is not faint after an outage, when nobody was called for an hour', async () => {
    world.down = true;
    await world.run(3600);
    world.down = false;
    calls.length = 0;
    await world.round(A);
    assert.equal(leaseOf(world, A), '2/2', 'idle runners were called before they were counted');
    assert.ok(calls.includes(`${A} write ${world.cluster(A).record} description`));
    await world.run(300);
    assert.deepEqual([world.holders().join(), world.newestTerm], [A, 1]);
  });

  for (const [what, call] of [
    ['the managers cannot be read', 'managers'],
    ['their roll cannot be called', 'write 10 description'],
  ] as const)
    it(`does not stamp where ${what}`, async () => {
      world.cluster(A).hung = 2;
      world.ms += 90_000;
      const before = world.record(A).note;
      world.beforeCall = (cluster, name) => {
        world.down = cluster === A && name.startsWith(call);
      };
      const result = await world.round(A);
      world.down = false;
      assert.equal(result.kind, 'unfinished');
      assert.match(result.kind === 'unfinished' ? result.why : '', /this cluster's runners cannot be counted/);
      assert.equal(world.record(A).note, before);
    });

  it('full runners stay online: their jobs report once a minute', async () => {
    world.cluster(A).busy = true;
    await world.run(600);
    assert.deepEqual([leaseOf(world, A), world.holders().join(), world.newestTerm], ['2/2', A, 1]);
  });
});
