/** Commands and a destroy while GitLab's repositories do not answer: each file is `404 Commit Not Found`, whether it is there or not. */
import assert from 'node:assert/strict';
import { connectGitLab } from '../../../runtime/adapters/gitlab/connect.ts';
import { systemClock } from '../../../runtime/adapters/process/clock.ts';
import { doctorSchema } from '../../../runtime/cli/commands/doctor.ts';
import { statusSchema } from '../../../runtime/cli/commands/status-view.ts';
import { policySchema, timingSchema } from '../../../runtime/config.ts';
import { leave } from '../../../runtime/operator/leave.ts';
import { A, B, startFleet, type Fleet } from './fleet.ts';

const CAUSE = /404 Commit Not Found/;

describe('hadr while the repository of the status project does not answer', function () {
  this.timeout(60_000);
  let fleet: Fleet;
  before(async () => void (fleet = await startFleet()));
  after(() => fleet.close());
  beforeEach(() => fleet.gitlab.model.faults.add({ kind: 'gitaly-down', token: 'root' }));
  afterEach(() => fleet.gitlab.model.faults.clear());

  it('A5: status ends with 4, calls the holder unknown and names the cause', async () => {
    const { code, data } = await fleet.json('status');
    const { health, reasons } = statusSchema.parse(data);
    assert.deepEqual([code, health], [4, 'unknown']);
    for (const subject of ['control.json', 'the newest term', `the report of ${A}`, `the report of ${B}`])
      assert.ok(
        reasons.some((reason) => reason.startsWith(`${subject}: `) && CAUSE.test(reason)),
        subject,
      );
    const { out } = await fleet.hadr('status');
    assert.match(out, /^rnd-runner: the holder is unknown\n/);
    assert.doesNotMatch(out, /never reported|no cluster has/);
  });

  it('A5: history and explain end with 4 and the cause, not with an empty list', async () => {
    for (const args of ['history', 'history -o json', 'explain 1']) {
      const { code, out, err } = await fleet.hadr(args);
      assert.deepEqual([code, out], [4, ''], args);
      assert.match(err, /^hadr: the newest term is unknown: .*404 Commit Not Found.*\n$/, args);
    }
  });

  for (const args of [
    'pause',
    'unpin',
    `pin --to ${B}`,
    `switchover --to ${B} --yes`,
    `failover --to ${B} --force --yes`,
  ])
    it(`changes nothing: hadr ${args}`, async () => {
      const before = fleet.acts();
      const { code, err } = await fleet.hadr(args);
      assert.equal(code, 4, err);
      assert.match(err, CAUSE);
      assert.match(err, /Nothing was changed\.\n$/);
      assert.deepEqual(fleet.acts(), before);
    });

  it('doctor tells an unreachable repository from an empty one', async () => {
    const findingsOf = async (args: string) => {
      const { code, data } = await fleet.json(args);
      const { findings } = doctorSchema.parse(data);
      return { code, of: (check: string) => findings.find((finding) => finding.check === check) };
    };
    const down = await findingsOf('doctor');
    assert.equal(down.of('branch main')?.level, 'unknown');
    assert.match(down.of('branch main')?.found ?? '', /500/);
    assert.equal(down.of('newest term')?.level, 'unknown');
    fleet.gitlab.model.faults.clear();
    fleet.gitlab.model.access.addProject(fleet.gitlab.groupId, 'bare', 'bare');
    const empty = await findingsOf('doctor --status-project platform/bare');
    assert.equal(empty.of('branch main')?.level, 'wrong');
    assert.match(
      empty.of('branch main')?.found ?? '',
      /it does not exist: the repository is empty, or the branch has another name/,
    );
  });

  it('A4: a destroy of the holder is refused, and so is one of the other cluster', async () => {
    const { records, project, close } = connectGitLab({
      url: fleet.gitlab.url,
      token: () => Promise.resolve(fleet.token),
      requestSeconds: 5,
      clock: systemClock,
    });
    const before = fleet.acts();
    for (const cluster of [A, B]) {
      const left = await leave({
        config: {
          cluster,
          fleet: [A, B],
          mainTags: ['rnd-runner'],
          policy: policySchema.parse({}),
          timing: timingSchema.parse({}),
        },
        records,
        project: project(fleet.project, 'main'),
        clock: systemClock,
        say: () => undefined,
      });
      assert.equal(left.kind, 'refused');
      assert.match(
        left.sentence,
        new RegExp(
          `^it is unknown whether ${cluster} holds rnd-runner: .*404 Commit Not Found.* Fix this and run the command again\\.$`,
        ),
      );
    }
    close();
    assert.deepEqual(fleet.acts(), before);
  });
});
