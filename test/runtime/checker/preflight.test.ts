import assert from 'node:assert/strict';
import { policySchema, type CheckerConfig } from '../../../runtime/config.ts';
import { unknown, type Read, type Unknown } from '../../../runtime/core/model/read.ts';
import { fileText } from '../../../runtime/core/model/stored-file.ts';
import { reportPath } from '../../../runtime/core/model/report.ts';
import type { RecordView } from '../../../runtime/core/model/facts.ts';
import type { CheckerContext } from '../../../runtime/checker/context.ts';
import { preflight } from '../../../runtime/checker/preflight.ts';
import { run } from '../../../runtime/checker/run.ts';
import { connectGitLab } from '../../../runtime/adapters/gitlab/connect.ts';
import type { CreateResult } from '../../../runtime/ports.ts';
import { DEFAULT_TIMING } from '../../../runtime/timing.ts';
import { startLab, type Lab } from '../../lab/gitlab/client.ts';
import { LASTING } from '../../../simulation/world/expiries.ts';
import { keptIncidents } from '../../support/incidents.ts';

const OWN = 11;
const RIVAL = 12;
/** The test of the right to commit: GitLab refuses it to all. */
const CHANGE = 'change terms/0.json';
const forbidden = (why: string): Unknown => ({ ...unknown(why), forbidden: true });

const reportOf = (cluster: string, records: number[]): string =>
  fileText({
    version: 1,
    cluster,
    summary: 'Online 2 / Total 2',
    online: 2,
    total: 2,
    minOnline: 1,
    preferred: false,
    records,
    ownTags: ['runner-b'],
    mainTags: ['rnd-runner'],
    holder: 'cluster-b',
    term: 1,
  });

/** GitLab and Kubernetes at the ports, as far as a preflight looks. Each answer can be replaced. */
class Fleet {
  readonly config: CheckerConfig = {
    version: 1,
    cluster: 'cluster-a',
    fleet: ['cluster-a', 'cluster-b'],
    preferred: false,
    mainTags: ['rnd-runner'],
    ownTags: ['runner-a'],
    gitlab: { url: 'https://gitlab.example.com', allowHttp: false },
    statusProject: { id: 1, branch: 'main' },
    kubernetes: {
      server: 'https://kubernetes.default.svc',
      namespace: 'runners',
      deployments: ['runner'],
      adopted: [],
    },
    log: { format: 'text' },
    policy: policySchema.parse({}),
    timing: { ...DEFAULT_TIMING },
  };
  readonly files = new Map<string, string | Unknown>([
    ['README.md', '# runners'],
    [reportPath('cluster-b'), reportOf('cluster-b', [RIVAL])],
  ]);
  readonly notes = new Map<number, string | null | Unknown>([
    [OWN, 'HADR lease'],
    [RIVAL, 'HADR lease'],
  ]);
  writeAnswer: Unknown | undefined;
  commitAnswer: CreateResult = { kind: 'conflict', why: "400 A file with this name doesn't exist" };
  callMs = 0;
  now = 0;
  readonly writes: string[] = [];

  private answer<T, V>(found: T | Unknown | undefined, view: (value: T) => V): Read<V> {
    this.now += this.callMs;
    if (found === undefined) return { kind: 'absent', at: 1 };
    const isUnknown = (value: T | Unknown): value is Unknown => typeof value === 'object' && value !== null;
    return isUnknown(found) ? found : { kind: 'found', value: view(found), at: 1 };
  }

  private view(id: number, note: string | null): RecordView {
    return { id, tags: ['x'], paused: false, note, description: `runner ${id}`, contactedAt: null };
  }

  readonly checker: CheckerContext = {
    config: this.config,
    expiries: LASTING,
    records: {
      read: async (id) => this.answer(this.notes.get(id), (note) => this.view(id, note)),
      managers: async () => ({ kind: 'absent', at: 1 }),
      write: async (id, change) => {
        this.writes.push(`${id} ${JSON.stringify(change)}`);
        return this.writeAnswer ?? { kind: 'found', value: this.view(id, null), at: 1 };
      },
    },
    project: {
      file: async (path) => this.answer(this.files.get(path), (text) => text),
      create: async () => ({ kind: 'created' }),
      save: async (files) => {
        for (const { path, exists } of files) this.writes.push(`${exists ? 'change' : 'create'} ${path}`);
        return this.commitAnswer;
      },
    },
    incidents: keptIncidents(),
    notifier: undefined,
    pods: {
      deployments: async () => ({
        kind: 'known',
        value: [{ name: 'runner', uid: 'ours', record: OWN, adopted: false, desired: 2, ready: 2 }],
      }),
    },
    clock: { now: () => this.now, sleep: async (ms) => void (this.now += ms) },
    random: () => 0.5,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  };

  async why(): Promise<string | undefined> {
    const result = await preflight(this.checker);
    return result.kind === 'failed' ? result.why : undefined;
  }
}

describe('the preflight', () => {
  it('accepts a visible note as proof of the right to edit, and writes to no record', async () => {
    const fleet = new Fleet();
    assert.equal(await fleet.why(), undefined);
    assert.deepEqual(fleet.writes, [CHANGE]);
  });

  it('refuses a record that two clusters use', async () => {
    const fleet = new Fleet();
    fleet.files.set(reportPath('cluster-b'), reportOf('cluster-b', [RIVAL, OWN]));
    assert.match(
      (await fleet.why()) ?? '',
      new RegExp(
        `^runner record ${OWN} of cluster-a is in the report of cluster-b too, and each cluster needs a record of its own`,
      ),
    );
    assert.deepEqual(fleet.writes, []);
  });

  it('distinguishes an empty note from a hidden one by a write that changes nothing', async () => {
    const fleet = new Fleet();
    fleet.notes.set(RIVAL, null);
    assert.equal(await fleet.why(), undefined);
    assert.deepEqual(fleet.writes.slice(1), [`${RIVAL} {"description":"runner ${RIVAL}"}`]);
    fleet.writeAnswer = forbidden('PUT /api/v4/runners/12: 403 Forbidden - No access granted');
    assert.match(
      (await fleet.why()) ?? '',
      /^the fleet token of cluster-a may not edit runner record 12 of cluster-b: it needs scope manage_runner and role Owner .* – PUT .*No access granted$/,
    );
  });

  it('refuses a token that may not read the record', async () => {
    const fleet = new Fleet();
    fleet.notes.set(OWN, forbidden('insufficient_scope'));
    assert.match((await fleet.why()) ?? '', /record 11 of cluster-a/);
  });

  it('refuses a status token that may not read, or may not commit', async () => {
    const fleet = new Fleet();
    fleet.commitAnswer = forbidden('403 Forbidden - You are not allowed to push into this branch');
    const why = (await fleet.why()) ?? '';
    assert.match(
      why,
      /^the status token of cluster-a may not commit to branch main of the status project 1: it needs scope api and role Developer/,
    );
    fleet.files.set(reportPath('cluster-b'), forbidden('insufficient_scope'));
    assert.match((await fleet.why()) ?? '', /^the status token/);
  });

  it('tests the right to commit with a file that never exists, also in an empty project: it can write nothing', async () => {
    const fleet = new Fleet();
    fleet.files.clear();
    assert.equal(await fleet.why(), undefined);
    assert.deepEqual(fleet.writes, [CHANGE]);
  });

  const doubts: [string, (fleet: Fleet) => void][] = [
    ['a rival’s record that gives no answer', (fleet) => fleet.notes.set(RIVAL, unknown('no answer within 5000 ms'))],
    ['a rival’s record that was replaced', (fleet) => fleet.notes.delete(RIVAL)],
    ['a write without an answer', (fleet) => (fleet.notes.set(RIVAL, null), (fleet.writeAnswer = unknown('503')))],
    ['a token that GitLab does not know', (fleet) => fleet.notes.set(RIVAL, unknown('401 Unauthorized'))],
    ['a rival without a report', (fleet) => fleet.files.delete(reportPath('cluster-b'))],
    ['a report that makes no sense', (fleet) => fleet.files.set(reportPath('cluster-b'), '{')],
    [
      'a status project that gives no answer',
      (fleet) => fleet.files.forEach((_, path) => fleet.files.set(path, unknown('502'))),
    ],
    ['a branch that moved meanwhile', (fleet) => (fleet.commitAnswer = { kind: 'conflict', why: 'reference update' })],
    ['a commit without an answer', (fleet) => (fleet.commitAnswer = unknown('timeout'))],
  ];
  for (const [name, hurt] of doubts)
    it(`does not refuse for ${name}`, async () => {
      const fleet = new Fleet();
      hurt(fleet);
      assert.equal(await fleet.why(), undefined);
    });

  it('stops after the time of one request, so that the rounds begin', async () => {
    const fleet = new Fleet();
    fleet.callMs = 2000;
    fleet.notes.set(RIVAL, null);
    assert.equal(await fleet.why(), undefined);
    assert.deepEqual(fleet.writes, []);
  });

  it('ends the run before its first round when it fails', async () => {
    const fleet = new Fleet();
    fleet.notes.set(RIVAL, forbidden('403 Forbidden'));
    const { why, ...counts } = await run(fleet.checker);
    assert.deepEqual(counts, { finished: 0, unfinished: 0, preflightFailed: true });
    assert.match(why ?? '', /record 12 of cluster-b/);
    assert.ok(fleet.now < 1000, 'no round was waited for');
  });
});

describe('the preflight against the lab’s GitLab', () => {
  let lab: Lab;
  let close: (() => void)[] = [];
  const clock = {
    now: () => performance.now(),
    sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, ms)),
  };
  const tokens = { fleet: '', status: '' };
  let own = 0;
  let rival = 0;
  let project = 0;

  beforeEach(async () => {
    lab = await startLab();
    own = (await lab.runner(['runner-a'])).id;
    rival = (await lab.runner(['runner-b'])).id;
    const { body } = await lab.call('POST', '/projects', {
      name: 'status',
      namespace_id: lab.gitlab.groupId,
      initialize_with_readme: true,
    });
    project = body && typeof body === 'object' && 'id' in body ? Number(body.id) : 0;
    await lab.call('POST', `/projects/${project}/protected_branches`, { name: 'main', push_access_level: 30 });
    await lab.call('POST', `/projects/${project}/repository/commits`, {
      branch: 'main',
      commit_message: 'cluster-b: Online 2 / Total 2',
      actions: [{ action: 'create', file_path: reportPath('cluster-b'), content: reportOf('cluster-b', [rival]) }],
    });
    tokens.fleet = (await lab.groupToken('fleet', ['manage_runner'], 50)).token;
    tokens.status = await statusToken(['api'], 30);
  });
  afterEach(async () => {
    for (const each of close) each();
    close = [];
    await lab.gitlab.close();
  });

  const statusToken = async (scopes: string[], level: number): Promise<string> => {
    const { body } = await lab.call('POST', `/projects/${project}/access_tokens`, {
      name: 'status',
      scopes,
      access_level: level,
      expires_at: '2026-12-01',
    });
    return body && typeof body === 'object' && 'token' in body ? String(body.token) : '';
  };
  const connect = (name: keyof typeof tokens) => {
    const connection = connectGitLab({
      url: lab.gitlab.url,
      token: async () => tokens[name],
      requestSeconds: 2,
      clock,
    });
    close.push(connection.close);
    return connection;
  };
  const why = async (): Promise<string | undefined> => {
    const { checker, config } = new Fleet();
    const result = await preflight({
      ...checker,
      config: { ...config, statusProject: { id: project, branch: 'main' } },
      records: connect('fleet').records,
      project: connect('status').project(project, 'main'),
      pods: {
        deployments: async () => ({
          kind: 'known',
          value: [{ name: 'runner', uid: 'ours', record: own, adopted: false, desired: 2, ready: 2 }],
        }),
      },
      clock,
    });
    return result.kind === 'failed' ? result.why : undefined;
  };
  const commits = () => lab.gitlab.model.repository(project).log('main').length;

  it('passes with an Owner of the group and a Developer of the status project, and changes nothing', async () => {
    const before = commits();
    assert.equal(await why(), undefined);
    assert.equal(commits(), before);
    assert.deepEqual(lab.gitlab.model.runners.all.get(rival)?.tags, ['runner-b']);
  });

  it('refuses a Maintainer of the group, who reads its runners and may not edit them', async () => {
    tokens.fleet = (await lab.groupToken('weak', ['manage_runner'], 40)).token;
    assert.match(
      (await why()) ?? '',
      new RegExp(`record ${own} of cluster-a.*role Owner.*403 Forbidden - No access granted`),
    );
    await lab.call('PUT', `/runners/${own}`, { maintenance_note: 'a note that the token may not see' });
    assert.match((await why()) ?? '', new RegExp(`record ${own} of cluster-a`));
  });

  it('refuses a fleet token without the scope', async () => {
    tokens.fleet = (await lab.groupToken('weak', ['read_user'], 50)).token;
    assert.match((await why()) ?? '', /it needs scope manage_runner.*insufficient_scope/);
  });

  it('refuses a Reporter of the status project, and a token that may only read', async () => {
    tokens.status = await statusToken(['api'], 20);
    assert.match((await why()) ?? '', /role Developer.*not allowed to push into this branch/);
    tokens.status = await statusToken(['read_api'], 30);
    assert.match((await why()) ?? '', /scope api.*insufficient_scope/);
  });

  it('passes while GitLab is read-only', async () => {
    lab.gitlab.model.faults.add({ kind: 'read-only' });
    assert.equal(await why(), undefined);
  });

  it('passes with a revoked token, because that does not show its rights', async () => {
    tokens.fleet = 'glpat-revoked';
    assert.equal(await why(), undefined);
  });
});
