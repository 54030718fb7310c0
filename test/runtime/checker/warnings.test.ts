/** How a checker warns of tokens that expire: in its report, and in its log once a day, by the time of GitLab. */
import assert from 'node:assert/strict';
import type { Expiries, TokenExpiry } from '../../../runtime/expiries.ts';
import type { Known } from '../../../runtime/core/model/read.ts';
import { parseReport, reportPath } from '../../../runtime/core/model/report.ts';
import { PAGE_PATH } from '../../../runtime/core/page/page.ts';
import { A, B, HOUR, MINUTE, SimulatedFleet } from '../../support/simulated-fleet.ts';

const WARNING = 'the status token of cluster-a expires on 2026-01-16: pulumi up --stack cluster-a replaces it';

const expiring = (expiresOn: TokenExpiry['expiresOn']): Known<Expiries> => {
  const other: TokenExpiry = { expiresOn: '2026-12-01', madeBy: 'stack' };
  return { kind: 'known', value: { version: 1, fleet: other, sidecar: other, status: { ...other, expiresOn } } };
};

describe('a checker whose token expires', () => {
  let fleet: SimulatedFleet;
  const warned = () => fleet.warnings.filter(({ cluster, event }) => cluster === A && event === 'token-expires').length;
  const page = (): string => fleet.file(PAGE_PATH);
  const warningsOf = (name: string) => {
    const report = parseReport(name, fleet.file(reportPath(name)));
    assert.ok(report.ok);
    return report.value.warnings;
  };

  beforeEach(async () => {
    fleet = new SimulatedFleet({ pods: 1 });
    fleet.expiries.set(A, expiring('2026-01-16'));
    // Both clusters start a quarter of an hour before the last fortnight of the token.
    for (const name of [A, B]) fleet.kill(name);
    await fleet.run(23.75 * HOUR);
    for (const name of [A, B]) fleet.revive(name);
    await fleet.run(14 * MINUTE);
  });

  it('does not warn until 14 days before, by the time of GitLab', async () => {
    assert.equal(warningsOf(A), undefined);
    assert.doesNotMatch(fleet.file(reportPath(A)), /warnings/);
    await fleet.run(3 * MINUTE);
    assert.deepEqual(warningsOf(A), [WARNING]);
    assert.equal(warningsOf(B), undefined);
  });

  it('commits the warning once, logs it once, and keeps the tags', async () => {
    const before = fleet.commits.length;
    await fleet.run(HOUR);
    assert.deepEqual(fleet.commits.slice(before), [
      `cluster-a: Online 1 / Total 1 (term 1: cluster-a); ${WARNING}`,
      'Page: rnd-runner: cluster-a 1/1 (term 1)',
    ]);
    assert.equal(warned(), 1);
    assert.deepEqual(fleet.holders(), [A]);
    assert.equal(fleet.newestTerm, 1);
  });

  it('logs the warning again on the next day, also after all checkers were away', async () => {
    await fleet.run(HOUR);
    for (const name of [A, B]) fleet.kill(name);
    await fleet.run(22.75 * HOUR);
    for (const name of [A, B]) fleet.revive(name);
    await fleet.run(10 * MINUTE);
    assert.equal(warned(), 1);
    await fleet.run(10 * MINUTE);
    assert.equal(warned(), 2);
  });

  it('removes the warning when the token has been renewed', async () => {
    await fleet.run(3 * MINUTE);
    assert.equal(warned(), 1);
    fleet.expiries.set(A, expiring('2026-12-01'));
    await fleet.run(HOUR);
    assert.equal(warningsOf(A), undefined);
    assert.equal(warned(), 1);
    assert.doesNotMatch(page(), /expires/);
    assert.deepEqual(fleet.commits.slice(-2), [
      'cluster-a: Online 1 / Total 1 (term 1: cluster-a)',
      'Page: rnd-runner: cluster-a 1/1 (term 1)',
    ]);
  });

  it('shows the warnings of all clusters on the page', async () => {
    fleet.expiries.set(B, expiring('2026-01-16'));
    await fleet.run(5 * MINUTE);
    for (const name of [A, B])
      assert.match(page(), new RegExp(`^- ⚠️ \`the status token of ${name} expires on 2026-01-16: pulumi up`, 'm'));
  });

  it('shows a warning of an edited report as text, never as markup or as an end of the first line', async () => {
    const path = reportPath(B);
    const edited = { ...JSON.parse(fleet.file(path)), warnings: ['a --> <img src=x>\n# b'] } as object;
    fleet.stopChecker(B);
    fleet.edit({ [path]: JSON.stringify(edited) });
    await fleet.run(2 * MINUTE);
    assert.match(page(), /^<!-- HADR page 2: .*a –> <img src=x> # b -->\n/);
    assert.match(page(), /^- ⚠️ `a --> <img src=x> # b`$/m);
  });
});
