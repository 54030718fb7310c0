import assert from 'node:assert/strict';
import { startLab, type Lab } from './client.ts';

const HOUR = 3600;

describe('the embedded GitLab: runners', () => {
  let lab: Lab;
  afterEach(() => lab.gitlab.close());

  const managers = async (id: number): Promise<unknown> => (await lab.call('GET', `/runners/${id}/managers`)).body;

  it('K1 hides the contact of a healthy idle manager behind Workhorse until its queue key ends or is ticked', async () => {
    lab = await startLab(40);
    const { id, token } = await lab.runner(['a']);
    const first = await lab.poll(token, 'r_0123456789ab');
    const lastUpdate = first.headers.get('x-gitlab-last-update') ?? '';
    assert.equal(first.status, 204);
    assert.notEqual(lastUpdate, '');
    lab.advance(1800);
    const held = await lab.poll(token, 'r_0123456789ab', lastUpdate);
    assert.equal(held.headers.get('gitlab-ci-builds-polling'), 'yes');
    assert.equal(held.headers.get('x-gitlab-last-update'), null);
    assert.match(JSON.stringify(await managers(id)), /"contacted_at":"2026-03-01T12:00:00.000Z"/);
    await lab.call('PUT', `/runners/${id}`, { description: '' });
    await lab.poll(token, 'r_0123456789ab', lastUpdate);
    assert.match(JSON.stringify(await managers(id)), /"contacted_at":"2026-03-01T12:30:00.000Z"/);
  });

  it('K1 ends a held poll at once when the queue is ticked, and lets the next one through', async () => {
    lab = await startLab(60_000);
    const { id, token } = await lab.runner(['a']);
    const lastUpdate = (await lab.poll(token, 'r_1')).headers.get('x-gitlab-last-update') ?? '';
    const held = lab.poll(token, 'r_1', lastUpdate);
    await lab.call('PUT', `/runners/${id}`, { description: '' });
    assert.equal((await held).status, 204);
    const next = await lab.poll(token, 'r_1', lastUpdate);
    assert.notEqual(next.headers.get('x-gitlab-last-update'), lastUpdate);
  });

  it('K1 sends every poll to Rails when the queue key has expired after an hour', async () => {
    lab = await startLab(60_000);
    const { id, token } = await lab.runner(['a']);
    const lastUpdate = (await lab.poll(token, 'r_1')).headers.get('x-gitlab-last-update') ?? '';
    lab.advance(HOUR);
    await lab.poll(token, 'r_1', lastUpdate);
    assert.match(JSON.stringify(await managers(id)), /"contacted_at":"2026-03-01T13:00:00.000Z"/);
  });

  it('K2 calls a runner online until two hours after its contact, stale after seven days, paused before either', async () => {
    lab = await startLab();
    const { id, token } = await lab.runner(['a']);
    const status = async (): Promise<unknown> => {
      const { body } = await lab.call('GET', `/runners/${id}`);
      return body && typeof body === 'object' && 'status' in body && body.status;
    };
    assert.equal(await status(), 'never_contacted');
    await lab.poll(token, 'r_1');
    lab.advance(2 * HOUR - 1);
    assert.equal(await status(), 'online');
    lab.advance(1);
    assert.equal(await status(), 'offline');
    await lab.call('PUT', `/runners/${id}`, { paused: true });
    assert.equal(await status(), 'paused');
    lab.advance(7 * 24 * HOUR);
    assert.equal(await status(), 'stale');
    assert.match(JSON.stringify(await managers(id)), /"status":"stale"/);
  });

  it('K3 answers polls with 201, 204 and 403, and counts a verify as contact', async () => {
    lab = await startLab();
    const { id, token } = await lab.runner(['a']);
    lab.gitlab.model.newJob(lab.gitlab.projectId, ['a'], 5);
    assert.equal((await lab.poll(token, 'r_1')).status, 201);
    assert.equal((await lab.poll(token, 'r_1')).status, 204);
    assert.deepEqual(await lab.poll('glrt-wrong', 'r_1').then(({ status, body }) => ({ status, body })), {
      status: 403,
      body: { message: '403 Forbidden' },
    });
    lab.advance(60);
    assert.equal((await lab.call('POST', '/runners/verify', { token, system_id: 'r_9' })).status, 200);
    await lab.call('POST', '/jobs/request', { token });
    const rows = JSON.stringify(await managers(id));
    assert.match(rows, /"system_id":"r_9".*"contacted_at":"2026-03-01T12:01:00.000Z"/);
    assert.match(rows, /"system_id":"<legacy>"/);
  });

  it('K4 replaces the whole tag list, trims it, limits it to 50 and refuses an empty one', async () => {
    lab = await startLab();
    const { id } = await lab.runner(['a']);
    const put = async (body: unknown): Promise<{ status: number; body: unknown }> => {
      const answer = await lab.call('PUT', `/runners/${id}`, body);
      return { status: answer.status, body: answer.body };
    };
    const changed = await put({ tag_list: ' x , y,x' });
    assert.match(JSON.stringify(changed.body), /"tag_list":\["x","y"\]/);
    assert.deepEqual(await put({ tag_list: [] }), {
      status: 400,
      body: { message: { tags_list: ['can not be empty when runner is not allowed to pick untagged jobs'] } },
    });
    assert.deepEqual(await put({ tag_list: Array.from({ length: 51 }, (_, index) => `t${index}`) }), {
      status: 400,
      body: { message: { tags_list: ['Too many tags specified. Please limit the number of tags to 50'] } },
    });
    assert.equal((await put({})).status, 400);
  });

  it('K5 separates scopes from roles, and 404 comes before 403', async () => {
    lab = await startLab();
    const { id } = await lab.runner(['a']);
    await lab.call('PUT', `/runners/${id}`, { maintenance_note: 'secret' });
    const owner = await lab.groupToken('owner', ['manage_runner'], 50);
    const reader = await lab.groupToken('reader', ['manage_runner'], 40);
    const asReader = await lab.call('GET', `/runners/${id}`, undefined, reader.token);
    assert.equal(asReader.status, 200);
    assert.match(asReader.text, /"maintenance_note":null/);
    const refused = await lab.call('PUT', `/runners/${id}`, { description: 'x' }, reader.token);
    assert.deepEqual([refused.status, refused.body], [403, { message: '403 Forbidden - No access granted' }]);
    assert.match(
      (await lab.call('PUT', `/runners/${id}`, { description: 'x' }, owner.token)).text,
      /"maintenance_note":"secret"/,
    );
    const list = await lab.call('GET', '/runners', undefined, owner.token);
    assert.equal(list.status, 403);
    assert.match(list.text, /"error":"insufficient_scope".*"scope":"api read_api"/);
    assert.deepEqual((await lab.call('GET', '/runners/99999', undefined, reader.token)).body, {
      message: '404 Runner Not Found',
    });
    assert.equal((await lab.call('GET', `/runners/${id}`, undefined, 'nonsense')).status, 401);
  });

  it('K6 pages lists with headers, and a rate limit is plain text with Retry-After', async () => {
    lab = await startLab();
    for (let index = 0; index < 3; index += 1) await lab.runner(['a']);
    const list = await lab.call('GET', '/runners/all?per_page=2&page=1');
    assert.equal(list.headers.get('x-next-page'), '2');
    assert.equal(list.headers.get('x-total'), '3');
    assert.doesNotMatch(list.text, /tag_list/);
    assert.notEqual(list.headers.get('ratelimit-remaining'), null);
    lab.gitlab.model.faults.add({ kind: 'rate-limit', times: 1 });
    const limited = await lab.call('GET', '/runners/all');
    assert.deepEqual([limited.status, limited.text, limited.headers.get('retry-after')], [429, 'Retry later\n', '60']);
    assert.match(limited.headers.get('content-type') ?? '', /^text\/plain/);
  });

  it('K9 freezes contact and refuses writes in maintenance, and falls back to old contact when Redis is lost', async () => {
    lab = await startLab();
    const { id, token } = await lab.runner(['a']);
    await lab.poll(token, 'r_1');
    lab.gitlab.model.faults.add({ kind: 'maintenance' });
    lab.advance(60);
    assert.equal((await lab.call('PUT', `/runners/${id}`, { description: 'x' })).status, 503);
    assert.equal((await lab.call('GET', `/runners/${id}`)).status, 200);
    lab.gitlab.model.faults.clear();
    lab.advance(600);
    await lab.poll(token, 'r_1');
    assert.match(JSON.stringify(await managers(id)), /"contacted_at":"2026-03-01T12:11:00.000Z"/);
    lab.gitlab.model.runners.loseRedis();
    assert.match(JSON.stringify(await managers(id)), /"contacted_at":"2026-03-01T12:00:00.000Z"/);
  });

  it('K9 applies a write although its answer is lost', async () => {
    lab = await startLab();
    const { id } = await lab.runner(['a']);
    lab.gitlab.model.faults.add({ kind: 'timeout-after', times: 1 });
    const aborted = fetch(`${lab.gitlab.url}/api/v4/runners/${id}`, {
      method: 'PUT',
      headers: { 'PRIVATE-TOKEN': lab.gitlab.adminToken, 'content-type': 'application/json' },
      body: '{"description":"written"}',
      signal: AbortSignal.timeout(200),
    });
    await assert.rejects(aborted);
    assert.match((await lab.call('GET', `/runners/${id}`)).text, /"description":"written"/);
  });

  it('K9 revokes a rotated token at once and refuses an expired one', async () => {
    lab = await startLab();
    const { id, token } = await lab.groupToken('old', ['api'], 50);
    const rotated = await lab.call('POST', `/groups/${lab.gitlab.groupId}/access_tokens/${id}/rotate`, {});
    assert.equal(rotated.status, 200);
    assert.match((await lab.call('GET', '/user', undefined, token)).text, /Token was revoked/);
    lab.advance(8 * 24 * HOUR);
    const next = /"token":"([^"]+)"/.exec(rotated.text)?.[1] ?? '';
    assert.match((await lab.call('GET', '/user', undefined, next)).text, /Token is expired/);
  });

  it('K10 drops a pending job after an hour without an online match, and any after a day', async () => {
    lab = await startLab();
    const { token } = await lab.runner(['a']);
    await lab.poll(token, 'r_1');
    lab.gitlab.model.newJob(lab.gitlab.projectId, ['nobody'], 1);
    lab.gitlab.model.newJob(lab.gitlab.projectId, ['a'], 1);
    lab.advance(HOUR);
    await lab.call('GET', '/version');
    const states = (): string[] => [...lab.gitlab.model.jobs.all.values()].map((job) => job.status);
    assert.deepEqual(states(), ['failed', 'pending']);
    lab.advance(23 * HOUR);
    await lab.call('GET', '/version');
    assert.deepEqual(states(), ['failed', 'failed']);
  });
});
