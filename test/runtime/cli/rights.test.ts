/** Tokens that may not do what a command needs, and status projects that are not there. */
import assert from 'node:assert/strict';
import { statusSchema } from '../../../runtime/cli/commands/status-view.ts';
import { PROJECT } from '../../../simulation/world/gitlab.ts';
import { B } from '../../support/simulated-fleet.ts';
import { GROUP, openTerminal, type Terminal } from '../../support/terminal.ts';
import { refusesAt } from './refusal.ts';

describe('hadr with a token that lacks rights', function () {
  this.timeout(60_000);
  let terminal: Terminal;
  before(async () => void (terminal = await openTerminal()));
  after(() => terminal?.close());

  const refuses = refusesAt(() => terminal);

  const newToken = (
    scopes: string[],
    level: number,
    expires = '2999-01-01',
    kind: 'group' | 'project' = 'group',
  ): string => {
    const id = kind === 'group' ? GROUP : PROJECT;
    return terminal.model.access.addToken({ kind, id }, 'a person', scopes, level, expires).value;
  };

  it('refuses a token that is invalid or expired', async () => {
    const expired = newToken(['api'], 50, '2020-01-01');
    for (const args of ['status', 'pause', `switchover --to ${B} --yes`, `failover --to ${B} --force --yes`]) {
      await refuses(args, 4, /cannot be read: .*401.*give another as HADR_TOKEN/, { token: 'glpat-unknown' });
      await refuses(args, 4, /Token is expired.*give another as HADR_TOKEN/, { token: expired });
    }
  });

  it('refuses a change with a token that may not commit to the status project', async () => {
    const token = newToken(['api'], 20);
    await refuses('pause', 4, /control\.json was probably not changed: .*403/, { token });
  });

  it('names the missing role of a token that may not read runner records or their notes', async () => {
    const reader = newToken(['api'], 30, '2999-01-01', 'project');
    await refuses(`switchover --to ${B} --yes`, 4, /403.*the token lacks the role or scope/, { token: reader });
    const maintainer = newToken(['api'], 40);
    const { code, data } = await terminal.json('status', { token: maintainer });
    assert.equal(code, 4);
    assert.match(
      statusSchema.parse(data).reasons.join(),
      /no lease can be seen: GitLab shows the notes of runner records only to users who may edit them/,
    );
  });

  it('refuses changes in a status project that does not exist or has no reports', async () => {
    await refuses(
      'status --status-project platform/other',
      4,
      /the status project platform\/other at .* cannot be read: .*404 Project Not Found/,
    );
    const empty = terminal.model.access.addProject(GROUP, 'empty', 'empty');
    terminal.model.repository(empty.id).commit({
      branch: 'main',
      message: 'Initial commit',
      author: 'root',
      mayForce: false,
      actions: [{ action: 'create', file_path: 'README.md', content: '# empty\n' }],
    });
    for (const args of ['pause', `pin --to ${B}`, `switchover --to ${B} --yes`, `failover --to ${B} --force --yes`])
      await refuses(
        `${args} --status-project platform/empty`,
        4,
        /no cluster has ever reported to .*platform\/empty \(branch main\)/,
      );
    assert.equal(terminal.model.repository(empty.id).log('main').length, 1);
    const { code, data } = await terminal.json('status --status-project platform/empty');
    const { health, reasons } = statusSchema.parse(data);
    assert.deepEqual([code, health], [2, 'no holder']);
    assert.ok(reasons.includes('cluster-a has never reported'));
  });
});
