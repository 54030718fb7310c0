/** How a checker warns of tokens that expire: in its report, and in its log once a day, by GitLab's time. */
import assert from 'node:assert/strict';
import type { Expiries, TokenExpiry } from '../../../runtime/config.ts';
import type { Known } from '../../../runtime/core/answer.ts';
import { parseReport, reportPath } from '../../../runtime/core/files.ts';
import { World } from '../../support/world.ts';

const A = 'cluster-a';
const DAY = 86_400;
const WARNING =
  'the status token of cluster-a expires on 2026-01-16: pulumi up --stack cluster-a makes another in its place';

const expiring = (expiresOn: TokenExpiry['expiresOn']): Known<Expiries> => {
  const other: TokenExpiry = { expiresOn: '2026-12-01', madeBy: 'stack' };
  return { kind: 'known', value: { version: 1, fleet: other, sidecar: other, status: { ...other, expiresOn } } };
};

describe('a checker whose token expires', () => {
  let world: World;
  const warned = () => world.warnings.filter((line) => line === `${A}: ${WARNING}`).length;
  const warningsOf = (name: string) => {
    const report = parseReport(name, world.files.get(reportPath(name)) ?? '');
    assert.ok(report.ok);
    return report.value.warnings;
  };

  beforeEach(async () => {
    // The world begins with 2026: 15 days before the token's end.
    world = new World([A, 'cluster-b'], { preferred: A });
    world.cluster(A).expiries = expiring('2026-01-16');
    await world.run(DAY - 60);
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
    await world.run(3 * DAY);
    const commits = world.commits.slice(before);
    assert.deepEqual(commits, [`cluster-a: Online 2 / Total 2 (term 1: cluster-a); ${WARNING}`]);
    assert.equal(warned(), 3);
    assert.deepEqual(world.holders(), [A]);
    assert.equal(world.newestTerm, 1);
  });

  it('takes it back when the token has been renewed', async () => {
    await world.run(DAY);
    world.cluster(A).expiries = expiring('2026-12-01');
    const before = warned();
    await world.run(2 * DAY);
    assert.equal(warningsOf(A), undefined);
    assert.equal(warned(), before);
    assert.equal(world.commits.at(-1), 'cluster-a: Online 2 / Total 2 (term 1: cluster-a)');
  });
});
