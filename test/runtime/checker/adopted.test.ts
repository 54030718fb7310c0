/** Clusters whose runners were there before HADR: without sidecars only GitLab shows whether they ask for jobs. */
import assert from 'node:assert/strict';
import { adoptedDetectionSeconds, bounds, DEFAULT_TIMING } from '../../../runtime/timing.ts';
import { termOf } from '../../support/operators.ts';
import { A, B, HOUR, MINUTE, settledFleet, type SimulatedFleet } from '../../support/simulated-fleet.ts';

const BOUND = bounds(
  { ...DEFAULT_TIMING, detectionSeconds: adoptedDetectionSeconds(DEFAULT_TIMING) },
  2,
).unhealthySeconds;

const onlineOf = (fleet: SimulatedFleet, name: string): string =>
  /\d+\/\d+(?= online)/.exec(fleet.record(name).note ?? '')?.[0] ?? '';

const hang = (fleet: SimulatedFleet, count: number): void => {
  for (const pod of fleet.cluster(A).pods.slice(0, count)) pod.manager.hang();
};

describe('a fleet of adopted runners', () => {
  let fleet: SimulatedFleet;
  let calls: string[];

  beforeEach(async () => {
    fleet = await settledFleet({ adopted: true });
    calls = [];
    fleet.beforeCall = (cluster, call) => void calls.push(`${cluster} ${call}`);
  });

  const managersAsked = (): string[] => calls.filter((call) => call.startsWith(`${A} managers`));

  it('reads the managers of its own record once in a round', async () => {
    fleet.stopChecker(A);
    await fleet.round(A);
    assert.deepEqual(managersAsked(), [`${A} managers ${fleet.recordId(A)}`]);
  });

  it('reads no managers of its own record where the stack started the runners', async () => {
    fleet = await settledFleet();
    fleet.beforeCall = (cluster, call) => void calls.push(`${cluster} ${call}`);
    await fleet.run(MINUTE);
    assert.ok(calls.length > 0);
    assert.deepEqual(managersAsked(), []);
  });

  it('moves the tag away from runners that hang in ready pods, within the guaranteed time', async () => {
    hang(fleet, 2);
    assert.ok(await fleet.run(BOUND, () => fleet.holders().join() === B), 'the tag did not move');
    assert.equal(termOf(fleet, 2).ground, 'unhealthy');
    assert.equal(onlineOf(fleet, A), '0/2');
    const warned = fleet.warnings.find(({ cluster, event }) => cluster === A && event === 'managers-not-polling');
    const { record, heard, ready } = warned?.fields ?? {};
    assert.deepEqual([record, heard, ready], [fleet.recordId(A), 0, 2]);
  });

  it('counts one of two runners that hangs, and leaves the tag where half is enough', async () => {
    hang(fleet, 1);
    await fleet.run(BOUND);
    assert.deepEqual([onlineOf(fleet, A), fleet.holders()], ['1/2', [A]]);
  });

  it('calls no second roll for what its lease says already', async () => {
    hang(fleet, 1);
    await fleet.run(BOUND);
    calls.length = 0;
    await fleet.run(45);
    assert.deepEqual(
      calls.filter((call) => call.startsWith(A) && call.includes('description')),
      [],
    );
  });

  it('counts its runners as online after an outage of an hour, as long as GitLab hears no cluster', async () => {
    fleet.outage();
    await fleet.run(HOUR);
    fleet.stopChecker(A);
    fleet.recover();
    await fleet.round(A);
    assert.equal(onlineOf(fleet, A), '2/2');
    fleet.startChecker(A);
    await fleet.run(5 * MINUTE);
    assert.deepEqual([fleet.holders(), fleet.newestTerm], [[A], 1]);
  });

  it('calls the roll before it counts runners that GitLab has not heard while the checker was away', async () => {
    fleet.stopChecker(B);
    await fleet.run(5 * MINUTE);
    calls.length = 0;
    await fleet.round(B);
    assert.equal(onlineOf(fleet, B), '2/2');
    assert.ok(calls.includes(`${B} write ${fleet.recordId(B)} description`));
  });

  /** GitLab answers 429 with a Retry-After of a minute. The result ends it. */
  const limit = (token?: string): (() => void) => {
    const { faults } = fleet.world.gitlab.model;
    const fault = { kind: 'runner-limit', token } as const;
    faults.add(fault);
    return () => faults.remove(fault);
  };
  const isUnmoved = (): void =>
    assert.deepEqual([onlineOf(fleet, A), fleet.holders(), fleet.newestTerm], ['2/2', [A], 1]);

  it('keeps the tag while GitLab limits the runners of the holder for 70 s', async () => {
    const end = limit(A);
    await fleet.run(70);
    end();
    await fleet.run(5 * MINUTE);
    isUnmoved();
  });

  it('keeps the tag after a limit on all runners, while those of the holder wait for a minute longer than the others', async () => {
    // The tries of the holder's runners come 50 s after those of the others, for as long as the limit lasts.
    const ends = [limit(A)];
    await fleet.run(10);
    ends.push(limit());
    await fleet.run(298);
    for (const end of ends) end();
    // The last lease from before its runners are heard again stays fresh.
    await fleet.run(40);
    fleet.stopChecker(A);
    await fleet.run(45);
    fleet.startChecker(A);
    await fleet.run(2 * MINUTE);
    isUnmoved();
  });

  for (const [what, fault] of [
    ['their managers cannot be read', { method: 'GET', pathPrefix: '/runners/10/managers' }],
    ['their roll cannot be called', { method: 'PUT', pathPrefix: '/runners/10' }],
  ] as const)
    it(`does not renew the lease where ${what}`, async () => {
      fleet.stopChecker(A);
      hang(fleet, 2);
      await fleet.run(210);
      const before = fleet.record(A).note;
      fleet.outage({ kind: 'down', token: A, ...fault });
      const result = await fleet.round(A);
      assert.equal(result.kind, 'unfinished');
      assert.match(result.kind === 'unfinished' ? result.why : '', /this cluster's runners cannot be counted/);
      assert.equal(fleet.record(A).note, before);
    });

  it('counts full runners as online, because their jobs report once a minute', async () => {
    fleet.fill(A, HOUR);
    await fleet.run(10 * MINUTE);
    assert.deepEqual([onlineOf(fleet, A), fleet.holders(), fleet.newestTerm], ['2/2', [A], 1]);
  });
});
