import assert from 'node:assert/strict';
import { startLab, type Answered, type Lab } from './client.ts';

describe('the embedded GitLab: repository and Terraform state', () => {
  let lab: Lab;
  let project: string;

  beforeEach(async () => {
    lab = await startLab();
    const made = await lab.call('POST', '/projects', {
      name: 'status',
      namespace_id: lab.gitlab.groupId,
      initialize_with_readme: true,
    });
    assert.equal(made.status, 201);
    project = `/projects/${encodeURIComponent('platform/status')}`;
  });
  afterEach(() => lab.gitlab.close());

  const commit = (
    action: string,
    file_path: string,
    more: Record<string, unknown> = {},
    top: Record<string, unknown> = {},
  ): Promise<Answered> =>
    lab.call('POST', `${project}/repository/commits`, {
      branch: 'main',
      commit_message: `${action} ${file_path}`,
      actions: [{ action, file_path, content: 'text', ...more }],
      ...top,
    });
  const message = (answer: Answered): unknown =>
    answer.body && typeof answer.body === 'object' && 'message' in answer.body ? answer.body.message : undefined;

  it('K7 lets exactly one of several simultaneous creations of a path succeed', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => commit('create', 'terms/1.json')));
    assert.deepEqual(all.map((answer) => answer.status).toSorted(), [201, 400, 400, 400, 400]);
    assert.equal(
      message(all.find((answer) => answer.status === 400) ?? all[0]!),
      'A file with this name already exists',
    );
  });

  it('K7 accepts any last_commit_id since which the path is unchanged, and does not protect a write after that check', async () => {
    const first = await commit('create', 'a.json');
    const id = /"id":"([0-9a-f]+)"/.exec(first.text)?.[1];
    await commit('create', 'b.json');
    assert.equal((await commit('update', 'a.json', { last_commit_id: id })).status, 201);
    const stale = await commit('update', 'a.json', { last_commit_id: id });
    assert.deepEqual(
      [stale.status, message(stale)],
      [400, 'The file has changed since you started editing it: a.json'],
    );
    const repository = lab.gitlab.model.repository([...lab.gitlab.model.access.projects.keys()].at(-1) ?? 0);
    const head = repository.branches.get('main');
    repository.afterCheck = () => {
      repository.afterCheck = () => undefined;
      repository.commit({
        branch: 'main',
        message: 'in between',
        author: 'x',
        mayForce: false,
        actions: [{ action: 'update', file_path: 'a.json', content: 'other' }],
      });
    };
    assert.equal((await commit('update', 'a.json', { last_commit_id: head, content: 'mine' })).status, 201);
    assert.equal(repository.file('a.json', 'main').content, 'mine');
  });

  it('K7 checks last_commit_id only if it is given and the action is not create; the files API has its own error text', async () => {
    const first = /"id":"([0-9a-f]+)"/.exec((await commit('create', 'a.json')).text)?.[1];
    await commit('update', 'a.json');
    assert.equal((await commit('create', 'b.json', { last_commit_id: first })).status, 201);
    assert.equal((await commit('update', 'a.json', { content: 'blind' })).status, 201);
    const put = await lab.call('PUT', `${project}/repository/files/a.json`, {
      branch: 'main',
      commit_message: 'put',
      content: 'late',
      last_commit_id: first,
    });
    assert.deepEqual(
      [put.status, message(put)],
      [400, 'You are attempting to update a file that has changed since you started editing it.'],
    );
  });

  it('K7 names a missing file, and answers 404 for a missing project or file', async () => {
    assert.equal(message(await commit('update', 'none.json')), "A file with this name doesn't exist");
    assert.deepEqual((await lab.call('GET', `${project}/repository/files/none.json?ref=main`)).body, {
      message: '404 File Not Found',
    });
    assert.deepEqual((await lab.call('GET', '/projects/4711')).body, { message: '404 Project Not Found' });
  });

  it('K7 refuses a force push to a protected branch and accepts it on others', async () => {
    await commit('create', 'terms/1.json');
    const start = [...lab.gitlab.model.repositories.values()].at(-1)?.log('main').at(-1)?.id;
    const reset = { start_sha: start, force: true };
    await lab.call('POST', `${project}/protected_branches`, { name: 'main', push_access_level: 30 });
    assert.equal((await commit('create', 'x', {}, reset)).status, 403);
    await lab.call('DELETE', `${project}/protected_branches/main`);
    assert.equal((await commit('create', 'x', {}, reset)).status, 201);
    assert.equal((await lab.call('GET', `${project}/repository/files/terms%2F1.json?ref=main`)).status, 404);
  });

  it('K8 locks a Terraform state once, repeats the caller’s fields, unlocks by ID and accepts each serial once', async () => {
    const state = `${project}/terraform/state/hadr`;
    const lock = (ID: string, Info: string): Promise<Answered> =>
      lab.call('POST', `${state}/lock`, { ID, Operation: 'o', Info, Who: 'me', Version: '1', Created: 'c', Path: 'p' });
    assert.equal((await lock('one', 'first')).status, 200);
    const second = await lock('two', 'second');
    assert.equal(second.status, 409);
    assert.match(second.text, /"ID":"one".*"Info":"second".*"Who":"root"/);
    assert.equal((await lab.call('DELETE', `${state}/lock`, { ID: 'two' })).status, 409);
    assert.equal((await lab.call('DELETE', `${state}/lock`, { ID: 'one' })).status, 200);
    assert.equal((await lab.call('GET', state)).status, 204);
    assert.equal((await lab.call('POST', state, { serial: 2 })).status, 200);
    assert.equal((await lab.call('POST', state, { serial: 2 })).status, 422);
    assert.equal((await lab.call('POST', state, { serial: 1 })).status, 200);
    assert.deepEqual((await lab.call('GET', state)).body, { serial: 2 });
  });

  it('shows pages of a project and of the runners', async () => {
    await commit('create', 'status/cluster-a.json', { content: '{"a":"<b>"}' });
    const page = await (await fetch(`${lab.gitlab.url}/platform/status/-/blob/main/status/cluster-a.json`)).text();
    assert.match(page, /&lt;b&gt;/);
    assert.match(await (await fetch(`${lab.gitlab.url}/platform/status`)).text(), /<h1>status<\/h1>/);
    await lab.runner(['tag-one']);
    assert.match(await (await fetch(`${lab.gitlab.url}/admin/runners`)).text(), /tag-one/);
  });
});
