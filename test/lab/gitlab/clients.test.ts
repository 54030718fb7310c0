/** What foreign GitLab clients rely on; found by pointing python-gitlab at the embedded GitLab. */
import assert from 'node:assert/strict';
import { startLab, type Answered, type Lab } from './client.ts';

describe('the embedded GitLab for any client', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab();
  });
  afterEach(() => lab.gitlab.close());

  const refusal = ({ status, body }: Answered) => ({ status, body });

  it('links to the next page with the client’s address and query', async () => {
    for (let index = 0; index < 3; index += 1) await lab.runner(['a']);
    const first = await lab.call('GET', '/runners/all?per_page=2&tag_list=a');
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    assert.equal(next, `${lab.gitlab.url}/api/v4/runners/all?per_page=2&tag_list=a&page=2`);
    const second = await fetch(next, { headers: { 'private-token': lab.gitlab.adminToken } });
    assert.equal(second.headers.get('x-page'), '2');
    const body: unknown = await second.json();
    assert.ok(Array.isArray(body) && body.length === 1);
  });

  it('names the wrong parameter and the problem, also in nested parameters', async () => {
    const project = `/projects/${lab.gitlab.projectId}`;
    const commit = (action: object) =>
      lab.call('POST', `${project}/repository/commits`, { branch: 'main', commit_message: 'm', actions: [action] });
    const answers: [Answered, unknown][] = [
      [await lab.call('GET', '/runners/abc'), { error: 'id is invalid' }],
      [await lab.call('GET', '/runners?status=sleepy'), { error: 'status does not have a valid value' }],
      [await lab.call('GET', '/runners?scope=sleepy'), { message: 'Scope contains invalid value' }],
      [
        await commit({ action: 'explode', file_path: 'a' }),
        { error: 'actions[0][action] does not have a valid value' },
      ],
      [await commit({ action: 'create' }), { error: 'actions[0][file_path] is missing' }],
    ];
    for (const [answer, body] of answers) assert.deepEqual(refusal(answer), { status: 400, body });
    assert.equal((await lab.call('GET', '/runners/abc', undefined, 'nonsense')).status, 401);
  });

  it('takes a boolean in a query in each spelling of clients', async () => {
    const { id } = await lab.runner(['a']);
    await lab.runner(['a']);
    await lab.call('PUT', `/runners/${id}`, { paused: true });
    for (const value of ['true', 'True', '1', 't']) {
      const { body } = await lab.call('GET', `/runners/all?paused=${value}`);
      assert.ok(Array.isArray(body) && body.length === 1, value);
    }
    assert.equal((await lab.call('GET', '/runners/all?paused=perhaps')).text, '{"error":"paused is invalid"}');
  });

  it('takes null for an optional parameter', async () => {
    const file = `/projects/${lab.gitlab.projectId}/repository/files/a.txt`;
    const body = { branch: 'main', commit_message: 'm', content: 'x', start_branch: null, encoding: null };
    assert.equal((await lab.call('POST', file, body)).status, 201);
    assert.deepEqual(refusal(await lab.call('POST', file, { ...body, branch: null })), {
      status: 400,
      body: { error: 'branch is invalid' },
    });
  });

  it('refuses a token that is valid for more than a year', async () => {
    const make = (expires_at: string) =>
      lab.call('POST', `/groups/${lab.gitlab.groupId}/access_tokens`, {
        name: 'long',
        scopes: ['api'],
        access_level: 30,
        expires_at,
      });
    assert.equal((await make('2027-03-01')).status, 201);
    assert.match((await make('2027-03-02')).text, /400 Bad request - Expires at must be before 2027-03-01/);
  });
});
