/** The incident: open for as long as no cluster could hold the main tags. */
import assert from 'node:assert/strict';
import { PAGE_PATH } from '../../../runtime/core/page/page.ts';
import { A, B, HOUR, MINUTE, settledFleet, type SimulatedFleet } from '../../support/simulated-fleet.ts';

const open = (fleet: SimulatedFleet): number => fleet.incidents.filter(({ closedAt }) => closedAt === undefined).length;

const makeAllUnhealthy = (fleet: SimulatedFleet): void => {
  for (const name of [A, B]) fleet.keepOnline(name, 0);
};

/** The calls of checkers for incidents from now on. */
function incidentCalls(fleet: SimulatedFleet): string[] {
  const calls: string[] = [];
  fleet.beforeCall = (_cluster, call) => void (/incidents|raise|close/.test(call) && calls.push(call));
  return calls;
}

describe('the incident', () => {
  it('is opened and notified of once when no cluster can hold the tags, and closed when one can', async () => {
    const fleet = await settledFleet();
    makeAllUnhealthy(fleet);
    await fleet.run(20 * MINUTE);
    assert.equal(fleet.incidents.length, 1);
    assert.equal(fleet.incidents[0]?.title, 'No cluster can hold rnd-runner');
    assert.match(fleet.incidents[0]?.description ?? '', /^- `cluster-a has 0\/2 runners online and needs 1`$/m);
    assert.match(
      fleet.file(PAGE_PATH),
      /^- 🚨 \*\*No cluster can hold the main tags\*\* since 2026-01-01 00:0\d:\d\dZ: /m,
    );
    assert.match(fleet.messages.at(-1) ?? '', /^No cluster can hold rnd-runner: .* `cluster-b has 0\/2 runners online/);
    assert.equal(fleet.messages.length, 2);
    fleet.keepOnline(B, 2);
    await fleet.run(20 * MINUTE);
    assert.equal(open(fleet), 0);
    assert.equal(fleet.incidents.length, 1);
    assert.deepEqual(fleet.holders(), [B]);
    assert.equal(fleet.messages.length, 4);
    assert.match(
      fleet.messages.join('\n'),
      /^rnd-runner: a cluster can hold the main tags again; the incident is closed\. .*issues\/1$/m,
    );
    assert.doesNotMatch(fleet.file(PAGE_PATH), /No cluster can hold/);
  });

  it('is not opened for times that end within a lease, however often they come', async () => {
    const fleet = await settledFleet();
    for (let time = 0; time < 10; time += 1) {
      makeAllUnhealthy(fleet);
      await fleet.run(45);
      fleet.keepOnline(A, 2);
      await fleet.run(75);
    }
    assert.equal(fleet.incidents.length, 0);
    assert.equal(fleet.messages.length, 1);
  });

  it('is opened one lease after the last cluster has become unhealthy', async () => {
    const fleet = await settledFleet();
    const { leaseSeconds, detectionSeconds, roundSeconds, startLagSeconds } = fleet.config().timing;
    makeAllUnhealthy(fleet);
    const began = fleet.ms;
    assert.ok(await fleet.run(HOUR, () => open(fleet) === 1));
    const seconds = (fleet.ms - began) / 1000;
    const most = leaseSeconds + detectionSeconds + 2 * roundSeconds + startLagSeconds;
    assert.ok(seconds >= leaseSeconds && seconds <= most, `after ${seconds} s`);
  });

  it('is opened by an unhealthy cluster when the holder has no valid lease', async () => {
    const fleet = await settledFleet();
    fleet.keepOnline(B, 0);
    await fleet.run(5 * MINUTE);
    assert.equal(fleet.incidents.length, 0);
    fleet.kill(A);
    await fleet.run(5 * MINUTE);
    assert.equal(open(fleet), 1);
    assert.match(fleet.incidents[0]?.description ?? '', /cluster-a has no valid lease \(expired \d+ s ago\)/);
  });

  for (const control of [{ paused: true }, { retired: [B] }, { pin: { cluster: A } }])
    it(`is opened when control.json keeps the only healthy cluster from the tags: ${JSON.stringify(control)}`, async () => {
      const fleet = await settledFleet();
      fleet.control(control);
      await fleet.run(MINUTE);
      assert.equal(fleet.incidents.length, 0);
      fleet.keepOnline(A, 0);
      await fleet.run(5 * MINUTE);
      assert.equal(open(fleet), 1);
    });

  it('is not opened by an ordinary move, by an outage of GitLab, nor while something is unknown', async () => {
    const fleet = await settledFleet();
    fleet.keepOnline(A, 0);
    await fleet.run(20 * MINUTE);
    assert.deepEqual(fleet.holders(), [B]);
    fleet.outage();
    await fleet.run(20 * MINUTE);
    fleet.recover();
    await fleet.run(20 * MINUTE);
    fleet.edit({ 'control.json': 'nonsense' });
    makeAllUnhealthy(fleet);
    await fleet.run(20 * MINUTE);
    assert.equal(fleet.incidents.length, 0);
  });

  it('causes no calls in ordinary rounds, and two when it is opened', async () => {
    const fleet = await settledFleet();
    const calls = incidentCalls(fleet);
    await fleet.run(20 * MINUTE);
    assert.deepEqual(calls, []);
    makeAllUnhealthy(fleet);
    await fleet.run(20 * MINUTE);
    assert.deepEqual(calls, ['incidents', 'raise']);
  });

  it('is not opened twice when the checker is killed before the page shows it', async () => {
    const fleet = await settledFleet();
    makeAllUnhealthy(fleet);
    let killed = 0;
    fleet.beforeCall = (_cluster, call) => {
      if (!call.includes(PAGE_PATH) || !call.startsWith('save') || killed >= 3) return undefined;
      killed += 1;
      return 'kill';
    };
    await fleet.run(20 * MINUTE);
    assert.equal(killed, 3);
    assert.equal(fleet.incidents.length, 1);
    assert.equal(fleet.messages.filter((text) => text.startsWith('No cluster')).length, 1);
  });

  it('is closed although no page has ever shown it', async () => {
    const fleet = await settledFleet();
    makeAllUnhealthy(fleet);
    fleet.beforeCall = (_cluster, call) =>
      call.startsWith('save') && call.includes(PAGE_PATH) && open(fleet) > 0 ? 'kill' : undefined;
    assert.ok(await fleet.run(HOUR, () => open(fleet) === 1));
    fleet.beforeCall = () => undefined;
    fleet.keepOnline(A, 2);
    await fleet.run(20 * MINUTE);
    assert.equal(open(fleet), 0);
    assert.match(fleet.messages.at(-1) ?? '', /a cluster can hold the main tags again; the incident is closed/);
    assert.doesNotMatch(fleet.file(PAGE_PATH), /No cluster can hold/);
  });

  it('is looked up once when a time without a healthy cluster ends, even if none was opened', async () => {
    const fleet = await settledFleet();
    const calls = incidentCalls(fleet);
    makeAllUnhealthy(fleet);
    await fleet.run(45);
    assert.match(fleet.file(PAGE_PATH), /No cluster can hold/);
    fleet.keepOnline(A, 2);
    await fleet.run(20 * MINUTE);
    assert.deepEqual(calls, ['incidents']);
  });

  it('stays open over an outage of GitLab', async () => {
    const fleet = await settledFleet();
    makeAllUnhealthy(fleet);
    await fleet.run(20 * MINUTE);
    fleet.outage();
    await fleet.run(20 * MINUTE);
    fleet.recover();
    await fleet.run(20 * MINUTE);
    assert.equal(open(fleet), 1);
    assert.equal(fleet.incidents.length, 1);
  });
});
