/** Two stacks of one name: the one that came first serves on, the other one gives way and says why. */
import assert from 'node:assert/strict';
import type { CheckerContext } from '../../../runtime/checker/context.ts';
import { preflight } from '../../../runtime/checker/preflight.ts';
import { round } from '../../../runtime/checker/round.ts';
import { parseReport, reportPath, type Report } from '../../../runtime/core/model/report.ts';
import { unknown } from '../../../runtime/core/model/read.ts';
import type { Runner } from '../../../lab/gitlab/model/runners.ts';
import { MAIN_TAG } from '../../../simulation/world/fleet.ts';
import type { Twin } from '../../../simulation/world/twin.ts';
import { A, B, HOUR, MINUTE, settledFleet, SimulatedFleet } from '../../support/simulated-fleet.ts';

const REPORT = reportPath(A);

/** A settled fleet, and a second stack named cluster-a whose rounds are at the test's hand. */
async function withTwin(tags: readonly string[] = []): Promise<{ fleet: SimulatedFleet; twin: Twin; record: Runner }> {
  const fleet = await settledFleet();
  const twin = fleet.world.addTwin(fleet.cluster(A), tags);
  twin.end();
  const record = fleet.world.gitlab.runner(twin.record);
  assert.ok(record);
  return { fleet, twin, record };
}

function reportIn(fleet: SimulatedFleet): Report {
  const report = parseReport(A, fleet.file(REPORT));
  assert.ok(report.ok);
  return report.value;
}

async function whyOf(fleet: SimulatedFleet, checker: CheckerContext): Promise<string> {
  const result = await fleet.during(round(checker));
  return result.kind === 'unfinished' ? result.why : result.kind;
}

const TAKEN = /^two stacks are named cluster-a: this one has runner record 12, another one has runner record 10/;

describe('two stacks of one name', () => {
  it('D8: hold the main tags on one record, and make few commits in the whole hour', async () => {
    const fleet = new SimulatedFleet();
    assert.ok(await fleet.run(MINUTE, () => fleet.files.has(REPORT)));
    const twin = fleet.world.addTwin(fleet.cluster(A));
    assert.ok(await fleet.run(5 * MINUTE, () => fleet.holders().length > 0));
    await fleet.run(2 * MINUTE);
    const commits = fleet.commits.length;
    let both = 0;
    const has = (id: number): boolean => fleet.world.gitlab.runner(id)?.tags.includes(MAIN_TAG) ?? false;
    await fleet.run(HOUR, () => {
      if (has(fleet.recordId(A)) === has(twin.record)) both += 1;
      return false;
    });
    assert.deepEqual([both, fleet.holders()], [0, [A]]);
    assert.ok(fleet.commits.length - commits <= 5, fleet.commits.join('\n'));
  });

  it('are told apart by their Deployments: the second one writes nothing, and names both records and the fix', async () => {
    const { fleet, twin, record } = await withTwin();
    const commits = fleet.commits.length;
    const why = await whyOf(fleet, twin.newChecker());
    assert.match(why, TAKEN);
    assert.match(why, /pulumi stack rename.*delete record 10 in GitLab$/);
    assert.deepEqual([record.note, record.tags], ['ask the platform team', ['runner-a']]);
    assert.equal(fleet.commits.length, commits);
    assert.equal((await fleet.round(A)).kind, 'finished');
  });

  it('the preflight of the second one fails with the same reason, and that of the first one passes', async () => {
    const { fleet, twin } = await withTwin();
    const result = await fleet.during(preflight(twin.newChecker()));
    assert.match(result.kind === 'failed' ? result.why : '', TAKEN);
    assert.deepEqual(await fleet.during(preflight(fleet.checker(A))), { kind: 'passed' });
  });

  it('the second one takes the main tags off its own record, as an earlier release left them, but not under a pause', async () => {
    const { fleet, twin, record } = await withTwin([MAIN_TAG]);
    fleet.control({ paused: true, pin: null, retired: [] });
    await whyOf(fleet, twin.newChecker());
    assert.deepEqual(record.tags, ['runner-a', MAIN_TAG]);
    fleet.control({ paused: false, pin: null, retired: [] });
    await whyOf(fleet, twin.newChecker());
    assert.deepEqual(record.tags, ['runner-a']);
    assert.deepEqual(fleet.holders(), [A]);
  });

  it('the run of the second one ends at its preflight, and its record has no main tag then', async () => {
    const fleet = await settledFleet();
    const twin = fleet.world.addTwin(fleet.cluster(A), [MAIN_TAG]);
    await fleet.run(2 * MINUTE);
    assert.deepEqual(fleet.world.gitlab.runner(twin.record)?.tags, ['runner-a']);
    assert.ok(!fleet.warnings.some(({ event }) => event === 'round-unfinished'));
  });

  for (const [what, text] of [
    ['lost', undefined],
    ['unreadable', '{'],
  ] as const)
    it(`the second one gives way while the report is ${what}, by the records that others remember`, async () => {
      const { fleet, twin } = await withTwin();
      fleet.edit({ [REPORT]: text });
      assert.match(await whyOf(fleet, twin.newChecker()), TAKEN);
      await fleet.run(2 * MINUTE);
      assert.deepEqual([fleet.holders(), reportIn(fleet).records], [[A], [10]]);
    });

  it('the second one gives way while the first one is dead: another cluster takes the tags', async () => {
    const { fleet, twin } = await withTwin();
    fleet.kill(A);
    assert.ok(await fleet.run(5 * MINUTE, () => fleet.holders().join() === B));
    assert.match(await whyOf(fleet, twin.newChecker()), TAKEN);
  });

  it('the second one gives way to a lease that is dated ahead', async () => {
    const { fleet, twin } = await withTwin();
    fleet.kill(A);
    const first = fleet.record(A);
    first.note = (first.note ?? '').replace(/, at 2026-01-01/, ', at 2026-02-01');
    assert.match(await whyOf(fleet, twin.newChecker()), TAKEN);
  });

  for (const [what, text] of [
    ['names its record', (report: string) => report],
    ['is lost', () => undefined],
    ['was overwritten', (report: string) => report.replace('10', '99')],
  ] as const)
    it(`the second one gives way while the note of the first one is empty and its report ${what}, by what two files remember`, async () => {
      const { fleet, twin, record } = await withTwin();
      fleet.kill(A);
      fleet.record(A).note = null;
      fleet.edit({ [REPORT]: text(fleet.file(REPORT)) });
      assert.match(await whyOf(fleet, twin.newChecker()), TAKEN);
      assert.equal(record.note, 'ask the platform team');
    });

  it('the second one takes the name once the record of the first one is deleted', async () => {
    const { fleet, twin } = await withTwin();
    fleet.kill(A);
    fleet.world.removeRecord(fleet.recordId(A));
    assert.equal(await whyOf(fleet, twin.newChecker()), 'finished');
    assert.deepEqual(reportIn(fleet).records, [twin.record]);
  });

  it('the one that is in touch for longer keeps the name, where the other one wrote the report while it was lost', async () => {
    const { fleet, twin, record } = await withTwin();
    const report = { ...reportIn(fleet), records: [twin.record], deployments: ['another cluster/runner'] };
    fleet.edit({ [REPORT]: JSON.stringify(report) });
    record.note = (fleet.record(A).note ?? '').replace(/in touch since [^,]+/, 'in touch since 2026-01-01T00:02:59Z');
    assert.equal((await fleet.round(A)).kind, 'finished');
    assert.deepEqual(reportIn(fleet).records, [10]);
    assert.match(await whyOf(fleet, twin.newChecker()), TAKEN);
  });

  it('cannot be told apart while the report and what others remember are unknown: the second one writes nothing', async () => {
    const { fleet, twin, record } = await withTwin();
    const checker = twin.newChecker();
    const { project } = checker;
    const file: typeof project.file = async (path) =>
      /^(terms|status)/.test(path) ? unknown('404 Commit Not Found') : project.file(path);
    const why = await whyOf(fleet, { ...checker, project: { ...project, file } });
    assert.match(why, /^another stack may be named cluster-a: 404 Commit Not Found/);
    assert.equal(record.note, 'ask the platform team');
  });

  it('cannot be told apart while GitLab does not show the other record: the second one writes nothing', async () => {
    const { fleet, twin, record } = await withTwin();
    const checker = twin.newChecker();
    const { records } = checker;
    const read: typeof records.read = async (id) => (id === 10 ? unknown('503') : records.read(id));
    const why = await whyOf(fleet, { ...checker, records: { ...records, read } });
    assert.match(why, /^record 10 may be of another stack named cluster-a: 503/);
    assert.equal(record.note, 'ask the platform team');
  });
});

describe('not a second stack of the name', () => {
  it('I5: is a record that Pulumi replaces while pods of the old one run on: the Deployment is the same', async () => {
    const fleet = await settledFleet();
    const cluster = fleet.cluster(A);
    const old = cluster.record;
    cluster.record = fleet.world.newRecord(A);
    cluster.rollOut();
    await fleet.run(MINUTE);
    assert.deepEqual(reportIn(fleet).records, [cluster.record]);
    fleet.world.removeRecord(old);
    await fleet.run(10 * MINUTE);
    assert.deepEqual([fleet.holders(), fleet.newestTerm], [[A], 1]);
  });

  for (const [what, id] of [
    ['another cluster’s record', 11],
    ['a record that the token may not read', 999],
  ] as const)
    it(`I12: is a stranger who wrote a report that names ${what}`, async () => {
      const fleet = await settledFleet();
      const report = { ...reportIn(fleet), records: [id], deployments: ['of a stranger'] };
      fleet.edit({ [REPORT]: JSON.stringify(report) });
      const checker = fleet.checker(A);
      const { records } = checker;
      const read: typeof records.read = async (asked) =>
        asked === 999 ? { ...unknown('403 Forbidden'), forbidden: true } : records.read(asked);
      assert.equal(await whyOf(fleet, { ...checker, records: { ...records, read } }), 'finished');
      assert.deepEqual(reportIn(fleet).records, [10]);
    });

  it('I12: is a record without a lease that only the report of one other cluster calls a record of this one', async () => {
    const fleet = await settledFleet();
    const strange = fleet.world.newRecord(A);
    const other = parseReport(B, fleet.file(reportPath(B)));
    assert.ok(other.ok);
    const hostile = JSON.stringify({ ...other.value, rivals: { [A]: [strange] } });
    fleet.edit({ [REPORT]: undefined, [reportPath(B)]: hostile, 'terms/1.json': undefined });
    fleet.record(A).note = null;
    assert.equal(await whyOf(fleet, fleet.checker(A)), 'finished');
  });

  it('is a record that Pulumi replaces while the report is lost and the note is empty: others remember the new one', async () => {
    const fleet = await settledFleet();
    const cluster = fleet.cluster(A);
    cluster.record = fleet.world.newRecord(A);
    cluster.rollOut();
    await fleet.run(MINUTE);
    fleet.edit({ [REPORT]: undefined });
    fleet.record(A).note = null;
    assert.equal(await whyOf(fleet, fleet.checker(A)), 'finished');
  });

  it('is a report of an earlier release, which names no Deployments', async () => {
    const fleet = await settledFleet();
    fleet.edit({ [REPORT]: JSON.stringify({ ...reportIn(fleet), records: [11], deployments: undefined }) });
    assert.equal((await fleet.round(A)).kind, 'finished');
  });
});
