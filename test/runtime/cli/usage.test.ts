/** Wrong usage: one sentence that names the correction, and exit code 64. */
import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openTerminal, type Terminal } from '../../support/terminal.ts';
import { refusesAt, stateOf } from './refusal.ts';

describe('hadr with wrong usage', function () {
  this.timeout(60_000);
  let terminal: Terminal;
  before(async () => void (terminal = await openTerminal()));
  after(() => terminal?.close());

  const refuses = refusesAt(() => terminal);

  const usage: readonly (readonly [string, RegExp])[] = [
    ['stat', /there is no command stat; give one of status, history, /],
    [
      'switchover --to cluster-x --yes',
      /there is no cluster cluster-x in the fleet; give one of cluster-a, cluster-b\. Nothing was changed/,
    ],
    ['failover --to cluster-x --force --yes', /there is no cluster cluster-x in the fleet/],
    ['pin --to cluster-x', /there is no cluster cluster-x in the fleet/],
    ['drill --to cluster-x', /there is no cluster cluster-x in the fleet/],
    ['pin', /hadr pin needs --to: one of cluster-a, cluster-b/],
    ['pin --to cluster-b --for soon', /--for soon is not a duration; give one like 90s, 30m, 2h or 7d/],
    ['pin --to cluster-b --for 0h', /--for 0h is not a duration/],
    ['history --limit some', /--limit some is not a number of terms/],
    ['explain', /hadr explain needs a term, as in: hadr explain 7/],
    ['explain one', /one is not the number of a term/],
    ['explain 99', /there is no term 99; the newest is 1/],
    ['status -o xml', /--output xml is not valid; give table or json or yaml/],
    ['status --wacht', /Unknown option '--wacht'; see hadr status --help/],
    ['status now', /hadr status takes no argument, but got now/],
    ['failover --to cluster-b', /give --force to claim without that evidence/],
    ['switchover --to cluster-b', /asks for confirmation, but there is no terminal; give --yes/],
  ];
  for (const [args, sentence] of usage)
    it(`refuses: hadr ${args}`, async () => {
      const before = stateOf(terminal);
      const ended = await terminal.hadr(args);
      assert.deepEqual([ended.code, ended.out], [64, '']);
      assert.match(ended.err, sentence);
      assert.deepEqual(stateOf(terminal), before);
    });

  const config = async (text: string): Promise<string> => {
    const folder = await mkdtemp(join(terminal.folder, 'config-'));
    await writeFile(join(folder, 'hadr.yaml'), text);
    return folder;
  };

  it('names each problem of a config by its key', async () => {
    const cwd = await config(
      'gitlab: {url: "ftp://gitlab"}\nstatusProject: {path: a/b}\nfleet: [Cluster-A]\ntags: [x]\n',
    );
    const { code, err } = await terminal.hadr('status', { cwd });
    assert.equal(code, 64);
    for (const part of [
      /gitlab\.url: must be an https URL/,
      /fleet\.0: must be lower-case/,
      /mainTags: is missing/,
      /unknown key tags/,
      /correct hadr\.yaml/,
    ])
      assert.match(err, part);
  });

  it('names the line of a config that is not YAML', async () => {
    const cwd = await config('gitlab:\n  url: [\n');
    await refuses('status', 64, /hadr\.yaml is not YAML at line \d+/, { cwd });
  });

  it('names a config file, a stack or a token file that does not exist', async () => {
    await refuses('status --config other.yaml', 64, /there is no config file other\.yaml/);
    await refuses('status --stack cluster-z', 64, /there is no Pulumi\.yaml in /);
    await refuses('status --token-file none', 64, /there is no token file none/);
  });

  it('refuses a missing token and one that is not one word, and shows no part of it', async () => {
    await refuses('status', 64, /there is no GitLab token; set HADR_TOKEN/, { token: '' });
    await refuses('status', 64, /HADR_TOKEN contains spaces or line breaks/, { token: 'glpat-secret and more' });
    const { err } = await terminal.hadr('status', { token: 'glpat-secret and more' });
    assert.ok(!err.includes('secret'));
  });
});
