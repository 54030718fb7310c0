import assert from 'node:assert/strict';
import * as http from 'node:http';
import { connectGitLab, type GitLabConnection } from '../../../../runtime/adapters/gitlab/connect.ts';
import { startLab, type Lab } from '../../../lab/gitlab/client.ts';
import { onLoopback } from '../../../../lab/loopback.ts';

/** The GitLab adapter against the embedded GitLab: what each port promises. */
describe('the ports over GitLab', () => {
  let lab: Lab;
  let token: string;
  let close = (): void => undefined;
  const clock = {
    now: () => performance.now(),
    sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, ms)),
  };

  beforeEach(async () => {
    lab = await startLab();
    token = (await lab.groupToken('fleet', ['manage_runner', 'api'], 50)).token;
  });
  afterEach(async () => {
    close();
    await lab.gitlab.close();
  });

  function connect(requestSeconds = 2): GitLabConnection {
    const gitlab = connectGitLab({ url: lab.gitlab.url, token: () => Promise.resolve(token), requestSeconds, clock });
    close = gitlab.close;
    return gitlab;
  }

  it('reads and writes a record, and takes the time from the Date of GitLab', async () => {
    const { id } = await lab.runner(['a']);
    const { records } = connect();
    const written = await records.write(id, { tags: ['a', 'rnd-runner'], note: 'people\nours', description: 'd' });
    const view = {
      id,
      tags: ['a', 'rnd-runner'],
      paused: false,
      note: 'people\nours',
      description: 'd',
      contactedAt: null,
    };
    assert.deepEqual(written, { kind: 'found', value: view, at: Date.parse('2026-03-01T12:00:00Z') / 1000 });
    assert.deepEqual(await records.read(id), written);
  });

  it('reads managers with their contact and whether they run jobs', async () => {
    const { id, token: runnerToken } = await lab.runner(['a']);
    lab.gitlab.model.newJob(lab.gitlab.projectId, ['a'], 5);
    await lab.poll(runnerToken, 'r_1');
    const managers = await connect().records.managers(id);
    assert.deepEqual(managers.kind === 'found' && managers.value, [
      { systemId: 'r_1', contactedAt: '2026-03-01T12:00:00.000Z', busy: true },
    ]);
  });

  it('distinguishes a missing record from one that it may not edit, and suggests a fix', async () => {
    const { id } = await lab.runner(['a']);
    token = (await lab.groupToken('weak', ['manage_runner'], 40)).token;
    const { records } = connect();
    assert.equal((await records.read(4711)).kind, 'absent');
    const refused = await records.write(id, { description: 'x' });
    assert.match(refused.kind === 'unknown' ? refused.why : '', /403 .*lacks the role or scope/);
    token = 'glpat-wrong';
    const denied = await records.read(id);
    assert.match(denied.kind === 'unknown' ? denied.why : '', /401 .*the token is invalid/);
    assert.doesNotMatch(JSON.stringify(denied), /glpat/);
  });

  it('takes only a 403 of GitLab itself as a missing right of the token', async () => {
    const answers: [string, boolean][] = [
      ['{"message":"403 Forbidden - No access granted"}', true],
      ['{"message":"403 Forbidden"}', true],
      ['{"error":"insufficient_scope","error_description":"…","scope":"api"}', true],
      ['{"message":"You cannot perform write operations on a read-only instance"}', false],
      ['<html>403 Forbidden</html>', false],
      ['Forbidden\n', false],
    ];
    let text = '';
    const proxy = http.createServer((_, response) => response.writeHead(403).end(text));
    const url = `http://127.0.0.1:${await onLoopback(proxy)}`;
    const gitlab = connectGitLab({ url, token: () => Promise.resolve(token), requestSeconds: 2, clock });
    for (const [body, refused] of answers) {
      text = body;
      const read = await gitlab.records.read(1);
      assert.equal(read.kind === 'unknown' && (read.forbidden ?? false), refused, body);
      const created = await gitlab.project(1, 'main').create('a', 'b', 'c');
      assert.equal(created.kind === 'unknown' && (created.forbidden ?? false), refused, body);
    }
    gitlab.close();
    proxy.close();
  });

  it('repeats a read once after a failure, and a write never', async () => {
    const { id } = await lab.runner(['a']);
    const { records } = connect();
    lab.gitlab.model.faults.add({ kind: 'html-502', times: 1 });
    assert.equal((await records.read(id)).kind, 'found');
    lab.gitlab.model.faults.add({ kind: 'error-500', times: 1 });
    assert.equal((await records.write(id, { description: 'x' })).kind, 'unknown');
    lab.gitlab.model.faults.add({ kind: 'down', times: 1 });
    assert.equal((await records.read(id)).kind, 'found');
  });

  it('obeys Retry-After: a pause longer than the call may take fails it at once', async () => {
    const { id } = await lab.runner(['a']);
    lab.gitlab.model.faults.add({ kind: 'rate-limit', times: 1 });
    const before = performance.now();
    const limited = await connect().records.read(id);
    assert.match(limited.kind === 'unknown' ? limited.why : '', /429 Retry later/);
    assert.ok(performance.now() - before < 1000);
  });

  it('ends a call that gets no answer within r', async () => {
    const { id } = await lab.runner(['a']);
    lab.gitlab.model.faults.add({ kind: 'timeout-before' });
    const before = performance.now();
    assert.equal((await connect(0.4).records.read(id)).kind, 'unknown');
    assert.ok(performance.now() - before < 1500);
  });

  async function statusProject(): Promise<number> {
    const { body } = await lab.call('POST', '/projects', {
      name: 'status',
      namespace_id: lab.gitlab.groupId,
      initialize_with_readme: true,
    });
    return body && typeof body === 'object' && 'id' in body ? Number(body.id) : 0;
  }

  it('replaces a file only where no other commit has touched it since it was read', async () => {
    const project = connect().project(await statusProject(), 'main');
    assert.equal((await project.version('control.json')).kind, 'absent');
    await project.create('control.json', 'one', 'new');
    const read = await project.version('control.json');
    assert.ok(read.kind === 'found' && read.value.text === 'one');
    const { commit } = read.value;
    await project.create('status/a.json', '1', 'another file is no matter');
    assert.equal((await project.replace('control.json', commit, 'two', 'mine')).kind, 'created');
    const late = await project.replace('control.json', commit, 'three', 'theirs');
    assert.match(late.kind === 'conflict' ? late.why : '', /400 The file has changed since you started editing it/);
    const after = await project.file('control.json');
    assert.equal(after.kind === 'found' && after.value, 'two');
  });

  it('creates a file once, saves it, reads it back, and distinguishes a missing file from a missing project', async () => {
    const project = connect().project(await statusProject(), 'main');
    assert.equal((await project.file('terms/1.json')).kind, 'absent');
    assert.equal((await project.create('terms/1.json', '{"a":"ü"}\n', 'Term 1')).kind, 'created');
    assert.equal((await project.create('terms/1.json', 'other', 'Term 1')).kind, 'exists');
    const read = await project.file('terms/1.json');
    assert.equal(read.kind === 'found' && read.value, '{"a":"ü"}\n');
    assert.equal((await project.save([{ path: 'status/a.json', text: '1', exists: false }], 'new')).kind, 'created');
    assert.equal((await project.save([{ path: 'status/a.json', text: '2', exists: true }], 'again')).kind, 'created');
    assert.equal((await connect().project(4711, 'main').file('terms/1.json')).kind, 'unknown');
  });
});
