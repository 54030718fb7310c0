/** What a fleet of checkers makes of missing files: an absence needs proof before anything moves. */
import assert from 'node:assert/strict';
import { parseReport, reportPath } from '../../../runtime/core/model/report.ts';
import { A, B, HOUR, MINUTE, settledFleet, SimulatedFleet } from '../../support/simulated-fleet.ts';

describe('a fleet whose files are lost', () => {
  it('A1: keeps the holder when its report and the newest term are lost and its checker is pending', async () => {
    const fleet = await settledFleet();
    fleet.stopChecker(A);
    fleet.edit({ [reportPath(A)]: undefined, 'terms/1.json': undefined });
    await fleet.run(0.9 * HOUR);
    assert.deepEqual(fleet.holders(), [A], 'its managers answer the roll call');
  });

  it('A1: knows the records of each rival from its own report, which earlier releases can read', async () => {
    const fleet = await settledFleet();
    const report = parseReport(B, fleet.file(reportPath(B)));
    assert.ok(report.ok);
    assert.deepEqual(report.value.rivals, { [A]: [fleet.recordId(A)] });
  });

  it('A1: believes that a holder is gone only where it knows one of its record ids', async () => {
    const fleet = await settledFleet();
    fleet.stopChecker(A);
    const paths = [...fleet.files.keys()].filter((path) => path !== 'README.md');
    fleet.edit(Object.fromEntries(paths.map((path) => [path, undefined])));
    await fleet.run(HOUR);
    assert.deepEqual(fleet.holders(), [A]);
  });

  it('A2: moves nothing and makes no term while GitLab shows no files', async () => {
    const fleet = await settledFleet();
    const files = Object.fromEntries(fleet.files);
    const hide = (): void => fleet.edit(Object.fromEntries(Object.keys(files).map((path) => [path, undefined])));
    fleet.beforeCall = (_, call) => {
      if (call.startsWith('file')) hide();
    };
    await fleet.run(4 * MINUTE);
    assert.ok(fleet.newestTerm <= 1);
    fleet.beforeCall = () => undefined;
    fleet.edit(files);
    await fleet.run(HOUR);
    assert.deepEqual([fleet.holders(), fleet.newestTerm], [[A], 1]);
  });

  it('A3: obeys a pause that was set before GitLab shows no files, also when the holder dies meanwhile', async () => {
    const fleet = await settledFleet();
    fleet.control({ paused: true });
    await fleet.run(MINUTE);
    fleet.outage({ kind: 'gitaly-down' });
    fleet.kill(A);
    await fleet.run(10 * MINUTE);
    fleet.recover();
    await fleet.run(HOUR);
    assert.deepEqual([fleet.holders(), fleet.newestTerm], [[A], 1]);
    fleet.control({ paused: false });
    assert.ok(await fleet.run(5 * MINUTE, () => fleet.holders().join() === B));
  });

  it('A2: claims the first term only when the record of no other cluster has a main tag', async () => {
    const fleet = new SimulatedFleet();
    fleet.record(B).tags.push('rnd-runner');
    await fleet.run(30);
    fleet.kill(B);
    await fleet.run(HOUR);
    assert.equal(fleet.newestTerm, 0);
    fleet.revive(B);
    assert.ok(await fleet.run(HOUR, () => fleet.newestTerm === 1));
    assert.deepEqual(fleet.holders(), [B]);
  });

  it('A2: claims no first term while GitLab does not show the record of a cluster whose report is lost', async () => {
    const fleet = new SimulatedFleet();
    await fleet.run(30);
    fleet.kill(A);
    assert.ok(await fleet.run(HOUR, () => fleet.holders().join() === B));
    fleet.stopChecker(B);
    fleet.edit({ [reportPath(B)]: undefined, 'terms/1.json': undefined });
    fleet.outage({ kind: 'error-500', pathPrefix: `/runners/${fleet.recordId(B)}` });
    fleet.revive(A);
    await fleet.run(0.2 * HOUR);
    assert.equal(fleet.newestTerm, 0);
    fleet.recover();
    await fleet.run(HOUR);
    assert.deepEqual(fleet.holders(), [B]);
  });
});
