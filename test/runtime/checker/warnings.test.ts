/** How a checker warns of tokens that expire: in its report, and in its log once a day, by GitLab's time. */
import assert from 'node:assert/strict';
import type { Expiries, TokenExpiry } from '../../../runtime/expiries.ts';
import type { Known } from '../../../runtime/core/model/read.ts';
import { parseReport, reportPath } from '../../../runtime/core/model/report.ts';
import { PAGE_PATH } from '../../../runtime/core/page/page.ts';
import { World } from '../../support/world.ts';

const A = 'cluster-a';
const DAY = 86_400;
const WARNING = 'the status token of cluster-a expires on 2026-01-16: pulumi up --stack cluster-a replaces it';

const expiring = (expiresOn: TokenExpiry['expiresOn']): Known<Expiries> => {
  const other: TokenExpiry = { expiresOn: '2026-12-01', madeBy: 'stack' };
  return { kind: 'known', value: { version: 1, fleet: other, sidecar: other, status: { ...other, expiresOn } } };
};

describe('a checker whose token expires', () => {
  let world: World;
  const warned = () => world.warnings.filter(({ cluster, event }) => cluster === A && event === 'token-expires').length;
  const page = (): string => world.files.get(PAGE_PATH) ?? '';
  const warningsOf = (name: string) => {
    const report = parseReport(name, world.files.get(reportPath(name)) ?? '');
    assert.ok(report.ok);
    return report.value.warnings;
  };

  beforeEach(async () => {
    world = new World([A, 'cluster-b'], { preferred: A });
    world.cluster(A).expiries = expiring('2026-01-16');
    // A quarter of an hour before the last fortnight of the token.
    world.ms = Date.parse('2026-01-01T23:45:00Z');
    await world.run(890);
  });

  it('says nothing until 14 days before, by GitLab’s time', async () => {
    assert.equal(warningsOf(A), undefined);
    assert.doesNotMatch(world.files.get(reportPath(A)) ?? '', /warnings/);
    await world.run(120);
    assert.deepEqual(warningsOf(A), [WARNING]);
    assert.equal(warningsOf('cluster-b'), undefined);
  });

  it('commits it once, says it in the log once a day, and holds the tags as ever', async () => {
    const before = world.commits.length;
    await world.run(DAY + 60);
    assert.deepEqual(world.commits.slice(before), [
      `cluster-a: Online 2 / Total 2 (term 1: cluster-a); ${WARNING}`,
      'Page: rnd-runner: cluster-a 2/2 (term 1)',
    ]);
    assert.equal(warned(), 2);
    assert.deepEqual(world.holders(), [A]);
    assert.equal(world.newestTerm, 1);
  });

  it('takes it back when the token has been renewed', async () => {
    await world.run(60);
    assert.equal(warned(), 1);
    world.cluster(A).expiries = expiring('2026-12-01');
    await world.run(DAY);
    assert.equal(warningsOf(A), undefined);
    assert.equal(warned(), 1);
    assert.doesNotMatch(page(), /expires/);
    assert.deepEqual(world.commits.slice(-2), [
      'cluster-a: Online 2 / Total 2 (term 1: cluster-a)',
      'Page: rnd-runner: cluster-a 2/2 (term 1)',
    ]);
  });

  it('shows it on the page, and so does the holder where it is another cluster’s', async () => {
    world.cluster('cluster-b').expiries = expiring('2026-01-16');
    await world.run(180);
    for (const name of ['cluster-a', 'cluster-b'])
      assert.match(page(), new RegExp(`^- ⚠️ \`the status token of ${name} expires on 2026-01-16: pulumi up`, 'm'));
  });

  it('lets no warning of an edited report become markup, or end the page’s first line', async () => {
    const path = reportPath('cluster-b');
    const edited = { ...JSON.parse(world.files.get(path) ?? ''), warnings: ['a --> <img src=x>\n# b'] } as object;
    world.cluster('cluster-b').checkerAlive = false;
    world.files.set(path, JSON.stringify(edited));
    await world.run(60);
    assert.match(page(), /^<!-- HADR page 2: .*a –> <img src=x> # b -->\n/);
    assert.match(page(), /^- ⚠️ `a --> <img src=x> # b`$/m);
  });
});
