import assert from 'node:assert/strict';
import * as https from 'node:https';
import { issue } from '../../../../lab/certificates.ts';
import { connectGitLab } from '../../../../runtime/adapters/gitlab/connect.ts';
import { onLoopback } from '../../../../lab/loopback.ts';

describe('GitLab behind a private authority', () => {
  const root = issue('root', 'authority');
  const sub = issue('sub', 'authority', root);
  const own = issue('127.0.0.1', 'server', sub);
  let server: https.Server;
  let url = '';
  let requests = 0;

  before(async () => {
    server = https.createServer({ cert: own.certificate + sub.certificate, key: own.key }, (_, response) => {
      requests += 1;
      const record = { id: 7, tag_list: ['a'], paused: false, maintenance_note: null, description: 'd' };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(record));
    });
    url = `https://127.0.0.1:${await onLoopback(server)}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => void (requests = 0));

  const read = async (caCertificate?: string, at = url) => {
    const gitlab = connectGitLab({
      url: at,
      token: async () => 'glpat-x',
      requestSeconds: 2,
      clock: { now: () => performance.now(), sleep: (ms) => new Promise<void>((done) => setTimeout(done, ms)) },
      ...(caCertificate !== undefined && { caCertificate }),
    });
    const answer = await gitlab.records.read(7);
    gitlab.close();
    return answer;
  };

  it('is trusted with the certificate of the authority or of an intermediate one', async () => {
    for (const authority of [root, sub])
      assert.equal((await read(authority.certificate)).kind, 'found', authority.name);
    assert.equal(requests, 2);
  });

  it('is unknown without it, gets no token, and the reason contains a fix', async () => {
    for (const authority of [undefined, issue('root', 'authority').certificate]) {
      const answer = await read(authority);
      assert.match(
        answer.kind === 'unknown' ? answer.why : '',
        /certificate.*\(if a private authority.*gitlab\.caCertificate/,
      );
    }
    assert.equal(requests, 0);
  });

  it('is unknown under a name that is not in its certificate', async () => {
    const answer = await read(root.certificate, url.replace('127.0.0.1', 'localhost'));
    assert.match(answer.kind === 'unknown' ? answer.why : '', /does not match certificate/);
    assert.equal(requests, 0);
  });
});
