/** The webhook as a chat sees it, and that no failure tells its address. */
import assert from 'node:assert/strict';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttp } from '../../../../runtime/adapters/http/http.ts';
import { webhookAt } from '../../../../runtime/adapters/webhook/webhook.ts';

describe('the webhook', () => {
  const got: { method: string | undefined; type: string | undefined; body: string }[] = [];
  let answer: number | undefined = 200;
  let server: http.Server;
  let url: string;
  const connection = createHttp();
  const notifier = (address = url) =>
    webhookAt({ send: connection.send, url: () => Promise.resolve(address), timeoutMs: 500 });

  before(async () => {
    server = http.createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => void (body += chunk.toString()));
      request.on('end', () => {
        got.push({ method: request.method, type: request.headers['content-type'], body });
        if (answer !== undefined) response.writeHead(answer).end('the services/webhook-secret is gone');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/webhook-secret`;
  });
  beforeEach(() => {
    got.length = 0;
    answer = 200;
  });
  after(() => {
    connection.close();
    server.close();
    server.closeAllConnections();
  });

  it('sends one message in the format of Slack, in which text of others is not markup', async () => {
    assert.deepEqual(await notifier().send('cluster-b <!channel> & more – ü'), { kind: 'sent' });
    assert.deepEqual(got, [
      { method: 'POST', type: 'application/json', body: '{"text":"cluster-b &lt;!channel&gt; &amp; more – ü"}' },
    ]);
  });

  it('is called once, whatever it answers, and no redirect is followed', async () => {
    for (const status of [302, 404, 429, 500]) {
      answer = status;
      assert.deepEqual(await notifier().send('x'), { kind: 'unknown', why: `the webhook answers ${status}` });
    }
    assert.equal(got.length, 4);
  });

  it('that hangs or does not exist costs its time limit at most, and the error does not contain its address', async () => {
    answer = undefined;
    const began = performance.now();
    const outcomes = [await notifier().send('x')];
    assert.ok(performance.now() - began < 5000);
    outcomes.push(await notifier(url.replace(/:\d+/, ':1')).send('x'), await notifier('webhook-secret').send('x'));
    for (const outcome of outcomes) {
      assert.equal(outcome.kind, 'unknown');
      assert.doesNotMatch(JSON.stringify(outcome), /secret|127\.0\.0\.1|services/);
    }
  });
});
