/** What a command reads may come from somebody else: config files, files of the status project, and the address in them. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { historySchema } from '../../../runtime/cli/commands/history.ts';
import { run } from '../../../runtime/cli/run.ts';
import { systemClock, wallClock } from '../../../runtime/adapters/process/clock.ts';
import { A, type SimulatedFleet } from '../../support/simulated-fleet.ts';
import { openTerminal, type Person, type Terminal } from '../../support/terminal.ts';

/** Clears the screen, rings, returns the carriage, colours, turns the reading direction, hides a character. */
const HOSTILE = 'a\x1b[2J\x07b\rc\nd \x1b[32mok\u009b31m \u202eabc\u2066 \u200b\u2028';

const CONTROLS = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069]/;

describe('hadr with files that other people wrote', function () {
  this.timeout(60_000);
  let terminal: Terminal;
  let fleet: SimulatedFleet;
  before(async () => {
    terminal = await openTerminal();
    fleet = terminal.fleet;
  });
  after(() => terminal?.close());

  const folder = (): Promise<string> => mkdtemp(join(terminal.folder, 'input-'));
  async function refusedAsUsage(args: string, sentence: RegExp, person: Person = {}): Promise<void> {
    const { code, out, err } = await terminal.hadr(args, person);
    assert.match(err, sentence, args);
    assert.match(err, /^hadr: [^\n]*\n$/, args);
    assert.deepEqual([code, out], [64, ''], err);
  }

  describe('D5: control characters in files never reach the terminal', () => {
    let term: string;
    before(async () => {
      term = fleet.file('terms/1.json');
      const parsed = z.looseObject({}).parse(JSON.parse(term));
      fleet.edit({ 'terms/1.json': JSON.stringify({ ...parsed, reason: HOSTILE }) });
      fleet.edit({ 'control.json': JSON.stringify({ version: 1, note: 'x', [HOSTILE]: true }) });
    });
    after(() => {
      fleet.edit({ 'terms/1.json': term });
      fleet.edit({ 'control.json': '{"version":1}' });
    });

    for (const args of ['status', 'history', 'explain 1', 'doctor', 'pause', 'switchover --to cluster-b'])
      it(`hadr ${args} shows them as escapes`, async () => {
        const { out, err } = await terminal.hadr(args);
        assert.doesNotMatch(out + err, CONTROLS);
        if (args === 'history') assert.match(out, /a\\u\{1b\}\[2J\\u\{7\}b\\u\{d\}c\\nd \\u\{1b\}\[32mok/);
      });

    it('writes only the colours of hadr itself in a terminal with colours', async () => {
      const { out } = await terminal.hadr('history', { colours: true });
      assert.match(out, /\x1b\[2mTERM\x1b\[0m/);

      assert.doesNotMatch(out.replaceAll(/\x1b\[[012]m/g, ''), CONTROLS);
    });

    it('gives the same text in JSON and YAML, escaped in the way of each', async () => {
      for (const [format, read] of [
        ['json', JSON.parse],
        ['yaml', (text: string): unknown => parse(text)],
      ] as const) {
        const { out } = await terminal.hadr(`history -o ${format}`);
        assert.doesNotMatch(out, CONTROLS);
        assert.equal(historySchema.parse(read(out)).terms[0]?.reason, HOSTILE);
      }
    });
  });

  describe('E5: a file that cannot be used is one sentence and exit code 64', () => {
    const bomb = ['a0: &a0 [x,x,x,x,x,x,x,x,x]']
      .concat(Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]`))
      .join('\n');
    const texts: readonly (readonly [string, string, RegExp])[] = [
      ['an alias without its anchor', 'fleet: *none', /cannot be read as YAML: it uses an alias/],
      ['nested aliases', bomb, /cannot be read as YAML: it uses an alias/],
      ['an alias to itself', 'fleet: &a [*a]\n', /the config cannot be used/],
      ['deep nesting', '['.repeat(10_000), /is not YAML at line 1|cannot be read as YAML: it is nested too deep/],
      ['a list', '- fleet', /has no keys/],
    ];
    for (const [what, text, sentence] of texts)
      it(`hadr.yaml with ${what}`, async () => {
        const cwd = await folder();
        await writeFile(join(cwd, 'hadr.yaml'), text);
        await refusedAsUsage('status', sentence, { cwd });
      });

    for (const [file, text, sentence] of [
      ['Pulumi.yaml', 'name: 5', /Pulumi\.yaml cannot be used \(name/],
      ['Pulumi.cluster-a.yaml', 'config: [1]', /Pulumi\.cluster-a\.yaml cannot be used \(config/],
      [
        'Pulumi.cluster-a.yaml',
        'config: {"hadr:kubernetes": 5}',
        /Pulumi\.cluster-a\.yaml cannot be used \(kubernetes/,
      ],
      ['Pulumi.cluster-a.yaml', 'config: *none', /Pulumi\.cluster-a\.yaml cannot be read as YAML/],
    ] as const)
      it(`${file} with ${text}`, async () => {
        const cwd = await folder();
        await writeFile(join(cwd, 'Pulumi.yaml'), 'name: hadr');
        await writeFile(join(cwd, 'Pulumi.cluster-a.yaml'), 'config: {}');
        await writeFile(join(cwd, file), text);
        await refusedAsUsage('status --stack cluster-a', sentence, { cwd });
      });

    it('names a folder where a file is expected', async () => {
      const cwd = await folder();
      for (const name of ['hadr.yaml', 'Pulumi.yaml', 'token']) await mkdir(join(cwd, name));
      await refusedAsUsage('status', /cannot read .*hadr\.yaml: EISDIR; give a file that you may read/, { cwd });
      await refusedAsUsage('status --stack cluster-a', /cannot read .*Pulumi\.yaml: EISDIR/, { cwd });
      await refusedAsUsage(`status --token-file ${join(cwd, 'token')}`, /cannot read .*token: EISDIR/);
    });

    it('an unexpected error is one sentence too, and shows its stack only with HADR_DEBUG', async () => {
      const out: string[] = [];
      const act = (env: NodeJS.ProcessEnv): Promise<number> =>
        run(['status', '--stack', 'cluster-a'], {
          env,
          cwd: terminal.folder,
          clock: systemClock,
          wallClock,
          execute: () => Promise.reject(new Error('no such thing')),
          interrupted: new AbortController().signal,
          terminal: {
            out: (text) => void out.push(text),
            err: (text) => void out.push(text),
            ask: async () => undefined,
            clear: () => undefined,
            colours: false,
          },
        });
      await writeFile(join(terminal.folder, 'Pulumi.yaml'), 'name: hadr');
      const config = { gitlab: { url: 'https://gitlab.example.com' }, statusProject: { path: 'a/b' }, fleet: [A] };
      const entries = Object.entries({ ...config, mainTags: ['x'] }).map(([key, value]) => [`hadr:${key}`, value]);
      await writeFile(
        join(terminal.folder, 'Pulumi.cluster-a.yaml'),
        JSON.stringify({ config: Object.fromEntries(entries) }),
      );
      assert.equal(await act({}), 4);
      assert.match(out.splice(0).join(''), /^hadr: unexpected error: no such thing\. This is a bug in hadr: [^\n]*\n$/);
      assert.equal(await act({ HADR_DEBUG: '1' }), 4);
      assert.match(out.join(''), /\n +at /);
    });
  });

  describe('E7: a token goes only to a GitLab that the person has named', () => {
    let other: { readonly url: string; readonly seen: string[]; readonly close: () => void };
    let home: string;
    let cwd: string;
    before(async () => {
      const seen: string[] = [];
      const server = createServer((request, response) => {
        seen.push(String(request.headers['private-token'] ?? request.headers.authorization));
        response.writeHead(404).end();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      assert.ok(typeof address === 'object' && address !== null);
      other = { url: `http://127.0.0.1:${address.port}`, seen, close: () => void server.close() };
      home = await mkdtemp(join(tmpdir(), 'hadr-home-'));
      cwd = await folder();
      const config = { gitlab: { url: other.url, allowHttp: true }, statusProject: { path: 'a/b' }, fleet: [A] };
      await writeFile(join(cwd, 'hadr.yaml'), JSON.stringify({ ...config, mainTags: ['x'] }));
      await writeFile(join(cwd, 'Pulumi.yaml'), 'name: hadr');
      const entries = Object.entries({ ...config, mainTags: ['x'] }).map(([key, value]) => [`hadr:${key}`, value]);
      await writeFile(join(cwd, 'Pulumi.cluster-a.yaml'), JSON.stringify({ config: Object.fromEntries(entries) }));
      await writeFile(join(cwd, 'token'), terminal.token);
    });
    after(async () => {
      other.close();
      await rm(home, { recursive: true, force: true });
    });
    beforeEach(() => void (other.seen.length = 0));
    const person = (): Person => ({ cwd, env: { HOME: home } });

    for (const args of [
      'status',
      'doctor',
      'status --config hadr.yaml',
      'status --stack cluster-a',
      'status --token-file token',
      'pause',
    ])
      it(`hadr ${args} sends nothing to an address that only a file names`, async () => {
        await refusedAsUsage(
          args,
          /the config file names http:\/\/127\.0\.0\.1:\d+, and you have not allowed hadr to send your token there, without encryption; .* --trust\. Nothing was sent\./,
          person(),
        );
        assert.deepEqual(other.seen, []);
      });

    it('takes the address of --gitlab-url and of HADR_GITLAB_URL as named', async () => {
      assert.equal((await terminal.hadr(`status --gitlab-url ${other.url}`, person())).code, 4);
      const env = { HOME: home, HADR_GITLAB_URL: other.url };
      assert.equal((await terminal.hadr('status', { cwd, env })).code, 4);
      assert.equal(other.seen.length, 2);
    });

    it('remembers --trust for this address alone, in the config folder of the person', async () => {
      assert.equal((await terminal.hadr('status --trust', person())).code, 4);
      assert.equal((await terminal.hadr('status', person())).code, 4);
      assert.equal((await terminal.hadr('status --trust', person())).code, 4);
      assert.equal(other.seen.length, 3);
      assert.equal(await readFile(join(home, '.config/hadr/trusted-gitlabs'), 'utf8'), `${other.url}\n`);
      await refusedAsUsage('status', /the config file names/, { env: { HOME: home } });
    });

    it('refuses --trust where it cannot be remembered', async () => {
      const env = { HOME: undefined, USERPROFILE: undefined, XDG_CONFIG_HOME: undefined };
      await refusedAsUsage('status --trust', /--trust cannot store the address without a home folder; set HOME/, {
        cwd,
        env,
      });
      await refusedAsUsage('status --trust', /cannot write the address to .*trusted-gitlabs \(ENOTDIR\)/, {
        cwd,
        env: { XDG_CONFIG_HOME: join(cwd, 'token') },
      });
      assert.deepEqual(other.seen, []);
    });
  });

  describe('E6: wrong usage is refused before GitLab is asked', () => {
    before(() => terminal.model.faults.add({ kind: 'down', token: 'root' }));
    after(() => terminal.model.faults.clear());
    for (const [args, sentence] of [
      ['history --limit 0', /--limit 0 is not a number of terms/],
      ['switchover', /hadr switchover needs --to: one of cluster-a, cluster-b/],
      ['drill', /hadr drill needs --to/],
      ['failover --force', /hadr failover needs --to/],
      ['failover --to cluster-b', /give --force/],
      ['pin', /hadr pin needs --to/],
      ['pin --to cluster-b --for soon', /--for soon is not a duration/],
      ['explain one', /one is not the number of a term/],
    ] as const)
      it(`hadr ${args}, while GitLab is down`, () => refusedAsUsage(args, sentence));
  });
});
