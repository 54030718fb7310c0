import assert from 'node:assert/strict';
import { rejoin } from '../../../runtime/operator/rejoin.ts';
import { leave } from '../../../runtime/operator/leave.ts';
import type { Member } from '../../../runtime/fleet/access.ts';
import type { CreateResult } from '../../../runtime/ports.ts';
import { parseControl } from '../../../runtime/core/model/control.ts';
import { bounds, DEFAULT_TIMING } from '../../../runtime/timing.ts';
import { PAGE_PATH } from '../../../runtime/core/page/page.ts';
import { World } from '../../support/world.ts';

const A = 'cluster-a';
const B = 'cluster-b';
const HOUR = 3600;
const BOUND = bounds(DEFAULT_TIMING, 2).deadSeconds;

/** A fleet in which A holds the main tag and B could take it. */
async function settled(names = [A, B]): Promise<World> {
  const world = new World(names, { preferred: A });
  assert.ok(await world.run(300, () => world.holders().includes(A)));
  await world.run(120);
  return world;
}

/** A cluster on its way out; while it waits the checkers of all living clusters go on. */
function leaving(world: World, name: string, lines: string[] = [], meanwhile: () => void = () => undefined): Member {
  const { config, records, project } = world.checker(name);
  return {
    config,
    records,
    project,
    clock: {
      now: () => world.ms,
      sleep: async (ms) => {
        meanwhile();
        await world.run(ms / 1000);
      },
    },
    say: (line) => void lines.push(line),
  };
}

const destroyed = (world: World): readonly string[] => {
  const parsed = parseControl(world.files.get('control.json') ?? '{"version":1}');
  assert.ok(parsed.ok);
  return parsed.value.destroyed;
};

describe('leaving the fleet', () => {
  it('hands the main tag over within the bound, and never claims it back', async () => {
    const world = await settled();
    const lines: string[] = [];
    const began = world.ms;
    const left = await leave(leaving(world, A, lines));
    assert.deepEqual(left, { kind: 'left', sentence: 'cluster-b holds rnd-runner now (term 2)' });
    assert.deepEqual(world.holders(), [B]);
    assert.ok((world.ms - began) / 1000 <= BOUND);
    assert.equal(lines[0], `cluster-a hands rnd-runner over to cluster-b, within ${BOUND} s`);
    assert.ok(world.commits.includes('cluster-a leaves: its stack is about to be destroyed'));
    // Half destroyed: its checker lives on, and the new holder dies.
    world.kill(B);
    await world.run(HOUR);
    assert.equal(world.newestTerm, 2);
  });

  it('hands over to one of several', async () => {
    const world = await settled([A, B, 'cluster-c']);
    assert.equal((await leave(leaving(world, A))).kind, 'left');
    assert.deepEqual(world.holders(), [B]);
  });

  it('goes at once where it does not hold the main tag, marked all the same', async () => {
    const world = await settled();
    const began = world.ms;
    const left = await leave(leaving(world, B));
    assert.deepEqual(left, {
      kind: 'left',
      sentence: 'cluster-b does not hold rnd-runner: cluster-a is the holder (term 1)',
    });
    assert.equal(world.ms, began);
    assert.deepEqual(destroyed(world), [B]);
    world.kill(A);
    await world.run(HOUR);
    assert.equal(world.newestTerm, 1);
  });

  it('goes at once before the first term', async () => {
    const world = new World([A, B]);
    world.files.set(PAGE_PATH, '# status');
    const left = await leave(leaving(world, A));
    assert.deepEqual(left, {
      kind: 'left',
      sentence: 'cluster-a does not hold rnd-runner: there is no holder yet',
    });
  });

  it('A4: is refused while GitLab shows no file of the status project', async () => {
    const world = await settled();
    const before = new Map(world.files);
    world.files.clear();
    const left = await leave(leaving(world, A));
    assert.equal(left.kind, 'refused');
    assert.match(left.sentence, /it is unknown whether cluster-a holds rnd-runner/);
    assert.ok(before.size > 0);
    assert.equal(world.files.size, 0, 'nothing was written');
  });

  const unfit: readonly [string, (world: World) => Promise<void> | void, RegExp][] = [
    [
      'the other cluster is dead',
      async (world) => (world.kill(B), void (await world.run(300))),
      /cluster-b has not renewed its lease for \d+ s\.$/,
    ],
    [
      'the other has no runners',
      async (world) => ((world.cluster(B).ready = 0), void (await world.run(60))),
      /cluster-b has 0\/2 runners online and needs 1\.$/,
    ],
    [
      'the other is retired',
      (world) => void world.files.set('control.json', '{"version":1,"retired":["cluster-b"]}'),
      /cluster-b is retired\.$/,
    ],
    [
      'moves are paused',
      (world) => void world.files.set('control.json', '{"version":1,"paused":true}'),
      /control\.json says paused: no cluster may take the main tags\.$/,
    ],
    [
      'the main tag is pinned to it',
      (world) => void world.files.set('control.json', '{"version":1,"pin":{"cluster":"cluster-a"}}'),
      /control\.json pins the main tags to cluster-a\.$/,
    ],
  ];
  for (const [name, hurt, why] of unfit)
    it(`refuses where ${name}, and changes nothing`, async () => {
      const world = await settled();
      await hurt(world);
      const control = world.files.get('control.json');
      const left = await leave(leaving(world, A));
      assert.equal(left.kind, 'refused');
      assert.match(left.sentence, /^cluster-a holds rnd-runner and no other cluster can take over: /);
      assert.match(left.sentence, why);
      assert.equal(world.files.get('control.json'), control);
      assert.deepEqual(world.holders(), [A]);
    });

  it('refuses after the bound where nobody came, and takes its mark back', async () => {
    const world = await settled();
    const began = world.ms;
    const left = await leave(leaving(world, A, [], () => world.kill(B)));
    assert.equal(left.kind, 'refused');
    assert.match(
      left.sentence,
      new RegExp(`^no cluster took rnd-runner over from cluster-a within ${BOUND} s: cluster-b has not renewed`),
    );
    assert.ok((world.ms - began) / 1000 >= BOUND);
    assert.deepEqual(destroyed(world), []);
    assert.deepEqual(world.holders(), [A]);
    await world.run(HOUR);
    assert.deepEqual(world.holders(), [A]);
  });

  it('says what is left to do by hand where the mark could not be taken back', async () => {
    const world = await settled();
    const member = leaving(world, A, [], () => world.kill(B));
    const { project } = member;
    const replace = (): Promise<CreateResult> => Promise.resolve({ kind: 'unknown', why: 'GitLab is tired' });
    const failing = { ...project, replace };
    const left = await leave({ ...member, project: failing });
    assert.match(
      left.sentence,
      /cluster-a may still be listed as destroyed in control\.json \(3 tries failed, the last with: GitLab is tired\): remove it there by hand\.$/,
    );
  });

  it('goes on where an earlier try was broken off', async () => {
    const world = await settled();
    world.files.set('control.json', '{"version":1,"destroyed":["cluster-a"]}');
    const left = await leave(leaving(world, A));
    assert.equal(left.kind, 'left');
    assert.deepEqual(world.holders(), [B]);
  });

  it('takes the mark of an earlier try back where it refuses', async () => {
    const world = await settled();
    world.kill(B);
    await world.run(300);
    world.files.set('control.json', '{"version":1,"destroyed":["cluster-a"]}');
    assert.equal((await leave(leaving(world, A))).kind, 'refused');
    assert.deepEqual(destroyed(world), []);
  });

  it('stops where somebody takes the mark back meanwhile', async () => {
    const world = await settled();
    // Nobody comes, so that it waits.
    world.cluster(B).checkerAlive = false;
    const left = await leave(leaving(world, A, [], () => void world.files.set('control.json', '{"version":1}')));
    assert.deepEqual(left, {
      kind: 'refused',
      sentence: 'cluster-a was removed from destroyed in control.json meanwhile. Run the command again.',
    });
  });

  it('A4: refuses where a record has the main tag and all terms are lost', async () => {
    const world = await settled();
    for (const name of [A, B]) {
      world.cluster(name).checkerAlive = false;
      const report: unknown = JSON.parse(world.files.get(`status/${name}.json`) ?? '{}');
      world.files.set(`status/${name}.json`, JSON.stringify({ ...Object(report), term: 0 }));
    }
    world.files.delete('terms/1.json');
    for (const record of world.records.values()) record.note = '';
    for (const name of [A, B]) {
      const left = await leave(leaving(world, name));
      assert.deepEqual(left, {
        kind: 'refused',
        sentence: `it is unknown whether ${name} holds rnd-runner: cluster-a has a main tag, but no term can be read. Fix this and run the command again.`,
      });
    }
  });

  it('refuses while GitLab is down, and while the control file makes no sense', async () => {
    const world = await settled();
    world.down = true;
    const left = await leave(leaving(world, A));
    assert.match(
      left.sentence,
      /^it is unknown whether cluster-a holds rnd-runner: GitLab is down\. Fix this and run the command again\.$/,
    );
    world.down = false;
    world.files.set('control.json', '{"version":1,"destroyed":"all"}');
    const nonsense = await leave(leaving(world, A));
    assert.equal(nonsense.kind, 'refused');
    assert.match(nonsense.sentence, /control\.json is not valid at "destroyed"/);
  });
});

describe('joining the fleet', () => {
  it('takes back what a destroy wrote, and leaves what people wrote', async () => {
    const world = new World([A, B]);
    world.files.set(
      'control.json',
      '{"version":1,"retired":["cluster-a"],"destroyed":["cluster-a","cluster-b"],"note":"moving house"}',
    );
    assert.deepEqual(await rejoin(leaving(world, A)), { kind: 'joined', back: true });
    const parsed = parseControl(world.files.get('control.json') ?? '');
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.value, {
      version: 1,
      paused: false,
      pin: null,
      retired: [A],
      destroyed: [B],
      note: 'moving house',
    });
    assert.deepEqual(world.commits, ['cluster-a is back: its stack is created again']);
  });

  it('writes nothing where it never left', async () => {
    const world = new World([A, B]);
    assert.deepEqual(await rejoin(leaving(world, A)), { kind: 'joined', back: false });
    assert.equal(world.files.size, 0);
  });

  it('refuses where it cannot know', async () => {
    const world = new World([A, B]);
    world.down = true;
    const joined = await rejoin(leaving(world, A));
    assert.equal(joined.kind, 'refused');
  });
});
