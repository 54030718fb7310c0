import assert from 'node:assert/strict';
import * as http from 'node:http';
import { onLoopback } from '../../../../lab/loopback.ts';
import { connectGitLab, type GitLabConnection } from '../../../../runtime/adapters/gitlab/connect.ts';
import { incidentsOf } from '../../../../runtime/adapters/gitlab/incidents.ts';
import { inquiryOf } from '../../../../runtime/adapters/gitlab/inquiry.ts';
import { systemClock } from '../../../../runtime/adapters/process/clock.ts';
import type { Read } from '../../../../runtime/core/model/read.ts';

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: unknown;
}

const PAGE = '<!DOCTYPE html>\n<html><title>Blocked</title></html>';
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const RECORD = { id: 7, tag_list: ['a'], paused: false, maintenance_note: null, description: 'd', contacted_at: null };
const FILE = { file_path: 'terms/1.json', content: 'e30=', encoding: 'base64', last_commit_id: COMMIT };
const ISSUE = { iid: 3, web_url: 'https://gitlab.example.com/issues/3', state: 'opened' };

/** What the ports make of answers that GitLab, or something in between, may send: anything undocumented is unknown. */
describe('an answer to a call of GitLab', () => {
  let server: http.Server;
  let gitlab: GitLabConnection;
  let answers: Answer[] = [];
  let asked: http.IncomingMessage[] = [];

  /** Everything is answered so; several answers come one after the other. */
  const answering = (...given: Answer[]): void => void (answers = given);
  const missing = (message: string): Answer => ({ status: 404, body: { message } });

  before(async () => {
    server = http.createServer((request, response) => {
      const { status, headers, body } = answers[Math.min(asked.length, answers.length - 1)] ?? { status: 500 };
      asked.push(request);
      const isText = typeof body === 'string' || body === undefined;
      const type = isText ? 'text/plain' : 'application/json';
      response.writeHead(status, { 'content-type': type, ...headers }).end(isText ? body : JSON.stringify(body));
    });
    const url = `http://127.0.0.1:${await onLoopback(server)}`;
    gitlab = connectGitLab({ url, token: async () => 'glpat-secret', requestSeconds: 2, clock: systemClock });
  });
  beforeEach(() => {
    asked = [];
  });
  after(() => {
    gitlab.close();
    server.close();
  });

  const whyOf = (read: { readonly kind: string; readonly why?: string }): string =>
    read.kind === 'unknown' ? (read.why ?? '') : `it is ${read.kind}`;
  const project = () => gitlab.project(1, 'main');

  describe('that is a 404 (A2)', () => {
    const readFile = () => project().file('terms/1.json');

    it('proves that a file is absent only where it names the file', async () => {
      answering(missing('404 File Not Found'));
      assert.equal((await readFile()).kind, 'absent');
      assert.equal((await project().version('terms/1.json')).kind, 'absent');
    });

    const others: [string, Answer, RegExp][] = [
      ['the commit', missing('404 Commit Not Found'), /Gitaly may be down, or the branch is missing/],
      ['the project', missing('404 Project Not Found'), /does not exist, or the token may not see it/],
      ['the repository', missing('404 Repository Not Found'), /the repository cannot be read/],
      ['nothing', missing('404 Not Found'), /does not prove that it is missing/],
      ['a route', { status: 404, body: { error: '404 Not Found' } }, /does not prove that it is missing/],
      ['a runner', missing('404 Runner Not Found'), /does not prove that it is missing/],
      [
        'nothing in HTML',
        { status: 404, body: PAGE },
        /an HTML page of a proxy, a firewall or a login, not an answer of GitLab’s API/,
      ],
      ['a file, but in plain text', { status: 404, body: '404 File Not Found' }, /404 File Not Found$/],
    ];
    for (const [name, answer, why] of others)
      it(`leaves a file unknown where it names ${name}`, async () => {
        answering(answer);
        assert.match(whyOf(await readFile()), why);
      });

    it('proves that a runner record is absent only in the texts of newer and older releases', async () => {
      const reads: (() => Promise<Read<unknown>>)[] = [
        () => gitlab.records.read(7),
        () => gitlab.records.managers(7),
        () => gitlab.records.write(7, { description: 'd' }),
      ];
      for (const read of reads) {
        for (const message of ['404 Runner Not Found', '404 Not found']) {
          answering(missing(message));
          assert.equal((await read()).kind, 'absent', message);
        }
        for (const message of ['404 Not Found', '404 Project Not Found', '404 File Not Found']) {
          answering(missing(message));
          assert.equal((await read()).kind, 'unknown', message);
        }
        answering({ status: 404, body: PAGE });
        assert.equal((await read()).kind, 'unknown');
      }
    });

    it('never proves that the status project or a list is absent', async () => {
      const { resource } = gitlab;
      for (const message of ['404 Project Not Found', '404 Group Not Found', '404 Not Found', '404 Issue Not Found']) {
        answering(missing(message));
        assert.equal((await project().file('control.json')).kind, 'unknown', message);
        assert.equal((await incidentsOf(resource, 1).open()).kind, 'unknown', message);
        assert.equal((await inquiryOf(resource).project('group/status')).kind, 'unknown', message);
        assert.equal((await inquiryOf(resource).tokens({ kind: 'group', ref: 'g' })).kind, 'unknown', message);
        assert.equal((await inquiryOf(resource).lastCommit(1, 'main', 'README.md')).kind, 'unknown', message);
      }
    });

    it('proves that a branch or an issue is absent where it names that', async () => {
      answering(missing('404 Branch Not Found'));
      assert.equal((await inquiryOf(gitlab.resource).branch(1, 'main')).kind, 'absent');
      answering(missing('404 Repository Not Found'));
      assert.equal((await inquiryOf(gitlab.resource).branch(1, 'main')).kind, 'unknown');
      answering(missing('404 Issue Not Found'));
      assert.equal((await incidentsOf(gitlab.resource, 1).close(3)).kind, 'absent');
    });
  });

  describe('to a write (A6)', () => {
    const commits = () => [
      () => project().create('terms/1.json', '{}', 'Term 1'),
      () => project().save([{ path: 'README.md', text: '#', exists: true }], 'Page'),
      () => project().replace('control.json', COMMIT, '{}', 'Pause'),
    ];
    const undocumented: [string, Answer][] = [
      ['200 with an empty body', { status: 200 }],
      ['200 with what was asked for', { status: 200, body: { id: COMMIT } }],
      ['201 with an empty body', { status: 201 }],
      ['201 with an empty list', { status: 201, body: [] }],
      ['201 with a list of it', { status: 201, body: [{ id: COMMIT }] }],
      ['201 without an id', { status: 201, body: { short_id: '01234567' } }],
      ['201 with an id that is none', { status: 201, body: { id: 'main' } }],
      ['202', { status: 202, body: { id: COMMIT } }],
      ['204', { status: 204 }],
      ['a login page with 201', { status: 201, body: PAGE }],
      ['a 400 of a proxy', { status: 400, body: PAGE }],
    ];

    it('makes a commit only with 201 and its id', async () => {
      for (const id of [COMMIT, COMMIT.padEnd(64, '0')]) {
        answering({ status: 201, body: { id } });
        for (const commit of commits()) assert.equal((await commit()).kind, 'created');
      }
    });
    for (const [name, answer] of undocumented)
      it(`leaves a commit unknown with ${name}, and sends it once`, async () => {
        answering(answer);
        for (const commit of commits()) assert.equal((await commit()).kind, 'unknown');
        assert.equal(asked.length, commits().length);
      });

    it('changes a record only with 200 and this very record', async () => {
      const write = () => gitlab.records.write(7, { tags: ['a'] });
      answering({ status: 200, body: RECORD });
      assert.equal((await write()).kind, 'found');
      const bad = [{ status: 201, body: RECORD }, { status: 202, body: RECORD }, { status: 204 }, { status: 200 }];
      const bodies = [[], [RECORD], {}, { ...RECORD, id: 8 }, { ...RECORD, tag_list: 'a' }, PAGE];
      for (const answer of [...bad, ...bodies.map((body) => ({ status: 200, body }))]) {
        answering(answer);
        assert.equal((await write()).kind, 'unknown', JSON.stringify(answer));
      }
    });

    it('opens an incident only with 201 and its number, and closes it only with 200 and that state', async () => {
      const incidents = incidentsOf(gitlab.resource, 1);
      const raise = () => incidents.raise('title', 'text');
      answering({ status: 201, body: ISSUE });
      assert.equal((await raise()).kind, 'found');
      for (const answer of [
        { status: 200, body: ISSUE },
        { status: 201 },
        { status: 201, body: [] },
        { status: 204 },
      ]) {
        answering(answer);
        assert.equal((await raise()).kind, 'unknown', JSON.stringify(answer));
      }
      answering({ status: 200, body: { ...ISSUE, state: 'closed' } });
      assert.equal((await incidents.close(3)).kind, 'found');
      assert.equal((await incidents.close(4)).kind, 'unknown');
      answering({ status: 200, body: ISSUE });
      assert.equal((await incidents.close(3)).kind, 'unknown');
    });

    it('is unknown when a read gets a success that GitLab does not document', async () => {
      for (const status of [201, 202, 203, 206]) {
        answering({ status, body: RECORD });
        assert.match(whyOf(await gitlab.records.read(7)), new RegExp(`has status ${status}, but GitLab’s has 200`));
      }
      answering({ status: 204 });
      assert.equal((await project().file('terms/1.json')).kind, 'unknown');
      answering({ status: 200, body: { ...FILE, file_path: 'terms/2.json' } });
      assert.equal((await project().file('terms/1.json')).kind, 'unknown');
      answering({ status: 200, body: { ...RECORD, id: 8 } });
      assert.equal((await gitlab.records.read(7)).kind, 'unknown');
    });
  });

  describe('that is an error', () => {
    const tokens = (kind: 'group' | 'project') => inquiryOf(gitlab.resource).tokens({ kind, ref: 'platform' });

    it('E1: means a missing role when a list of tokens is 401, and a bad token elsewhere', async () => {
      answering({ status: 401, body: { message: '401 Unauthorized' } });
      assert.match(whyOf(await tokens('group')), /401 Unauthorized \(only Owners of the group may list its tokens/);
      assert.match(whyOf(await tokens('project')), /\(only Maintainers of the project may list its tokens/);
      assert.match(whyOf(await inquiryOf(gitlab.resource).ownToken()), /\(the token is invalid, expired or revoked/);
      answering({ status: 401, body: { error: 'invalid_token', error_description: 'Token was revoked.' } });
      assert.match(whyOf(await tokens('group')), /\(the token is invalid, expired or revoked/);
    });

    const foreign: [string, Answer, RegExp][] = [
      [
        'a redirect to https, and names its target without the query',
        {
          status: 301,
          headers: { location: 'https://gitlab.example.com/api/v4/runners/7?private_token=glpat-secret' },
        },
        /301 a redirect to https:\/\/gitlab\.example\.com\/api\/v4\/runners\/7, not an answer of GitLab’s API: check gitlab\.url$/,
      ],
      [
        'a redirect to a login page',
        { status: 302, headers: { location: '/users/sign_in' }, body: PAGE },
        /302 a redirect to http:\/\/127\.0\.0\.1:\d+\/users\/sign_in, not an answer of GitLab’s API/,
      ],
      [
        'a redirect without a target',
        { status: 307 },
        /307 a redirect without a valid target, not an answer of GitLab’s API$/,
      ],
      [
        'a firewall’s page',
        { status: 403, body: PAGE },
        /403 an HTML page of a proxy, a firewall or a login, not an answer/,
      ],
      [
        'a firewall’s page that begins with text',
        { status: 403, headers: { 'content-type': 'text/html; charset=utf-8' }, body: 'Blocked <b>now</b>' },
        /403 an HTML page of a proxy, a firewall or a login, not an answer of GitLab’s API/,
      ],
      [
        'a login page with 200',
        { status: 200, body: PAGE },
        /200 an HTML page of a proxy, a firewall or a login, not an answer of GitLab’s API/,
      ],
      [
        'a login page with 401',
        { status: 401, body: PAGE },
        /401 an HTML page of a proxy, a firewall or a login, not an answer of GitLab’s API/,
      ],
      [
        'text with 200',
        { status: 200, body: 'OK' },
        /200 the answer is not JSON, so it is not an answer of GitLab’s API/,
      ],
      [
        'a proxy that wants a password',
        { status: 407, body: PAGE },
        /407 a proxy requires a user name and a password; the call did not reach/,
      ],
    ];
    for (const [name, answer, why] of foreign)
      it(`E2: is named ${name}, and the token is not named as the cause`, async () => {
        answering(answer);
        for (const read of [await gitlab.records.read(7), await gitlab.records.write(7, { description: 'd' })]) {
          assert.match(whyOf(read), why);
          assert.doesNotMatch(JSON.stringify(read), /role|scope|revoked|glpat|forbidden/);
        }
        const created = await project().create('a', 'b', 'c');
        assert.match(whyOf(created), why.source.includes('runners') ? /301/ : why);
      });
  });

  describe('with Retry-After (E3)', () => {
    const date = 'Sat, 28 Nov 2026 06:00:00 GMT';
    const refusal = (headers: Record<string, string>): Answer => ({
      status: 429,
      headers: { date, ...headers },
      body: 'Retry later\n',
    });

    it('is repeated after the time that Retry-After names, in seconds or as a date', async () => {
      for (const after of ['1', 'Sat, 28 Nov 2026 06:00:01 GMT']) {
        asked = [];
        answering(refusal({ 'retry-after': after }), { status: 200, body: RECORD });
        const began = systemClock.now();
        assert.equal((await gitlab.records.read(7)).kind, 'found');
        assert.equal(asked.length, 2);
        assert.ok(systemClock.now() - began >= 990, after);
      }
    });

    it('is not repeated when that time is later than the call may take', async () => {
      const later: Record<string, string>[] = [
        { 'retry-after': '60' },
        { 'retry-after': 'Sat, 28 Nov 2026 06:01:00 GMT' },
        { 'ratelimit-reset': String(Date.parse(date) / 1000 + 60) },
        { 'retry-after': 'Sat, 28 Nov 2026 06:00:00 GMT', date: '' },
      ];
      for (const headers of later) {
        asked = [];
        answering(refusal(headers));
        assert.match(whyOf(await gitlab.records.read(7)), /429 Retry later$/);
        assert.equal(asked.length, 1, JSON.stringify(headers));
      }
    });
  });

  describe('from a cache (E4)', () => {
    it('is unknown, whatever it contains, and is not repeated', async () => {
      const cached: Answer[] = [
        { status: 200, body: RECORD },
        { status: 404, body: { message: '404 Runner Not Found' } },
        { status: 503, body: PAGE },
      ];
      for (const answer of cached) {
        asked = [];
        answering({ ...answer, headers: { age: '61' } });
        const read = await gitlab.records.read(7);
        assert.match(whyOf(read), /the answer comes from a cache \(Age: 61\), not from GitLab/);
        assert.equal((await gitlab.records.write(7, { description: 'd' })).kind, 'unknown');
      }
      answering({ status: 201, body: { id: COMMIT }, headers: { age: '1' } });
      assert.equal((await project().create('a', 'b', 'c')).kind, 'unknown');
    });

    it('counts when its Age is 0', async () => {
      answering({ status: 200, body: RECORD, headers: { age: '0' } });
      assert.equal((await gitlab.records.read(7)).kind, 'found');
    });

    it('is not requested, because each call has Cache-Control: no-cache', async () => {
      answering({ status: 200, body: RECORD });
      await gitlab.records.read(7);
      assert.equal(asked[0]?.headers['cache-control'], 'no-cache');
    });
  });
});
