/** Tokens, projects and parameters: what GitLab refuses, and with which status. */
import assert from 'node:assert/strict';
import { startLab, type Answered, type Lab } from './client.ts';

describe('the embedded GitLab: rights and parameters', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab();
  });
  afterEach(() => lab.gitlab.close());

  const group = (): string => `/groups/${lab.gitlab.groupId}`;
  const refusal = ({ status, body }: Answered) => ({ status, body });
  const unauthorized = { status: 401, body: { message: '401 Unauthorized' } };
  const bad = (reason: string) => ({ status: 400, body: { message: `400 Bad request - ${reason}` } });

  it('F3 lets no token of a group or project make or rotate tokens', async () => {
    const { token, id } = await lab.groupToken('owner', ['api'], 50);
    const body = { name: 'x', scopes: ['api'], access_level: 30 };
    assert.deepEqual(
      refusal(await lab.call('POST', `${group()}/access_tokens`, body, token)),
      bad('User does not have permission to create group access token'),
    );
    assert.deepEqual(
      refusal(await lab.call('POST', `/projects/${lab.gitlab.projectId}/access_tokens`, body, token)),
      bad('User does not have permission to create project access token'),
    );
    assert.deepEqual(refusal(await lab.call('POST', `${group()}/access_tokens/${id}/rotate`, {}, token)), unauthorized);
    assert.equal((await lab.call('POST', '/personal_access_tokens/self/rotate', {}, token)).status, 200);
  });

  it('F4 answers 401 where tokens are listed or read without the right, and 400 where they are ended', async () => {
    const reader = await lab.groupToken('reader', ['api'], 40);
    const tokens = `${group()}/access_tokens`;
    assert.deepEqual(refusal(await lab.call('GET', tokens, undefined, reader.token)), unauthorized);
    assert.deepEqual(refusal(await lab.call('GET', `${tokens}/${reader.id}`, undefined, reader.token)), unauthorized);
    assert.deepEqual(refusal(await lab.call('GET', `${tokens}/99`, undefined, reader.token)), unauthorized);
    const ended = await lab.call('DELETE', `${tokens}/${reader.id}`, undefined, reader.token);
    assert.equal(ended.status, 400);
    assert.match(ended.text, /400 Bad request - group_\d+_bot_\d+ cannot delete group_\d+_bot_\d+/);
  });

  it('F4 shows only an administrator that a token does not exist', async () => {
    const tokens = `${group()}/access_tokens`;
    const reader = await lab.groupToken('reader', ['api'], 40);
    assert.deepEqual(refusal(await lab.call('POST', `${tokens}/99/rotate`, {})), {
      status: 404,
      body: { message: '404 Not Found' },
    });
    assert.deepEqual(refusal(await lab.call('POST', `${tokens}/99/rotate`, {}, reader.token)), unauthorized);
    assert.deepEqual(refusal(await lab.call('GET', `${tokens}/99`)), {
      status: 404,
      body: { message: '404 group Access Token Not Found' },
    });
  });

  it('F4 answers 404 for a group or project that the caller may not see', async () => {
    const other = await lab.call('POST', '/groups', { name: 'Other', path: 'other' });
    const otherId = /"id":(\d+)/.exec(other.text)?.[1] ?? '';
    const { token } = await lab.groupToken('owner', ['api'], 50);
    for (const path of [`/groups/${otherId}`, `/groups/${otherId}/runners`, `/groups/${otherId}/access_tokens`])
      assert.deepEqual(refusal(await lab.call('GET', path, undefined, token)), {
        status: 404,
        body: { message: '404 Group Not Found' },
      });
    const missing = { status: 404, body: { message: '404 Project Not Found' } };
    assert.deepEqual(refusal(await lab.call('GET', '/projects/4711', undefined, token)), missing);
  });

  it('F5 only marks a deleted project: read-only, under another path, and its old path is free', async () => {
    const made = await lab.call('POST', '/projects', {
      name: 'status',
      namespace_id: lab.gitlab.groupId,
      initialize_with_readme: true,
    });
    const id = /"id":(\d+)/.exec(made.text)?.[1] ?? '';
    const gone = await lab.call('DELETE', `/projects/${id}`);
    assert.deepEqual(refusal(gone), { status: 202, body: { message: '202 Accepted' } });
    const marked = await lab.call('GET', `/projects/${id}`);
    assert.match(marked.text, /"marked_for_deletion_on":"2026-03-01"/);
    assert.match(marked.text, new RegExp(`"path_with_namespace":"platform/status-deletion_scheduled-${id}"`));
    assert.equal((await lab.call('GET', '/projects/platform%2Fstatus')).status, 404);
    const file = `/projects/${id}/repository/files/README.md`;
    assert.equal((await lab.call('GET', `${file}?ref=main`)).status, 200);
    const change = { branch: 'main', commit_message: 'm', content: 'x' };
    assert.deepEqual(
      [await lab.call('PUT', file, change), await lab.call('PUT', `/projects/${id}`, { name: 'x' })].map(
        ({ status }) => status,
      ),
      [400, 403],
    );
    assert.deepEqual(
      refusal(await lab.call('DELETE', `/projects/${id}`)),
      bad('Project has been already marked for deletion'),
    );
    const again = { name: 'status', namespace_id: lab.gitlab.groupId };
    assert.equal((await lab.call('POST', '/projects', again)).status, 201);
  });

  const send = async (method: string, path: string, body?: URLSearchParams | FormData): Promise<Answered> => {
    const response = await fetch(`${lab.gitlab.url}/api/v4${path}`, {
      method,
      headers: { 'private-token': lab.gitlab.adminToken },
      ...(body && { body }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
  };

  it('F6 takes parameters from query, form and multipart form as from JSON, and the body wins', async () => {
    const { id } = await lab.runner(['a']);
    const tags = async (answer: Promise<Answered>): Promise<unknown> => (await answer).body;
    assert.match(JSON.stringify(await tags(send('PUT', `/runners/${id}?tag_list=x,y`))), /"tag_list":\["x","y"\]/);
    const list = new URLSearchParams([
      ['tag_list[]', 'p'],
      ['tag_list[]', 'q'],
    ]);
    assert.match(JSON.stringify(await tags(send('PUT', `/runners/${id}?tag_list=x`, list))), /"tag_list":\["p","q"\]/);
    const form = new FormData();
    form.set('tag_list', 'm,n');
    form.set('paused', 'true');
    const answer = JSON.stringify(await tags(send('PUT', `/runners/${id}`, form)));
    assert.match(answer, /"paused":true.*"tag_list":\["m","n"\]/);
  });

  it('F6 takes the actions of a commit from a form', async () => {
    const commit = new URLSearchParams([
      ['branch', 'main'],
      ['commit_message', 'two files'],
      ['actions[][action]', 'create'],
      ['actions[][file_path]', 'a.txt'],
      ['actions[][content]', '1'],
      ['actions[][action]', 'create'],
      ['actions[][file_path]', 'b.txt'],
      ['actions[][content]', '2'],
    ]);
    const project = `/projects/${lab.gitlab.projectId}`;
    assert.equal((await send('POST', `${project}/repository/commits`, commit)).status, 201);
    const { text } = await lab.call('GET', `${project}/repository/files/b.txt/raw?ref=main`);
    assert.equal(text, '2');
  });

  it('F6 refuses a body that is not the JSON that it says', async () => {
    const response = await fetch(`${lab.gitlab.url}/api/v4/projects`, {
      method: 'POST',
      headers: { 'private-token': lab.gitlab.adminToken, 'content-type': 'application/json' },
      body: '{',
    });
    assert.equal(response.status, 400);
    assert.deepEqual(await response.json(), { error: 'message body does not match declared format' });
  });

  it('F6 gives a token without an end 365 days', async () => {
    const body = { name: 'x', scopes: ['api'], access_level: 30 };
    const made = await lab.call('POST', `${group()}/access_tokens`, body);
    assert.equal(made.status, 201);
    assert.match(made.text, /"expires_at":"2027-03-01"/);
  });

  it('answers 404 Commit Not Found for each file while Gitaly is down, and reads projects and runners as before', async () => {
    const { id } = await lab.runner(['a']);
    const project = `/projects/${lab.gitlab.projectId}`;
    const create = { branch: 'main', commit_message: 'm', content: 'x' };
    await lab.call('POST', `${project}/repository/files/a.txt`, create);
    lab.gitlab.model.faults.add({ kind: 'gitaly-down' });
    for (const file of ['a.txt', 'missing.txt', 'a.txt/raw'])
      assert.deepEqual(refusal(await lab.call('GET', `${project}/repository/files/${file}?ref=main`)), {
        status: 404,
        body: { message: '404 Commit Not Found' },
      });
    assert.equal((await lab.call('POST', `${project}/repository/files/b.txt`, create)).status, 500);
    assert.equal((await lab.call('GET', project)).status, 200);
    assert.equal((await lab.call('GET', `/runners/${id}`)).status, 200);
    lab.gitlab.model.faults.clear();
    assert.deepEqual(refusal(await lab.call('GET', `${project}/repository/files/b.txt?ref=main`)), {
      status: 404,
      body: { message: '404 File Not Found' },
    });
  });
});
