/** A cluster whose stack is destroyed: it hands the main tag over first, or the destroy is refused. */
import assert from 'node:assert/strict';
import { leave, type Left } from '../../../runtime/operator/leave.ts';
import type { Member } from '../../../runtime/fleet/access.ts';
import type { CreateResult } from '../../../runtime/ports.ts';
import { bounds, DEFAULT_TIMING } from '../../../runtime/timing.ts';
import { controlOf } from '../../support/operators.ts';
import { A, B, MINUTE, settledFleet, SimulatedFleet } from '../../support/simulated-fleet.ts';

const BOUND = bounds(DEFAULT_TIMING, 2).deadSeconds;

const leaving = (fleet: SimulatedFleet, name: string, lines: string[] = []): Promise<Left> =>
  fleet.during(leave(fleet.operator(name, lines)));

/** A member to which `act` happens whenever it waits. */
function waiting(fleet: SimulatedFleet, name: string, act: () => void): Member {
  const member = fleet.operator(name);
  const sleep = (ms: number): Promise<void> => {
    act();
    return member.clock.sleep(ms);
  };
  return { ...member, clock: { ...member.clock, sleep } };
}

const destroyed = (fleet: SimulatedFleet): readonly string[] => controlOf(fleet).destroyed;

describe('leaving the fleet', () => {
  it('hands the main tag over within the guaranteed time, and never claims it again', async () => {
    const fleet = await settledFleet();
    const lines: string[] = [];
    const began = fleet.ms;
    const left = await leaving(fleet, A, lines);
    assert.deepEqual(left, { kind: 'left', sentence: 'cluster-b holds rnd-runner now (term 2)' });
    assert.deepEqual(fleet.holders(), [B]);
    assert.ok((fleet.ms - began) / 1000 <= BOUND);
    assert.equal(lines[0], `cluster-a hands rnd-runner over to cluster-b, within ${BOUND} s`);
    assert.ok(fleet.commits.includes('cluster-a leaves: its stack is about to be destroyed'));
    // Half destroyed: its checker lives on, and the new holder dies.
    fleet.kill(B);
    await fleet.run(20 * MINUTE);
    assert.equal(fleet.newestTerm, 2);
  });

  it('hands the main tag over to one of several clusters', async () => {
    const fleet = await settledFleet({ clusters: 3 });
    assert.equal((await leaving(fleet, A)).kind, 'left');
    assert.deepEqual(fleet.holders(), [B]);
  });

  it('waits for no other cluster when it does not hold the main tag, but is listed as destroyed', async () => {
    const fleet = await settledFleet();
    const began = fleet.ms;
    const left = await leaving(fleet, B);
    assert.deepEqual(left, {
      kind: 'left',
      sentence: 'cluster-b does not hold rnd-runner: cluster-a is the holder (term 1)',
    });
    assert.ok(fleet.ms - began < 5000);
    assert.deepEqual(destroyed(fleet), [B]);
    fleet.kill(A);
    await fleet.run(20 * MINUTE);
    assert.equal(fleet.newestTerm, 1);
  });

  it('waits for no other cluster before the first term', async () => {
    const left = await leaving(new SimulatedFleet(), A);
    assert.deepEqual(left, {
      kind: 'left',
      sentence: 'cluster-a does not hold rnd-runner: there is no holder yet',
    });
  });

  it('goes on when an earlier try was interrupted', async () => {
    const fleet = await settledFleet();
    fleet.control({ destroyed: [A] });
    assert.equal((await leaving(fleet, A)).kind, 'left');
    assert.deepEqual(fleet.holders(), [B]);
  });
});

describe('a refusal to leave the fleet', () => {
  const unfit: readonly [string, (fleet: SimulatedFleet) => Promise<unknown> | void, RegExp][] = [
    [
      'the other cluster is dead',
      (fleet) => (fleet.kill(B), fleet.run(5 * MINUTE)),
      /cluster-b has no valid lease \(expired \d+ s ago\)\.$/,
    ],
    [
      'the other cluster has no runners online',
      (fleet) => (fleet.keepOnline(B, 0), fleet.run(2 * MINUTE)),
      /cluster-b has 0\/2 runners online and needs 1\.$/,
    ],
    ['the other cluster is retired', (fleet) => fleet.control({ retired: [B] }), /cluster-b is retired\.$/],
    [
      'moves are paused',
      (fleet) => fleet.control({ paused: true }),
      /control\.json says paused: no cluster may take the main tags\.$/,
    ],
    [
      'the main tag is pinned to it',
      (fleet) => fleet.control({ pin: { cluster: A } }),
      /control\.json pins the main tags to cluster-a\.$/,
    ],
  ];
  for (const [name, change, why] of unfit)
    it(`changes nothing where ${name}`, async () => {
      const fleet = await settledFleet();
      await change(fleet);
      const control = fleet.files.get('control.json');
      const left = await leaving(fleet, A);
      assert.equal(left.kind, 'refused');
      assert.match(left.sentence, /^cluster-a holds rnd-runner and no other cluster can take over: /);
      assert.match(left.sentence, why);
      assert.equal(fleet.files.get('control.json'), control);
      assert.deepEqual(fleet.holders(), [A]);
    });

  it('comes after the guaranteed time when no cluster took over, and is not listed as destroyed any more', async () => {
    const fleet = await settledFleet();
    const began = fleet.ms;
    const left = await fleet.during(leave(waiting(fleet, A, () => fleet.kill(B))));
    assert.equal(left.kind, 'refused');
    assert.match(
      left.sentence,
      new RegExp(`^no cluster took rnd-runner over from cluster-a within ${BOUND} s: cluster-b has no valid lease`),
    );
    assert.ok((fleet.ms - began) / 1000 >= BOUND);
    assert.deepEqual(destroyed(fleet), []);
    await fleet.run(20 * MINUTE);
    assert.deepEqual(fleet.holders(), [A]);
  });

  it('names what is left to do by hand when control.json could not be changed back', async () => {
    const fleet = await settledFleet();
    const member = waiting(fleet, A, () => fleet.kill(B));
    const replace = (): Promise<CreateResult> => Promise.resolve({ kind: 'unknown', why: 'GitLab is tired' });
    const left = await fleet.during(leave({ ...member, project: { ...member.project, replace } }));
    assert.match(
      left.sentence,
      /cluster-a may still be listed as destroyed in control\.json \(3 tries failed, the last with: GitLab is tired\): remove it there by hand\.$/,
    );
  });

  it('removes what an earlier, interrupted try wrote into control.json', async () => {
    const fleet = await settledFleet();
    fleet.kill(B);
    await fleet.run(5 * MINUTE);
    fleet.control({ destroyed: [A] });
    assert.equal((await leaving(fleet, A)).kind, 'refused');
    assert.deepEqual(destroyed(fleet), []);
  });

  it('comes when a person removes the cluster from destroyed in control.json', async () => {
    const fleet = await settledFleet();
    fleet.stopChecker(B);
    const left = await fleet.during(leave(waiting(fleet, A, () => fleet.control({}))));
    assert.deepEqual(left, {
      kind: 'refused',
      sentence: 'cluster-a was removed from destroyed in control.json meanwhile. Run the command again.',
    });
  });

  it('A4: comes while GitLab shows no file of the status project, and writes nothing', async () => {
    const fleet = await settledFleet();
    for (const name of [A, B]) fleet.stopChecker(name);
    fleet.edit(Object.fromEntries([...fleet.files.keys()].map((path) => [path, undefined])));
    const left = await leaving(fleet, A);
    assert.equal(left.kind, 'refused');
    assert.match(left.sentence, /it is unknown whether cluster-a holds rnd-runner/);
    assert.equal(fleet.files.size, 0);
  });

  it('A4: comes when a record has the main tag and all terms are lost', async () => {
    const fleet = await settledFleet();
    for (const name of [A, B]) {
      fleet.stopChecker(name);
      const report: unknown = JSON.parse(fleet.file(`status/${name}.json`));
      fleet.edit({ [`status/${name}.json`]: JSON.stringify({ ...Object(report), term: 0 }) });
      fleet.record(name).note = '';
    }
    fleet.edit({ 'terms/1.json': undefined });
    for (const name of [A, B])
      assert.deepEqual(await leaving(fleet, name), {
        kind: 'refused',
        sentence: `it is unknown whether ${name} holds rnd-runner: cluster-a has a main tag, but no term can be read. Fix this and run the command again.`,
      });
  });

  it('comes while GitLab is down', async () => {
    const fleet = await settledFleet();
    fleet.outage();
    assert.match(
      (await leaving(fleet, A)).sentence,
      /^it is unknown whether cluster-a holds rnd-runner: GET .*: the connection was refused\. Fix this and run the command again\.$/,
    );
  });

  it('comes while control.json is not valid', async () => {
    const fleet = await settledFleet();
    fleet.control({ destroyed: 'all' });
    const left = await leaving(fleet, A);
    assert.equal(left.kind, 'refused');
    assert.match(left.sentence, /control\.json is not valid at "destroyed"/);
  });
});
