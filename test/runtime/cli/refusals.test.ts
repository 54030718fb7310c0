/** Bad input and bad days: one sentence with the mend, the right exit code, and nothing is changed. */
import assert from 'node:assert/strict';
import { writeFile, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { statusSchema } from '../../../runtime/cli/commands/status-view.ts';
import { until } from '../../lab/until.ts';
import { A, B, Fleet, startFleet, type Person } from './fleet.ts';

describe('hadr refuses', function () {
  this.timeout(60_000);
  let fleet: Fleet;
  before(async () => void (fleet = await startFleet()));
  after(() => fleet.close());

  /** What people and stacks wrote, and who has the tags; reports come and go by themselves. */
  const state = (): unknown => [
    fleet.acts(),
    fleet.holders(),
    [A, B].map((name) => [...fleet.record(name).tags].sort()),
  ];

  /** One sentence on stderr, nothing on stdout, nothing changed. */
  async function refuses(args: string, code: number, sentence: RegExp, person: Person = {}): Promise<void> {
    const before = state();
    const ended = await fleet.hadr(args, person);
    assert.equal(ended.out, '', args);
    assert.match(ended.err, sentence, args);
    assert.match(ended.err, /^hadr: .*\n$/, args);
    assert.equal(ended.code, code, `${args}: ${ended.err}`);
    assert.deepEqual(state(), before, args);
  }

  const newToken = (
    scopes: string[],
    level: number,
    expires = '2999-01-01',
    kind: 'group' | 'project' = 'group',
  ): string => {
    const id = kind === 'group' ? fleet.gitlab.groupId : fleet.project;
    return fleet.gitlab.model.access.addToken({ kind, id }, 'a person', scopes, level, expires).value;
  };

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
    it(`wrong usage: hadr ${args}`, async () => {
      const before = state();
      const ended = await fleet.hadr(args);
      assert.deepEqual([ended.code, ended.out], [64, '']);
      assert.match(ended.err, sentence);
      assert.deepEqual(state(), before);
    });

  const config = async (text: string): Promise<string> => {
    const folder = await mkdtemp(join(fleet.folder, 'config-'));
    await writeFile(join(folder, 'hadr.yaml'), text);
    return folder;
  };

  it('a config of which it names each problem by its key', async () => {
    const cwd = await config(
      'gitlab: {url: "ftp://gitlab"}\nstatusProject: {path: a/b}\nfleet: [Cluster-A]\ntags: [x]\n',
    );
    const { code, err } = await fleet.hadr('status', { cwd });
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

  it('a config that is no YAML', async () => {
    const cwd = await config('gitlab:\n  url: [\n');
    await refuses('status', 64, /hadr\.yaml is not YAML at line \d+/, { cwd });
  });

  it('files that are not there', async () => {
    await refuses('status --config other.yaml', 64, /there is no config file other\.yaml/);
    await refuses('status --stack cluster-z', 64, /there is no Pulumi\.yaml in /);
    await refuses('status --token-file none', 64, /there is no token file none/);
  });

  it('a missing token, or one that is none, and shows none', async () => {
    await refuses('status', 64, /there is no GitLab token; set HADR_TOKEN/, { token: '' });
    await refuses('status', 64, /HADR_TOKEN contains spaces or line breaks/, { token: 'glpat-secret and more' });
    const { err } = await fleet.hadr('status', { token: 'glpat-secret and more' });
    assert.ok(!err.includes('secret'));
  });

  it('a token that is invalid or expired', async () => {
    const expired = newToken(['api'], 50, '2020-01-01');
    for (const args of ['status', 'pause', `switchover --to ${B} --yes`, `failover --to ${B} --force --yes`]) {
      await refuses(args, 4, /cannot be read: .*401.*give another as HADR_TOKEN/, { token: 'glpat-unknown' });
      await refuses(args, 4, /Token is expired.*give another as HADR_TOKEN/, { token: expired });
    }
  });

  it('a token that may not commit to the status project', async () => {
    const token = newToken(['api'], 20);
    await refuses('pause', 4, /control\.json was probably not changed: .*403/, { token });
  });

  it('a token that may not read the runner records, or not their notes', async () => {
    const reader = newToken(['api'], 30, '2999-01-01', 'project');
    await refuses(`switchover --to ${B} --yes`, 4, /403.*the token lacks the role or scope/, { token: reader });
    const maintainer = newToken(['api'], 40);
    const { code, data } = await fleet.json('status', { token: maintainer });
    assert.equal(code, 4);
    assert.match(
      statusSchema.parse(data).reasons.join(),
      /no lease can be seen: GitLab shows the notes of runner records only to users who may edit them/,
    );
  });

  it('a status project that is not there, or that is without files', async () => {
    await refuses(
      'status --status-project platform/other',
      4,
      /the status project platform\/other at .* cannot be read: .*404 Project Not Found/,
    );
    const empty = fleet.gitlab.model.access.addProject(fleet.gitlab.groupId, 'empty', 'empty');
    fleet.gitlab.model.repository(empty.id).commit({
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
    assert.equal(fleet.gitlab.model.repository(empty.id).log('main').length, 1);
    const { code, data } = await fleet.json('status --status-project platform/empty');
    const { health, reasons } = statusSchema.parse(data);
    assert.deepEqual([code, health], [2, 'no holder']);
    assert.ok(reasons.includes('cluster-a has never reported'));
  });

  it('a switchover to a cluster that may not take the tags', async () => {
    fleet.cluster(B).ready = 0;
    await until('its lease says so', () => fleet.record(B).note?.includes('0/2 online'));
    await refuses(
      `switchover --to ${B} --yes`,
      1,
      /cluster-b cannot take the main tags: .*0\/2 online, 1 needed\. Nothing was changed/,
    );
    await refuses(`drill --to ${B} --yes`, 1, /cluster-b cannot take the main tags: .*0\/2 online, 1 needed/);
    fleet.cluster(B).ready = 2;
    await until('it is well again', () => fleet.record(B).note?.includes('2/2 online'));
    await refuses(`switchover --to ${A} --yes`, 1, /cluster-a holds the main tags already/);
  });

  it('a switchover that people’s own wishes forbid', async () => {
    const wish = async (text: string, sentence: RegExp): Promise<void> => {
      fleet.commit('control.json', text);
      await refuses(`switchover --to ${B} --yes`, 1, sentence);
      await refuses(`failover --to ${B} --force --yes`, 1, sentence);
    };
    await wish('{"version":1,"paused":true}', /the fleet is paused: no checker moves a tag; run hadr resume first/);
    await wish('{"version":1,"retired":["cluster-b"]}', /cluster-b is retired; take it out of control\.json first/);
    await wish(
      '{"version":1,"pin":{"cluster":"cluster-a"}}',
      /the main tags are pinned to cluster-a; run hadr unpin first/,
    );
    fleet.commit('control.json', '{"version":1}');
  });

  it('a pin to a retired cluster', async () => {
    fleet.commit('control.json', '{"version":1,"retired":["cluster-b"]}');
    await refuses(`pin --to ${B}`, 1, /cluster-b is retired and would never take the main tags/);
    fleet.commit('control.json', '{"version":1}');
  });

  it('a switchover away from a cluster that is not healthy: the rules move the tags', async () => {
    await fleet.stop(A);
    await until(
      'its lease has lapsed',
      async () => {
        const seen = statusSchema.parse((await fleet.json('status')).data);
        return seen.clusters[0]?.lease?.fresh === false;
      },
      25_000,
    );
    await refuses(
      `switchover --to ${B} --yes`,
      1,
      /cluster-a has not renewed its lease for \d+ s, and a switchover needs two healthy clusters/,
    );
    fleet.start(A);
    await until('it asserts itself again', async () => {
      const seen = statusSchema.parse((await fleet.json('status')).data);
      return seen.clusters[0]?.lease?.fresh === true;
    });
    assert.equal(fleet.terms(), 1);
  });

  const nonsense: readonly (readonly [string, string, RegExp])[] = [
    ['no JSON', 'paused: yes', /control\.json is not JSON/],
    ['an unknown key', '{"version":1,"pasued":true}', /control\.json is not valid at ""/],
    [
      'a wrong value',
      '{"version":1,"pin":{"cluster":"cluster-b","until":"tomorrow"}}',
      /control\.json is not valid at "pin\.until"/,
    ],
    [
      'a newer version',
      '{"version":2}',
      /control\.json was written by a newer release \(version 2\); upgrade this one/,
    ],
  ];
  for (const [what, text, sentence] of nonsense)
    it(`a control file of ${what}`, async () => {
      fleet.commit('control.json', text);
      for (const args of [
        'pause',
        'resume',
        'unpin',
        `pin --to ${B}`,
        `switchover --to ${B} --yes`,
        `failover --to ${B} --force --yes`,
        `drill --to ${B} --yes`,
      ]) {
        await refuses(args, 4, sentence);
        await refuses(args, 4, /If the file is wrong, correct it in http.* or delete it there/);
      }
      const { code, data } = await fleet.json('status');
      assert.deepEqual([code, statusSchema.parse(data).health], [4, 'unknown']);
      fleet.commit('control.json', '{"version":1}');
    });

  it('a term of a newer version', async () => {
    const text = fleet.file('terms/1.json') ?? '';
    await fleet.stop(A);
    await fleet.stop(B);
    fleet.commit('terms/1.json', text.replace('"version": 1', '"version": 2'));
    await refuses('explain 1', 4, /terms\/1\.json was written by a newer release \(version 2\); upgrade this one/);
    const { code, data } = await fleet.json('status');
    assert.equal(code, 4);
    assert.match(statusSchema.parse(data).reasons.join(), /newer release \(version 2\)/);
    const history = await fleet.json('history');
    assert.match(JSON.stringify(history.data), /newer release/);
    fleet.commit('terms/1.json', text);
    fleet.start(A);
    fleet.start(B);
  });

  it('a term whose evidence is of another kind', async () => {
    const text = fleet.file('terms/1.json') ?? '';
    const shorn: unknown = JSON.parse(text);
    fleet.commit('terms/1.json', JSON.stringify({ ...Object(shorn), evidence: {} }));
    await refuses(
      'explain 1',
      4,
      /what term 1 recorded cannot be read at "evidence\.facts": this release cannot replay it/,
    );
    fleet.commit('terms/1.json', text);
  });

  it('a connection that is lost midway: the request ends by itself, and that is said', async () => {
    // The pin is committed; then GitLab answers this person no more.
    const stop = fleet.gitlab.model.onEvent((event) => {
      if (event.kind === 'commit' && event.message.startsWith('Pinned'))
        fleet.gitlab.model.faults.add({ kind: 'down', token: 'root' });
    });
    const terms = fleet.terms();
    const { code, err, out } = await fleet.hadr(`switchover --to ${B} --yes`);
    stop();
    fleet.gitlab.model.faults.clear();
    assert.deepEqual([code, out], [4, '']);
    assert.match(
      err,
      /the switchover did not finish in time: .*; the pin to cluster-b may remain until .*Z and then expires\. See hadr status\./,
    );
    // The fleet did what it was asked; nobody had to be there.
    await until('cluster-b holds the main tag', () => fleet.holders().join() === B);
    assert.equal(fleet.terms(), terms + 1);
    assert.equal((await fleet.hadr('unpin')).code, 0);
  });

  it('a request whose answer is lost: it is made once', async () => {
    fleet.gitlab.model.faults.add({ kind: 'timeout-after', method: 'POST', token: 'root', times: 1 });
    const { code, out } = await fleet.hadr('pause');
    fleet.gitlab.model.faults.clear();
    assert.deepEqual([code, out], [0, 'paused: nothing moves until hadr resume\n']);
    assert.equal(fleet.acts().filter((message) => message === 'Paused').length, 1);
    await fleet.hadr('resume');
  });

  it('GitLab that is down', async () => {
    fleet.gitlab.model.faults.add({ kind: 'down', token: 'root' });
    await refuses('status', 4, /the status project .* cannot be read: GET .*; nothing was changed/);
    fleet.gitlab.model.faults.clear();
  });

  it('a switchover that a person gives up: the request is taken back', async () => {
    const [holder] = fleet.holders();
    const to = holder === A ? B : A;
    const interrupt = new AbortController();
    const stop = fleet.gitlab.model.onEvent((event) => {
      if (event.kind !== 'commit' || !event.message.startsWith('Pinned')) return;
      // Its checker is too slow to claim before the person gives up.
      fleet.gitlab.model.faults.add({ kind: 'error-500', token: `hadr-${to}-status` });
      interrupt.abort();
    });
    const { code, err } = await fleet.hadr(`switchover --to ${to} --yes`, { interrupted: interrupt.signal });
    stop();
    assert.equal(code, 1, err);
    assert.match(err, /you interrupted the wait: .*; the pin was removed/);
    fleet.gitlab.model.faults.clear();
    assert.match(fleet.file('control.json') ?? '', /"pin": null/);
    assert.deepEqual(fleet.holders(), [holder]);
  });
});
