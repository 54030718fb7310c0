/** Commands and a destroy while GitLab's repositories do not answer: each file is `404 Commit Not Found`, whether it is there or not. */
import assert from 'node:assert/strict';
import { connectGitLab } from '../../../runtime/adapters/gitlab/connect.ts';
import { doctorSchema } from '../../../runtime/cli/commands/doctor.ts';
import { statusSchema } from '../../../runtime/cli/commands/status-view.ts';
import { policySchema, timingSchema } from '../../../runtime/config.ts';
import { leave } from '../../../runtime/operator/leave.ts';
import { PROJECT } from '../../../simulation/world/gitlab.ts';
import { A, B } from '../../support/simulated-fleet.ts';
import { GROUP, openTerminal, type Terminal } from '../../support/terminal.ts';

const CAUSE = /404 Commit Not Found/;

describe('hadr while the repository of the status project does not answer', function () {
  this.timeout(60_000);
  let terminal: Terminal;
  before(async () => void (terminal = await openTerminal()));
  after(() => terminal?.close());
  beforeEach(() => terminal.model.faults.add({ kind: 'gitaly-down', token: 'root' }));
  afterEach(() => terminal.model.faults.clear());

  it('A5: status exits with 4, calls the holder unknown and names the cause', async () => {
    const { code, data } = await terminal.json('status');
    const { health, reasons } = statusSchema.parse(data);
    assert.deepEqual([code, health], [4, 'unknown']);
    for (const subject of ['control.json', 'the newest term', `the report of ${A}`, `the report of ${B}`])
      assert.ok(
        reasons.some((reason) => reason.startsWith(`${subject}: `) && CAUSE.test(reason)),
        subject,
      );
    const { out } = await terminal.hadr('status');
    assert.match(out, /^rnd-runner: the holder is unknown\n/);
    assert.doesNotMatch(out, /never reported|no cluster has/);
  });

  it('A5: history and explain exit with 4 and name the cause, and show no empty list', async () => {
    for (const args of ['history', 'history -o json', 'explain 1']) {
      const { code, out, err } = await terminal.hadr(args);
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
      const before = terminal.acts();
      const { code, err } = await terminal.hadr(args);
      assert.equal(code, 4, err);
      assert.match(err, CAUSE);
      assert.match(err, /Nothing was changed\.\n$/);
      assert.deepEqual(terminal.acts(), before);
    });

  it('doctor distinguishes an unreachable repository from an empty one', async () => {
    const findingsOf = async (args: string) => {
      const { code, data } = await terminal.json(args);
      const { findings } = doctorSchema.parse(data);
      return { code, of: (check: string) => findings.find((finding) => finding.check === check) };
    };
    const down = await findingsOf('doctor');
    assert.equal(down.of('branch main')?.level, 'unknown');
    assert.match(down.of('branch main')?.found ?? '', /500/);
    assert.equal(down.of('newest term')?.level, 'unknown');
    terminal.model.faults.clear();
    terminal.model.access.addProject(GROUP, 'bare', 'bare');
    const empty = await findingsOf('doctor --status-project platform/bare');
    assert.equal(empty.of('branch main')?.level, 'wrong');
    assert.match(empty.of('branch main')?.found ?? '', /^it does not exist: the repository is empty$/);
    assert.equal(empty.of('who may push')?.level, 'unknown');
  });

  it('A4: a destroy is refused, of the holder and of the other cluster', async () => {
    const { records, project, close } = connectGitLab({
      url: terminal.url,
      token: () => Promise.resolve(terminal.token),
      requestSeconds: 2,
      clock: terminal.clock(),
    });
    const before = terminal.acts();
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
        project: project(PROJECT, 'main'),
        clock: terminal.clock(),
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
    assert.deepEqual(terminal.acts(), before);
  });
});
