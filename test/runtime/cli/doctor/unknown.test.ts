/** `hadr doctor` on a healthy fleet, and where a part of it cannot be read. */
import assert from 'node:assert/strict';
import { wallClock } from '../../../../runtime/adapters/process/clock.ts';
import type { Finding } from '../../../../runtime/cli/doctor/finding.ts';
import { namesOf } from '../../../../runtime/names.ts';
import { closedAfter } from '../../../support/closed-after.ts';
import { A, B } from '../../checker/stage.ts';
import { admitPatient, dateIn, NAMES, type Patient } from './patient.ts';

describe('hadr doctor', function () {
  this.timeout(60_000);
  const opened = closedAfter();
  let patient: Patient;
  before(async () => void (patient = opened.add(await admitPatient())));

  it('finds no problem in a healthy fleet, and lists its checks', async () => {
    const { code, bad, all } = await patient.doctor();
    assert.deepEqual(bad, []);
    assert.equal(code, 0);
    const checks = all.map(({ check }) => check);
    for (const check of [
      'GitLab',
      'clock',
      'your token',
      'status project',
      'branch main',
      'control.json',
      'newest term',
      `report of ${A}`,
      `checker of ${B}`,
      `token ${NAMES.tokens.fleet}`,
      `token ${NAMES.tokens.sidecar}`,
      `token ${NAMES.tokens.status}`,
      `CronJob ${NAMES.checker}`,
      `config of ${B}`,
      `Deployment ${NAMES.runner}`,
      `right to get deployments.apps/${NAMES.runner}`,
      'right to list pods',
    ])
      assert.ok(checks.includes(check), check);
  });

  it('notes a wrong clock of this machine, and exits with 0', async () => {
    const { code, bad } = await patient.doctor(patient.kubectl, () => wallClock() - 90_000);
    assert.equal(code, 0);
    assert.deepEqual(
      bad.map(({ check, level }) => [check, level]),
      [['clock', 'note']],
    );
    assert.match(bad[0]?.found ?? '', /^this machine's clock is (89|9\d) s behind GitLab's$/);
  });

  it('shows unknown for Kubernetes when kubectl cannot be started', async () => {
    const { code, bad } = await patient.doctor(async () => ({ code: undefined, stdout: '', stderr: '' }));
    assert.equal(code, 4);
    assert.deepEqual(
      bad.map(({ check, level }) => [check, level]),
      [[`CronJob ${NAMES.checker}`, 'unknown']],
    );
  });

  const levels = (findings: readonly Finding[]): readonly (readonly [string, string])[] =>
    findings.map(({ check, level }) => [check, level]);
  /** What Kubernetes has is seen whatever GitLab says. */
  const KUBERNETES = [
    [`CronJob ${NAMES.checker}`, 'ok'],
    [`config of ${B}`, 'ok'],
    [`Deployment ${NAMES.runner}`, 'ok'],
    [`right to get deployments.apps/${NAMES.runner}`, 'ok'],
    ['right to list pods', 'ok'],
  ] as const;

  it('shows all other checks when the status project cannot be read', async () => {
    await patient.writeStack({ statusProject: { path: 'platform/other' } });
    const { code, all, text } = await patient.doctor();
    await patient.writeStack({});
    assert.equal(code, 4);
    assert.deepEqual(levels(all), [
      ['GitLab', 'ok'],
      ['clock', 'ok'],
      ['your token', 'ok'],
      ['status project', 'unknown'],
      ...[A, B].flatMap((name) => [
        [`token ${namesOf(name).tokens.fleet}`, 'ok'],
        [`token ${namesOf(name).tokens.sidecar}`, 'ok'],
      ]),
      ...KUBERNETES,
    ]);
    const finding = all.find(({ check }) => check === 'status project');
    assert.match(
      finding?.found ?? '',
      /^platform\/other cannot be read: GET .*: 404 Project Not Found \(the project does not exist, or the token may not see it\)$/,
    );
    assert.match(text, /^status project: check statusProject\.path and the token; /m);
  });

  it('shows GitLab, the clock and Kubernetes when the token is revoked', async () => {
    const owner = { kind: 'group' as const, id: patient.stage.gitlab.groupId };
    const token = patient.stage.gitlab.model.access.addToken(owner, 'a person', ['api'], 50, dateIn(100));
    token.revoked = true;
    const { code, all } = await patient.doctor(patient.kubectl, wallClock, token.value);
    assert.equal(code, 4);
    assert.deepEqual(levels(all), [
      ['GitLab', 'unknown'],
      ['clock', 'ok'],
      ['your token', 'unknown'],
      ['status project', 'unknown'],
      ['tokens of group platform', 'unknown'],
      ...KUBERNETES,
    ]);
    assert.match(all[0]?.found ?? '', /^http\S+ answers, but gives no version: .*401/);
    assert.match(all[2]?.found ?? '', /Token was revoked.*give another as HADR_TOKEN/);
  });

  it('shows that GitLab does not answer, and the checks of Kubernetes', async () => {
    const down = { kind: 'down' as const, token: 'root' };
    patient.stage.gitlab.model.faults.add(down);
    const { code, all } = await patient.doctor();
    patient.stage.gitlab.model.faults.remove(down);
    assert.equal(code, 4);
    assert.deepEqual(levels(all), [
      ['GitLab', 'unknown'],
      ['your token', 'unknown'],
      ['status project', 'unknown'],
      ['tokens of group platform', 'unknown'],
      ...KUBERNETES,
    ]);
    assert.match(all[0]?.found ?? '', /^http\S+ does not answer: GET/);
  });
});
