/** `hadr doctor --stack` of a fleet whose checker runs in the lab's cluster. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { openAll, type Opened } from '../../../../lab/opened.ts';
import { systemClock, wallClock } from '../../../../runtime/adapters/process/clock.ts';
import { doctorSchema } from '../../../../runtime/cli/commands/doctor.ts';
import type { Finding } from '../../../../runtime/cli/doctor/finding.ts';
import type { Execute } from '../../../../runtime/cli/machine.ts';
import { run } from '../../../../runtime/cli/run.ts';
import { namesOf, PROJECT } from '../../../../runtime/names.ts';
import { A, B, startStage, type Stage } from '../../checker/stage.ts';

export const NAMES = namesOf(B);
export const NAMESPACE = 'default';
const DAY = 86_400_000;
export const dateIn = (days: number): string => new Date(Date.now() + days * DAY).toISOString().slice(0, 10);

export interface Diagnosis {
  readonly code: number;
  readonly bad: readonly Finding[];
  readonly all: readonly Finding[];
  readonly text: string;
}

export interface Patient {
  readonly stage: Stage;
  /** A kubectl of an administrator, against the lab's API. */
  readonly kubectl: Execute;
  /** Writes the file of the stack: what was deployed, with these keys changed since. */
  writeStack(changed: Readonly<Record<string, unknown>>): Promise<void>;
  doctor(execute?: Execute, now?: typeof wallClock, token?: string): Promise<Diagnosis>;
  close(): Promise<void>;
}

/** A healthy fleet, of which a checker has reported. */
export const admitPatient = (): Promise<Patient> => openAll(openPatient);

async function openPatient(opened: Opened): Promise<Patient> {
  const stage = opened.add(await startStage());
  stage.reset();
  const ended = await stage.run();
  assert.equal(ended.code, 0, ended.log);
  const folder = await mkdtemp(join(tmpdir(), 'hadr-doctor-'));
  opened.onClose(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'Pulumi.yaml'), await readFile('Pulumi.yaml'));
  addTokens(stage);
  const kubectl = kubectlOf(stage);
  const writeStack = (changed: Readonly<Record<string, unknown>>): Promise<void> =>
    writeStackIn(folder, stage, changed);
  await writeStack({});
  return {
    stage,
    kubectl,
    writeStack,
    doctor: (execute = kubectl, now = wallClock, token = stage.gitlab.adminToken) =>
      diagnose(stage, folder, execute, now, token),
    close: () => opened.close(),
  };
}

function addTokens({ gitlab, project }: Stage): void {
  const owned = { kind: 'group' as const, id: gitlab.groupId };
  const status = { kind: 'project' as const, id: project };
  const { access } = gitlab.model;
  for (const name of [A, B]) {
    const { tokens } = namesOf(name);
    access.addToken(owned, tokens.fleet, ['manage_runner'], 50, dateIn(200));
    access.addToken(owned, tokens.sidecar, ['manage_runner'], 40, dateIn(200));
    access.addToken(status, tokens.status, ['api'], 30, dateIn(200));
  }
}

async function writeStackIn(folder: string, stage: Stage, changed: Readonly<Record<string, unknown>>): Promise<void> {
  const values = Object.entries(stage.config)
    .filter(([key]) => key !== `${PROJECT}:gitlabToken`)
    .map(([key, text]): [string, unknown] => [key, JSON.parse(text)]);
  const over = Object.entries(changed).map(([key, value]): [string, unknown] => [`${PROJECT}:${key}`, value]);
  await writeFile(join(folder, `Pulumi.${B}.yaml`), stringify({ config: Object.fromEntries([...values, ...over]) }));
}

/** What kubectl does of it, against the lab's API: reads with an administrator's rights, and asks as the account itself. */
const kubectlOf =
  (stage: Stage): Execute =>
  async (file, args) => {
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

async function diagnose(
  stage: Stage,
  folder: string,
  execute: Execute,
  now: typeof wallClock,
  token: string,
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
