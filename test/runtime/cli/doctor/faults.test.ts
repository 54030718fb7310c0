/** `hadr doctor` finds each fault in a fleet that has it, and no other problem. */
import assert from 'node:assert/strict';
import type { StoredObject } from '../../../../lab/kubernetes/objects.ts';
import { RECORD_ANNOTATION } from '../../../../runtime/config.ts';
import type { Finding } from '../../../../runtime/cli/doctor/finding.ts';
import { closedAfter } from '../../../support/closed-after.ts';
import { A, B } from '../../checker/stage.ts';
import { admitPatient, dateIn, NAMES, NAMESPACE, type Patient } from './patient.ts';

describe('hadr doctor on a fleet with one fault', function () {
  this.timeout(60_000);
  const opened = closedAfter();
  let patient: Patient;
  before(async () => void (patient = opened.add(await admitPatient())));

  /** A fault, how to undo it, and what the doctor must say of it and of nothing else. */
  interface Fault {
    readonly name: string;
    readonly inject: () => Promise<void> | void;
    readonly undo: () => Promise<void> | void;
    readonly check: string;
    readonly level: Finding['level'];
    readonly found: RegExp;
    readonly fix: RegExp;
  }

  const tokenNamed = (name: string) => {
    const token = [...patient.stage.gitlab.model.access.tokens.values()].find((candidate) => candidate.name === name);
    assert.ok(token);
    return token;
  };
  const recordOf = (name: typeof A | typeof B) => {
    const record = patient.stage.gitlab.model.runners.all.get(patient.stage.records[name]);
    assert.ok(record);
    return record;
  };
  const object = (apiVersion: string, kind: string, name: string) => ({ apiVersion, kind, namespace: NAMESPACE, name });
  const save = (path: string, content: string, action: 'create' | 'update' | 'delete') =>
    void patient.stage.gitlab.model.repository(patient.stage.project).commit({
      branch: 'main',
      message: path,
      author: 'test',
      mayForce: false,
      actions: [{ action, file_path: path, content }],
    });
  let kept = '';
  let binding: StoredObject | undefined;

  const faults: readonly Fault[] = [
    {
      name: 'a token that was revoked',
      inject: () => void (tokenNamed(NAMES.tokens.fleet).revoked = true),
      undo: () => void (tokenNamed(NAMES.tokens.fleet).revoked = false),
      check: `token ${NAMES.tokens.fleet}`,
      level: 'wrong',
      found: /^it is expired or revoked$/,
      fix: /^run pulumi up/,
    },
    {
      name: 'a token that ends soon',
      inject: () => void (tokenNamed(NAMES.tokens.status).expiresAt = dateIn(6)),
      undo: () => void (tokenNamed(NAMES.tokens.status).expiresAt = dateIn(200)),
      check: `token ${NAMES.tokens.status}`,
      level: 'note',
      found: /^scope api, role Developer, expires in 5 d/,
      fix: /^run pulumi up/,
    },
    {
      name: 'a record that is paused',
      inject: () => void (recordOf(A).paused = true),
      undo: () => void (recordOf(A).paused = false),
      check: 'record ID of cluster-a',
      level: 'wrong',
      found: /^it is paused in GitLab/,
      fix: /^resume it under Runners/,
    },
    {
      name: 'a branch without protection',
      inject: () =>
        void patient.stage.gitlab.model.access.projects.get(patient.stage.project)?.protectedBranches.clear(),
      undo: () =>
        void patient.stage.gitlab.model.access.projects
          .get(patient.stage.project)
          ?.protectedBranches.set('main', { allowForcePush: false, pushLevel: 30, mergeLevel: 30 }),
      check: 'branch main',
      level: 'wrong',
      found: /^it is not protected/,
      fix: /^run pulumi up/,
    },
    {
      name: 'a control file of nonsense',
      inject: () => save('control.json', 'paused', 'create'),
      undo: () => save('control.json', '', 'delete'),
      check: 'control.json',
      level: 'unknown',
      found: /^control\.json is not JSON$/,
      fix: /^correct it in the status project, or delete it/,
    },
    {
      name: 'a report that makes no sense',
      inject: () => {
        kept =
          patient.stage.gitlab.model.repository(patient.stage.project).head('main')?.tree.get(`status/${A}.json`) ?? '';
        save(`status/${A}.json`, '{}', 'update');
      },
      undo: () => save(`status/${A}.json`, kept, 'update'),
      check: `report of ${A}`,
      level: 'wrong',
      found: /^status\/cluster-a\.json is not valid/,
      fix: /^delete it in the status project/,
    },
    {
      name: 'what a checker warns of',
      inject: () => {
        kept =
          patient.stage.gitlab.model.repository(patient.stage.project).head('main')?.tree.get(`status/${A}.json`) ?? '';
        save(
          `status/${A}.json`,
          kept.replace(/}\s*$/, ',"warnings":["the fleet token of cluster-a expires"]}'),
          'update',
        );
      },
      undo: () => save(`status/${A}.json`, kept, 'update'),
      check: `warning of ${A}`,
      level: 'note',
      found: /^the fleet token of cluster-a expires$/,
      fix: /^do what it says/,
    },
    {
      name: 'a checker that is suspended',
      inject: () => patient.stage.cluster.suspendCronJob(NAMES.checker),
      undo: () => patient.stage.cluster.suspendCronJob(NAMES.checker, false),
      check: `CronJob ${NAMES.checker}`,
      level: 'wrong',
      found: /^it is suspended/,
      fix: /^kubectl patch cronjob/,
    },
    {
      name: 'a stack file that was changed and not applied',
      inject: () => patient.writeStack({ preferred: true, policy: { confirm: 3 } }),
      undo: () => patient.writeStack({}),
      check: `config of ${B}`,
      level: 'wrong',
      found: /^the deployed preferred, policy differs from Pulumi\.cluster-b\.yaml$/,
      fix: /^run pulumi up --stack cluster-b$/,
    },
    {
      name: 'a stack file that Pulumi wrote again, which puts true into quotes',
      inject: () => patient.writeStack({ preferred: 'true' }),
      undo: () => patient.writeStack({}),
      check: `config of ${B}`,
      level: 'wrong',
      found: /^the deployed preferred differs from Pulumi\.cluster-b\.yaml$/,
      fix: /^run pulumi up --stack cluster-b$/,
    },
    {
      name: 'a Role that is no longer bound',
      inject: async () => {
        binding = await patient.stage.cluster.client.get(
          object('rbac.authorization.k8s.io/v1', 'RoleBinding', NAMES.checker),
        );
        await patient.stage.cluster.client.delete(object('rbac.authorization.k8s.io/v1', 'RoleBinding', NAMES.checker));
      },
      undo: async () => {
        assert.ok(binding);
        const metadata = { name: NAMES.checker, namespace: NAMESPACE };
        await patient.stage.cluster.client.apply({ ...binding, metadata });
      },
      check: 'right to list pods',
      level: 'wrong',
      found: /^the checker does not have it$/,
      fix: /^run pulumi up/,
    },
    {
      name: 'a Deployment that serves another record',
      inject: () => annotate('999'),
      undo: () => annotate(String(patient.stage.records[B])),
      check: `Deployment ${NAMES.runner}`,
      level: 'wrong',
      found: /^it serves record 999, which the report does not name$/,
      fix: /^wait for a round/,
    },
  ];

  async function annotate(record: string): Promise<void> {
    const ref = object('apps/v1', 'Deployment', NAMES.runner);
    const found = await patient.stage.cluster.client.get(ref);
    assert.ok(found);
    const annotations = { [RECORD_ANNOTATION]: record };
    await patient.stage.cluster.client.apply({
      ...found,
      metadata: { name: NAMES.runner, namespace: NAMESPACE, annotations },
    });
  }

  for (const { name, inject, undo, check, level, found, fix } of faults)
    it(`finds ${name}, and suggests a fix`, async () => {
      await inject();
      const { code, bad, text } = await patient.doctor();
      await undo();
      const wanted = check.replace('ID', String(patient.stage.records[A]));
      const finding = bad.find((candidate) => candidate.check === wanted);
      assert.ok(finding, JSON.stringify(bad));
      assert.equal(finding.level, level);
      assert.match(finding.found, found);
      assert.match(finding.fix ?? '', fix);
      assert.ok(text.includes(`${wanted}: ${finding.fix}`));
      assert.equal(code, { ok: 0, note: 0, wrong: 1, unknown: 4 }[level]);
      assert.deepEqual((await patient.doctor()).bad, []);
    });
});
