/** A switchover: a pin that expires, and the claim of the other cluster's own checker. */
import assert from 'node:assert/strict';
import { planSwitchover, type Blocked } from '../../../runtime/core/outlook/plan-move.ts';
import type { FleetAccess } from '../../../runtime/fleet/access.ts';
import { readFleet } from '../../../runtime/fleet/read-fleet.ts';
import { moveSeconds, switchOver, type SwitchedOver } from '../../../runtime/operator/switch-over.ts';
import { DEFAULT_TIMING } from '../../../runtime/timing.ts';
import { controlOf, termOf } from '../../support/operators.ts';
import { A, B, C, HOUR, MINUTE, settledFleet, type SimulatedFleet } from '../../support/simulated-fleet.ts';

const NEVER = new AbortController().signal;

const planOf = async (fleet: SimulatedFleet, to: string) => {
  const access = fleet.operator();
  const facts = await fleet.during(readFleet(access));
  return { facts, plan: planSwitchover(facts, to, access.config) };
};

/** A switchover by somebody whose ports or waits the test may change. */
async function move(
  fleet: SimulatedFleet,
  to: string,
  change: (access: FleetAccess) => FleetAccess = (access) => access,
  meanwhile: () => void = () => undefined,
): Promise<SwitchedOver> {
  const { facts, plan } = await planOf(fleet, to);
  assert.ok(plan.kind === 'ready', JSON.stringify(plan));
  meanwhile();
  const request = { from: plan.from, to, now: facts.now, message: `to ${to}` };
  return fleet.during(switchOver(change(fleet.operator()), request, NEVER));
}

async function blocked(fleet: SimulatedFleet, to: string): Promise<Blocked> {
  const { plan } = await planOf(fleet, to);
  assert.ok(plan.kind === 'blocked', JSON.stringify(plan));
  return plan;
}

describe('a switchover', () => {
  it('moves the tags by the claim of the other cluster, within the guaranteed time, and leaves no pin', async () => {
    const fleet = await settledFleet();
    const done = await move(fleet, B);
    assert.ok(done.kind === 'done' && done.seconds <= moveSeconds(DEFAULT_TIMING), JSON.stringify(done));
    assert.deepEqual([done.term, done.left], [2, undefined]);
    assert.deepEqual(fleet.holders(), [B]);
    assert.equal(controlOf(fleet).pin, null);
    assert.equal(termOf(fleet, 2).ground, 'pinned');
  });

  it('leaves the tags with the new holder afterwards, because failback is manual', async () => {
    const fleet = await settledFleet();
    await move(fleet, B);
    await fleet.run(HOUR);
    assert.deepEqual([fleet.holders(), fleet.newestTerm], [[B], 2]);
  });

  it('goes to the cluster of three that was asked for, whatever the ranking', async () => {
    const fleet = await settledFleet({ clusters: 3 });
    assert.equal((await move(fleet, C)).kind, 'done');
    assert.deepEqual(fleet.holders(), [C]);
  });

  it('does not wait for holdFor', async () => {
    const fleet = await settledFleet();
    assert.equal((await move(fleet, B)).kind, 'done');
    assert.equal((await move(fleet, A)).kind, 'done');
    assert.equal(fleet.newestTerm, 3);
  });

  it('changes nothing when the other cluster dies meanwhile', async () => {
    const fleet = await settledFleet();
    const lines: string[] = [];
    const say = (line: string): void => void lines.push(line);
    const late = await move(
      fleet,
      B,
      (access) => ({ ...access, say }),
      () => fleet.kill(B),
    );
    assert.deepEqual(late, { kind: 'late', why: 'waiting for the term of cluster-b', left: undefined });
    assert.match(lines[0] ?? '', /^\d+ s of at most 90 s: waiting for the term of cluster-b$/);
    assert.deepEqual([fleet.holders(), fleet.newestTerm, controlOf(fleet).pin], [[A], 1, null]);
  });

  it('leaves a pin that expires when GitLab stops answering, and the fleet follows its rules again', async () => {
    const fleet = await settledFleet();
    const lost = { kind: 'unknown', why: 'no answer' } as const;
    let isLost = false;
    // The pin is written, and everything after it is lost.
    const losing = (access: FleetAccess): FleetAccess => ({
      ...access,
      project: {
        ...access.project,
        create: (...args) => access.project.create(...args).finally(() => (isLost = true)),
        file: async (path) => (isLost ? lost : access.project.file(path)),
        version: async (path) => (isLost ? lost : access.project.version(path)),
      },
    });
    const late = await move(fleet, B, losing, () => fleet.kill(B));
    assert.ok(late.kind === 'late');
    assert.match(late.left ?? '', /^the pin to cluster-b may remain until .*Z and then expires$/);
    assert.equal(controlOf(fleet).pin?.cluster, B);
    await fleet.run(200);
    // A dies after the pin has expired: B, alive again, takes over by its own rules.
    fleet.revive(B);
    await fleet.run(5 * MINUTE);
    fleet.kill(A);
    assert.ok(await fleet.run(200, () => fleet.holders().join() === B));
  });

  it('removes its own pin only', async () => {
    const fleet = await settledFleet();
    let isPinned = false;
    const watching = (access: FleetAccess): FleetAccess => ({
      ...access,
      clock: {
        ...access.clock,
        sleep: async (ms) => {
          await access.clock.sleep(ms);
          if (fleet.newestTerm < 2 || isPinned) return;
          isPinned = true;
          fleet.control({ pin: { cluster: B } });
        },
      },
    });
    assert.equal((await move(fleet, B, watching)).kind, 'done');
    assert.deepEqual(controlOf(fleet).pin, { cluster: B });
  });

  it('shows the tags of each record that will change', async () => {
    const fleet = await settledFleet();
    fleet.record(A).tags.push('arm64');
    const { plan } = await planOf(fleet, B);
    assert.ok(plan.kind === 'ready');
    assert.deepEqual(plan.edits, [
      { cluster: A, record: 10, difference: '-rnd-runner' },
      { cluster: B, record: 11, difference: '+rnd-runner' },
    ]);
    await move(fleet, B);
    assert.deepEqual(fleet.record(A).tags.toSorted(), ['arm64', 'runner-a']);
  });
});

describe('a switchover is blocked', () => {
  const cases: readonly (readonly [
    string,
    (fleet: SimulatedFleet) => Promise<unknown> | void,
    string,
    Blocked['by'],
    RegExp,
  ])[] = [
    [
      'when the other cluster has no runners online',
      (fleet) => (fleet.keepOnline(B, 0), fleet.run(MINUTE)),
      B,
      'state',
      /^cluster-b cannot take the main tags: .*0\/2 online, 1 needed$/,
    ],
    [
      'when the other cluster is dead',
      (fleet) => (fleet.kill(B), fleet.run(5 * MINUTE)),
      B,
      'state',
      /^cluster-b cannot take the main tags: its checker has not renewed its lease for \d+ s$/,
    ],
    [
      'when the holder is dead',
      (fleet) => (fleet.kill(A), fleet.stopChecker(B), fleet.run(100)),
      B,
      'state',
      /^cluster-a has no valid lease \(expired \d+ s ago\), and a switchover needs two healthy clusters/,
    ],
    [
      'when the holder is unhealthy',
      (fleet) => (
        fleet.keepOnline(A, 0),
        fleet.run(MINUTE, () => /0\/2 online/.test(fleet.record(A).note ?? '') && fleet.newestTerm === 1)
      ),
      B,
      'state',
      /^cluster-a has 0\/2 runners online and needs 1, and a switchover needs two healthy clusters/,
    ],
    ['when moves are paused', (fleet) => fleet.control({ paused: true }), B, 'state', /^the fleet is paused/],
    [
      'when control.json is not valid',
      (fleet) => fleet.edit({ 'control.json': '{' }),
      B,
      'unknown',
      /^control\.json is not JSON$/,
    ],
    ['to the cluster that holds the tags', () => undefined, A, 'state', /^cluster-a holds the main tags already$/],
    [
      'when the record of the other cluster is gone',
      (fleet) => fleet.world.removeRecord(11),
      B,
      'state',
      /^cluster-b cannot take the main tags: it has no runner record$/,
    ],
    [
      'when the record of the other cluster is paused',
      (fleet) => (fleet.world.gitlab.editByHand('a person', 11, { paused: true }), fleet.run(MINUTE)),
      B,
      'state',
      /0\/2 online, 1 needed$/,
    ],
    ['while GitLab is down', (fleet) => fleet.outage(), B, 'unknown', /the connection was refused/],
  ];
  for (const [what, change, to, by, why] of cases)
    it(what, async () => {
      const fleet = await settledFleet();
      await change(fleet);
      const plan = await blocked(fleet, to);
      assert.equal(plan.by, by);
      assert.match(plan.why, why);
    });
});
