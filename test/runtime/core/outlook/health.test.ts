/** The health of a fleet, as status and the alerts show it. */
import assert from 'node:assert/strict';
import { healthOf } from '../../../../runtime/core/outlook/health.ts';
import { readFleet } from '../../../../runtime/fleet/read-fleet.ts';
import { A, B, MINUTE, settledFleet, SimulatedFleet } from '../../../support/simulated-fleet.ts';

const judge = async (fleet: SimulatedFleet) =>
  healthOf(await fleet.during(readFleet(fleet.operator())), fleet.config());

describe('the health of a fleet', () => {
  it('is ok when all clusters are healthy and could hold the tags', async () => {
    assert.deepEqual(await judge(await settledFleet()), { health: 'ok', reasons: [] });
  });

  const cases: readonly (readonly [string, (fleet: SimulatedFleet) => Promise<unknown> | void, string, RegExp])[] = [
    [
      'a runner pod is not ready',
      (fleet) => (fleet.keepOnline(B, 1), fleet.run(MINUTE)),
      'degraded',
      /^cluster-b has 1\/2 runners online$/,
    ],
    [
      'no other cluster could take over',
      (fleet) => (fleet.kill(B), fleet.run(5 * MINUTE)),
      'degraded',
      /no other cluster could take over: cluster-b has no valid lease/,
    ],
    ['it is paused', (fleet) => fleet.control({ paused: true }), 'degraded', /^paused: nothing moves/],
    [
      'it is pinned',
      (fleet) => fleet.control({ pin: { cluster: A } }),
      'degraded',
      /^pinned to cluster-a: no other cluster takes over/,
    ],
    ['a cluster is retired', (fleet) => fleet.control({ retired: [B] }), 'degraded', /cluster-b is retired/],
    [
      'another cluster than the term names has the tags',
      (fleet) => {
        fleet.record(A).tags = ['runner-a'];
        fleet.record(B).tags.push('rnd-runner');
      },
      'degraded',
      /^cluster-b has the main tags, and the newest term names cluster-a$/,
    ],
    [
      'no record has the tags',
      (fleet) => void (fleet.record(A).tags = ['runner-a']),
      'no holder',
      /^no cluster has rnd-runner$/,
    ],
    [
      'two clusters have the tags',
      (fleet) => void fleet.record(B).tags.push('rnd-runner'),
      'two holders',
      /^cluster-a and cluster-b have rnd-runner$/,
    ],
    [
      'control.json is not valid',
      (fleet) => fleet.edit({ 'control.json': '{' }),
      'unknown',
      /^control\.json: control\.json is not JSON$/,
    ],
    [
      'the file of the newest term is lost',
      (fleet) => fleet.edit({ 'terms/1.json': undefined }),
      'unknown',
      /^the newest term: term 1 is known, but terms\/1\.json does not exist$/,
    ],
    ['GitLab is down', (fleet) => fleet.outage(), 'unknown', /the connection was refused/],
    [
      'GitLab shows the note of no record',
      (fleet) => [A, B].forEach((name) => (fleet.record(name).note = null)),
      'unknown',
      /^no lease can be seen/,
    ],
  ];
  for (const [what, change, health, reason] of cases)
    it(`is ${health} when ${what}`, async () => {
      const fleet = await settledFleet();
      await change(fleet);
      const judgement = await judge(fleet);
      assert.equal(judgement.health, health, judgement.reasons.join('; '));
      assert.ok(
        judgement.reasons.some((text) => reason.test(text)),
        judgement.reasons.join('; '),
      );
    });

  it('is no holder before the first term', async () => {
    const judgement = await judge(new SimulatedFleet());
    assert.equal(judgement.health, 'no holder');
    assert.ok(judgement.reasons.includes('cluster-a has never reported'));
  });
});
