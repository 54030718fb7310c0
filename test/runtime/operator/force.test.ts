/** A forced failover: a term that a person writes, and which the living checkers follow. */
import assert from 'node:assert/strict';
import { planForced, type Blocked, type ForcedMove } from '../../../runtime/core/outlook/plan-move.ts';
import { replay } from '../../../runtime/core/decision/replay.ts';
import type { FleetAccess } from '../../../runtime/fleet/access.ts';
import { readFleet } from '../../../runtime/fleet/read-fleet.ts';
import { force } from '../../../runtime/operator/force.ts';
import { termOf } from '../../support/operators.ts';
import { A, B, HOUR, MINUTE, settledFleet, type SimulatedFleet } from '../../support/simulated-fleet.ts';

const NEVER = new AbortController().signal;

async function planOf(fleet: SimulatedFleet, to: string, access: FleetAccess = fleet.operator()) {
  return planForced(await fleet.during(readFleet(access)), to, access.config);
}

async function ready(fleet: SimulatedFleet, to: string): Promise<ForcedMove> {
  const plan = await planOf(fleet, to);
  assert.ok(plan.kind === 'ready', JSON.stringify(plan));
  return plan;
}

async function blocked(fleet: SimulatedFleet, to: string): Promise<Blocked> {
  const plan = await planOf(fleet, to);
  assert.ok(plan.kind === 'blocked', JSON.stringify(plan));
  return plan;
}

const forceBy = (fleet: SimulatedFleet, plan: ForcedMove, access = fleet.operator()) =>
  fleet.during(force(access, plan, 'root forced it', () => 0.5, NEVER));

describe('a forced failover', () => {
  it('writes one term, and the living checkers move the tags', async () => {
    const fleet = await settledFleet();
    // The checker of B cannot count its pods, so it never claims: the API of its Kubernetes is away, its runners work.
    fleet.stopChecker(B);
    await fleet.run(2 * MINUTE);
    const plan = await ready(fleet, B);
    assert.match(
      plan.risks.join('\n'),
      /cluster-b has no valid lease \(expired \d+ s ago\): it is unknown whether its runners take jobs/,
    );
    const done = await forceBy(fleet, plan);
    assert.deepEqual([done.kind, fleet.holders(), fleet.newestTerm], ['done', [B], 2]);
    const term = termOf(fleet, 2);
    assert.deepEqual([term.ground, term.holder, term.previous], ['forced', B, A]);
    assert.ok(fleet.commits.includes('Term 2: cluster-b takes the main tags from cluster-a (forced: root forced it)'));
    assert.equal(replay(term).kind, 'forced');
    // The runners of B answer the roll call of A's checker, so B stays the holder.
    await fleet.run(HOUR);
    assert.deepEqual([fleet.holders(), fleet.newestTerm], [[B], 2]);
  });

  it('reports that the rules moved the tags back from an unhealthy cluster', async () => {
    const fleet = await settledFleet();
    fleet.keepOnline(B, 0);
    await fleet.run(MINUTE);
    const plan = await ready(fleet, B);
    assert.match(plan.risks.join('\n'), /may not hold them by the rules \(0\/2 online, 1 needed\)/);
    const access = fleet.operator();
    // This command reads so seldom that all of it happens between two of its reads.
    const clock = { ...access.clock, sleep: (ms: number) => access.clock.sleep(Math.max(ms, 80_000)) };
    const undone = await forceBy(fleet, plan, { ...access, clock });
    assert.deepEqual(undone, { kind: 'undone', term: 2, holder: A, by: 3 });
    assert.equal(termOf(fleet, 3).ground, 'unhealthy');
  });

  it('claims nothing when another cluster claimed first', async () => {
    const fleet = await settledFleet();
    fleet.stopChecker(B);
    await fleet.run(2 * MINUTE);
    const plan = await ready(fleet, B);
    fleet.edit({ 'terms/2.json': fleet.file('terms/1.json').replace('"number": 1', '"number": 2') });
    const lost = await forceBy(fleet, plan);
    assert.deepEqual(lost, { kind: 'not-claimed', why: 'term 2 was claimed by cluster-a meanwhile' });
  });

  it('warns about a record that cannot be read, because the tags cannot follow before', async () => {
    const fleet = await settledFleet();
    const access = fleet.operator();
    const records = {
      ...access.records,
      read: async (id: number) =>
        id === 10 ? { kind: 'unknown' as const, why: 'GET /runners/10: 500' } : access.records.read(id),
    };
    const plan = await planOf(fleet, B, { ...access, records });
    assert.ok(plan.kind === 'ready', JSON.stringify(plan));
    assert.match(
      plan.risks.join('\n'),
      /No checker moves a tag until GitLab shows every record again \(record 10 of cluster-a: GET \/runners\/10: 500\)/,
    );
  });
});

describe('a forced failover is blocked', () => {
  const cases: readonly (readonly [string, (fleet: SimulatedFleet) => Promise<unknown> | void, string, RegExp])[] = [
    ['when a switchover is possible', () => undefined, B, /^both clusters are healthy: hadr switchover --to cluster-b/],
    [
      'when no checker is alive',
      (fleet) => (fleet.kill(A), fleet.kill(B), fleet.run(5 * MINUTE)),
      B,
      /^no checker works, and a term alone moves no tag; start a checker with: kubectl create job/,
    ],
    ['when the fleet is paused', (fleet) => fleet.control({ paused: true }), B, /^the fleet is paused/],
    ['when the cluster is retired', (fleet) => fleet.control({ retired: [B] }), B, /^cluster-b is retired/],
    [
      'when the tags are pinned to another cluster',
      (fleet) => fleet.control({ pin: { cluster: A } }),
      B,
      /^the main tags are pinned to cluster-a/,
    ],
    ['when the cluster holds the tags', () => undefined, A, /^cluster-a holds the main tags already$/],
    ['while GitLab is down', (fleet) => fleet.outage(), B, /the connection was refused/],
    [
      'when GitLab does not show the lease of the cluster',
      (fleet) => {
        fleet.stopChecker(B);
        fleet.record(B).note = null;
      },
      B,
      /^cluster-b is unknown: its record shows no note/,
    ],
  ];
  for (const [what, change, to, why] of cases)
    it(what, async () => {
      const fleet = await settledFleet();
      await change(fleet);
      assert.match((await blocked(fleet, to)).why, why);
    });
});
