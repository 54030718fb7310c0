/** `hadr doctor --stack`: every finding from a fleet that has that very fault, and none from one that is well. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { StoredObject } from '../../../lab/kubernetes/objects.ts';
import { RECORD_ANNOTATION } from '../../../runtime/config.ts';
import { doctorSchema } from '../../../runtime/cli/commands/doctor.ts';
import type { Finding } from '../../../runtime/cli/doctor/finding.ts';
import type { Execute } from '../../../runtime/cli/machine.ts';
import { run } from '../../../runtime/cli/run.ts';
import { systemClock, wallClock } from '../../../runtime/adapters/process/clock.ts';
import { namesOf, PROJECT } from '../../../runtime/names.ts';
import { A, B, startStage, type Stage } from '../checker/stage.ts';

const NAMES = namesOf(B);
const NAMESPACE = 'default';
const DAY = 86_400_000;
const dateIn = (days: number): string => new Date(Date.now() + days * DAY).toISOString().slice(0, 10);

describe('hadr doctor', function () {
  this.timeout(60_000);
  let stage: Stage;
  let folder: string;

  before(async () => {
    stage = await startStage();
    stage.reset();
    const ended = await stage.run();
    assert.equal(ended.code, 0, ended.log);
    folder = await mkdtemp(join(tmpdir(), 'hadr-doctor-'));
    await writeFile(join(folder, 'Pulumi.yaml'), await readFile('Pulumi.yaml'));
    await writeStack({});
    const owned = { kind: 'group' as const, id: stage.gitlab.groupId };
    const status = { kind: 'project' as const, id: stage.project };
    const { access } = stage.gitlab.model;
    for (const name of [A, B]) {
      const { tokens } = namesOf(name);
      access.addToken(owned, tokens.fleet, ['manage_runner'], 50, dateIn(200));
      access.addToken(owned, tokens.sidecar, ['manage_runner'], 40, dateIn(200));
      access.addToken(status, tokens.status, ['api'], 30, dateIn(200));
    }
  });
  after(async () => {
    await stage.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** The stack's file: what was deployed, with these keys changed since. */
  async function writeStack(changed: Readonly<Record<string, unknown>>): Promise<void> {
    const values = Object.entries(stage.config)
      .filter(([key]) => key !== `${PROJECT}:gitlabToken`)
      .map(([key, text]): [string, unknown] => [key, JSON.parse(text)]);
    const over = Object.entries(changed).map(([key, value]): [string, unknown] => [`${PROJECT}:${key}`, value]);
    await writeFile(join(folder, `Pulumi.${B}.yaml`), stringify({ config: Object.fromEntries([...values, ...over]) }));
  }

  /** What kubectl does of it, against the lab's API: reads with an administrator's rights, and asks as the account itself. */
  const kubectl: Execute = async (file, args) => {
    const answer = (code: number, stdout: string, stderr = '') => ({ code, stdout, stderr });
    assert.deepEqual([file, ...args.slice(0, 4)], ['kubectl', '--context', 'lab', '--namespace', NAMESPACE]);
    const [verb, ...rest] = args.slice(4);
    if (verb === 'get') {
      const [kind = '', name = ''] = rest;
      const apiVersion = { cronjob: 'batch/v1', deployment: 'apps/v1' }[kind] ?? 'v1';
      const kinds: Record<string, string> = { cronjob: 'CronJob', deployment: 'Deployment', configmap: 'ConfigMap' };
      const object = await stage.cluster.client.get({
        apiVersion,
        kind: kinds[kind] ?? '',
        namespace: NAMESPACE,
        name,
      });
      return object
        ? answer(0, JSON.stringify(object))
        : answer(1, '', `Error from server (NotFound): ${kind} "${name}" not found\n`);
    }
    const [, what = '', resource = '', as = ''] = rest;
    assert.equal(as, `--as=system:serviceaccount:${NAMESPACE}:${NAMES.checker}`);
    const path =
      resource === 'pods'
        ? `/api/v1/namespaces/${NAMESPACE}/pods`
        : `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${NAMES.runner}`;
    assert.deepEqual(
      [what, resource],
      resource === 'pods' ? ['list', 'pods'] : ['get', `deployments.apps/${NAMES.runner}`],
    );
    const token = stage.cluster.tokenFor(NAMESPACE, NAMES.checker);
    const { status } = await fetch(`${stage.cluster.access.url}${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return status === 200 ? answer(0, 'yes\n') : answer(1, 'no\n');
  };

  interface Diagnosis {
    readonly code: number;
    readonly bad: readonly Finding[];
    readonly all: readonly Finding[];
    readonly text: string;
  }

  async function doctor(
    execute: Execute = kubectl,
    now = wallClock,
    token = stage.gitlab.adminToken,
  ): Promise<Diagnosis> {
    const out: string[] = [];
    const err: string[] = [];
    const ask = (format: string) =>
      run(['doctor', '--stack', B, '-o', format], {
        env: { HADR_TOKEN: token, HADR_GITLAB_URL: stage.gitlab.url },
        cwd: folder,
        clock: systemClock,
        wallClock: now,
        execute,
        interrupted: new AbortController().signal,
        terminal: {
          out: (text) => void out.push(text),
          err: (text) => void err.push(text),
          ask: async () => undefined,
          clear: () => undefined,
          colours: false,
        },
      });
    const code = await ask('json');
    assert.deepEqual(err, []);
    const { findings } = doctorSchema.parse(JSON.parse(out.join('')));
    out.length = 0;
    await ask('table');
    return { code, all: findings, bad: findings.filter(({ level }) => level !== 'ok'), text: out.join('') };
  }

  it('finds no problem in a healthy fleet, and lists its checks', async () => {
    const { code, bad, all } = await doctor();
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

  /** A fault, what undoes it, and what the doctor must say of it and of nothing else. */
  interface Fault {
    readonly name: string;
    readonly hurt: () => Promise<void> | void;
    readonly heal: () => Promise<void> | void;
    readonly check: string;
    readonly level: Finding['level'];
    readonly found: RegExp;
    readonly fix: RegExp;
  }

  const tokenNamed = (name: string) => {
    const token = [...stage.gitlab.model.access.tokens.values()].find((candidate) => candidate.name === name);
    assert.ok(token);
    return token;
  };
  const recordOf = (name: typeof A | typeof B) => {
    const record = stage.gitlab.model.runners.all.get(stage.records[name]);
    assert.ok(record);
    return record;
  };
  const object = (apiVersion: string, kind: string, name: string) => ({ apiVersion, kind, namespace: NAMESPACE, name });
  const save = (path: string, content: string, action: 'create' | 'update' | 'delete') =>
    void stage.gitlab.model.repository(stage.project).commit({
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
      hurt: () => void (tokenNamed(NAMES.tokens.fleet).revoked = true),
      heal: () => void (tokenNamed(NAMES.tokens.fleet).revoked = false),
      check: `token ${NAMES.tokens.fleet}`,
      level: 'wrong',
      found: /^it is expired or revoked$/,
      fix: /^run pulumi up/,
    },
    {
      name: 'a token that ends soon',
      hurt: () => void (tokenNamed(NAMES.tokens.status).expiresAt = dateIn(6)),
      heal: () => void (tokenNamed(NAMES.tokens.status).expiresAt = dateIn(200)),
      check: `token ${NAMES.tokens.status}`,
      level: 'note',
      found: /^scope api, role Developer, expires in 5 d/,
      fix: /^run pulumi up/,
    },
    {
      name: 'a record that is paused',
      hurt: () => void (recordOf(A).paused = true),
      heal: () => void (recordOf(A).paused = false),
      check: 'record ID of cluster-a',
      level: 'wrong',
      found: /^it is paused in GitLab/,
      fix: /^resume it under Runners/,
    },
    {
      name: 'a branch without protection',
      hurt: () => void stage.gitlab.model.access.projects.get(stage.project)?.protectedBranches.clear(),
      heal: () =>
        void stage.gitlab.model.access.projects
          .get(stage.project)
          ?.protectedBranches.set('main', { allowForcePush: false, pushLevel: 30, mergeLevel: 30 }),
      check: 'branch main',
      level: 'wrong',
      found: /^it is not protected/,
      fix: /^run pulumi up/,
    },
    {
      name: 'a control file of nonsense',
      hurt: () => save('control.json', 'paused', 'create'),
      heal: () => save('control.json', '', 'delete'),
      check: 'control.json',
      level: 'unknown',
      found: /^control\.json is not JSON$/,
      fix: /^correct it in the status project, or delete it/,
    },
    {
      name: 'a report that makes no sense',
      hurt: () => {
        kept = stage.gitlab.model.repository(stage.project).head('main')?.tree.get(`status/${A}.json`) ?? '';
        save(`status/${A}.json`, '{}', 'update');
      },
      heal: () => save(`status/${A}.json`, kept, 'update'),
      check: `report of ${A}`,
      level: 'wrong',
      found: /^status\/cluster-a\.json is not valid/,
      fix: /^delete it in the status project/,
    },
    {
      name: 'what a checker warns of',
      hurt: () => {
        kept = stage.gitlab.model.repository(stage.project).head('main')?.tree.get(`status/${A}.json`) ?? '';
        save(
          `status/${A}.json`,
          kept.replace(/}\s*$/, ',"warnings":["the fleet token of cluster-a expires"]}'),
          'update',
        );
      },
      heal: () => save(`status/${A}.json`, kept, 'update'),
      check: `warning of ${A}`,
      level: 'note',
      found: /^the fleet token of cluster-a expires$/,
      fix: /^do what it says/,
    },
    {
      name: 'a checker that is suspended',
      hurt: () => stage.cluster.suspendCronJob(NAMES.checker),
      heal: () => stage.cluster.suspendCronJob(NAMES.checker, false),
      check: `CronJob ${NAMES.checker}`,
      level: 'wrong',
      found: /^it is suspended/,
      fix: /^kubectl patch cronjob/,
    },
    {
      name: 'a stack file that was changed and not applied',
      hurt: () => writeStack({ preferred: true, policy: { confirm: 3 } }),
      heal: () => writeStack({}),
      check: `config of ${B}`,
      level: 'wrong',
      found: /^the deployed preferred, policy differs from Pulumi\.cluster-b\.yaml$/,
      fix: /^run pulumi up --stack cluster-b$/,
    },
    {
      name: 'a stack file that Pulumi wrote again, which puts true into quotes',
      hurt: () => writeStack({ preferred: 'true' }),
      heal: () => writeStack({}),
      check: `config of ${B}`,
      level: 'wrong',
      found: /^the deployed preferred differs from Pulumi\.cluster-b\.yaml$/,
      fix: /^run pulumi up --stack cluster-b$/,
    },
    {
      name: 'a Role that is no longer bound',
      hurt: async () => {
        binding = await stage.cluster.client.get(object('rbac.authorization.k8s.io/v1', 'RoleBinding', NAMES.checker));
        await stage.cluster.client.delete(object('rbac.authorization.k8s.io/v1', 'RoleBinding', NAMES.checker));
      },
      heal: async () => {
        assert.ok(binding);
        const metadata = { name: NAMES.checker, namespace: NAMESPACE };
        await stage.cluster.client.apply({ ...binding, metadata });
      },
      check: 'right to list pods',
      level: 'wrong',
      found: /^the checker does not have it$/,
      fix: /^run pulumi up/,
    },
    {
      name: 'a Deployment that serves another record',
      hurt: () => annotate('999'),
      heal: () => annotate(String(stage.records[B])),
      check: `Deployment ${NAMES.runner}`,
      level: 'wrong',
      found: /^it serves record 999, which the report does not name$/,
      fix: /^wait for a round/,
    },
  ];

  async function annotate(record: string): Promise<void> {
    const ref = object('apps/v1', 'Deployment', NAMES.runner);
    const found = await stage.cluster.client.get(ref);
    assert.ok(found);
    const annotations = { [RECORD_ANNOTATION]: record };
    await stage.cluster.client.apply({ ...found, metadata: { name: NAMES.runner, namespace: NAMESPACE, annotations } });
  }

  for (const { name, hurt, heal, check, level, found, fix } of faults)
    it(`finds ${name}, and suggests a fix`, async () => {
      await hurt();
      const { code, bad, text } = await doctor();
      await heal();
      const wanted = check.replace('ID', String(stage.records[A]));
      const finding = bad.find((candidate) => candidate.check === wanted);
      assert.ok(finding, JSON.stringify(bad));
      assert.equal(finding.level, level);
      assert.match(finding.found, found);
      assert.match(finding.fix ?? '', fix);
      assert.ok(text.includes(`${wanted}: ${finding.fix}`));
      assert.equal(code, { ok: 0, note: 0, wrong: 1, unknown: 4 }[level]);
      assert.deepEqual((await doctor()).bad, []);
    });

  it('notes a wrong clock of this machine, and exits with 0', async () => {
    const { code, bad } = await doctor(kubectl, () => wallClock() - 90_000);
    assert.equal(code, 0);
    assert.deepEqual(
      bad.map(({ check, level }) => [check, level]),
      [['clock', 'note']],
    );
    assert.match(bad[0]?.found ?? '', /^this machine's clock is (89|9\d) s behind GitLab's$/);
  });

  it('shows unknown for Kubernetes when kubectl cannot be started', async () => {
    const { code, bad } = await doctor(async () => ({ code: undefined, stdout: '', stderr: '' }));
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
    await writeStack({ statusProject: { path: 'platform/other' } });
    const { code, all, text } = await doctor();
    await writeStack({});
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
    const owner = { kind: 'group' as const, id: stage.gitlab.groupId };
    const token = stage.gitlab.model.access.addToken(owner, 'a person', ['api'], 50, dateIn(100));
    token.revoked = true;
    const { code, all } = await doctor(kubectl, wallClock, token.value);
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
    stage.gitlab.model.faults.add(down);
    const { code, all } = await doctor();
    stage.gitlab.model.faults.remove(down);
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
