/** The port Incidents with the embedded GitLab: roles, labels, states, disabled issues. */
import assert from 'node:assert/strict';
import * as z from 'zod';
import { connectGitLab } from '../../../runtime/adapters/gitlab/connect.ts';
import { incidentsOf } from '../../../runtime/adapters/gitlab/incidents.ts';
import type { Incidents } from '../../../runtime/ports.ts';
import { systemClock } from '../../../runtime/adapters/process/clock.ts';
import { startLab, type Lab } from './client.ts';

const madeSchema = z.looseObject({ id: z.number(), token: z.string() });
const issueSchema = z.looseObject({
  iid: z.number(),
  state: z.string(),
  labels: z.array(z.string()),
  issue_type: z.string(),
  closed_at: z.string().nullable(),
});

describe('incidents in GitLab', () => {
  let lab: Lab;
  let id: number;
  const closing: (() => void)[] = [];

  beforeEach(async () => {
    lab = await startLab();
    const { body } = await lab.call('POST', '/projects', { name: 'status', namespace_id: lab.gitlab.groupId });
    id = z.looseObject({ id: z.number() }).parse(body).id;
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) close();
    await lab.gitlab.close();
  });

  const tokenOf = async (level: number): Promise<string> => {
    const made = { name: 'status', scopes: ['api'], access_level: level, expires_at: '2026-12-01' };
    return madeSchema.parse((await lab.call('POST', `/projects/${id}/access_tokens`, made)).body).token;
  };
  const incidents = (token: string): Incidents => {
    const gitlab = connectGitLab({
      url: lab.gitlab.url,
      token: () => Promise.resolve(token),
      requestSeconds: 2,
      clock: systemClock,
    });
    closing.push(gitlab.close);
    return incidentsOf(gitlab.resource, id);
  };
  const issues = async (query = '') =>
    z.array(issueSchema).parse((await lab.call('GET', `/projects/${id}/issues${query}`)).body);

  it('are opened, found and closed by a Developer, and other issues are not incidents', async () => {
    await lab.call('POST', `/projects/${id}/issues`, { title: 'by a person', labels: 'question' });
    const port = incidents(await tokenOf(30));
    const none = await port.open();
    assert.deepEqual(none.kind === 'found' && none.value, []);
    const raised = await port.raise('No cluster is eligible', 'because');
    assert.ok(raised.kind === 'found');
    assert.match(raised.value.url, /\/platform\/status\/-\/issues\/2$/);
    assert.deepEqual(await port.open(), { ...raised, value: [raised.value] });
    assert.deepEqual(
      (await issues('?labels=hadr-incident')).map(({ iid, state, issue_type }) => [iid, state, issue_type]),
      [[2, 'opened', 'incident']],
    );
    assert.equal((await port.close(2)).kind, 'found');
    const after = await port.open();
    assert.deepEqual(after.kind === 'found' && after.value, []);
    assert.deepEqual(
      (await issues('?state=closed')).map(({ iid, closed_at }) => [iid, closed_at]),
      [[2, '2026-03-01T12:00:00.000Z']],
    );
    assert.equal((await issues('?state=opened')).length, 1);
    assert.equal((await port.close(4711)).kind, 'absent');
  });

  it('are refused to a Guest, and to every user if the project has issues disabled', async () => {
    const guest = await incidents(await tokenOf(10)).raise('t', 'd');
    assert.equal(guest.kind === 'unknown' && guest.forbidden, true);
    await lab.call('PUT', `/projects/${id}`, { issues_access_level: 'disabled' });
    const port = incidents(await tokenOf(30));
    const refused = await port.raise('t', 'd');
    assert.equal(refused.kind === 'unknown' && refused.forbidden, true);
    const none = await port.open();
    assert.deepEqual(none.kind === 'found' && none.value, []);
  });

  it('are shown on the project’s page', async () => {
    await incidents(await tokenOf(30)).raise('No cluster is eligible', '- a\n- b');
    const page = await (await fetch(`${lab.gitlab.url}/platform/status`)).text();
    assert.match(page, /#1 No cluster is eligible.*open/);
  });
});
