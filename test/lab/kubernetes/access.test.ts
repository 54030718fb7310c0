import assert from 'node:assert/strict';
import * as http from 'node:http';
import { KubernetesApi } from '../../../lab/kubernetes/access.ts';
import { ApiError } from '../../../lab/kubernetes/errors.ts';
import { onLoopback } from '../../../lab/loopback.ts';
import { until } from '../until.ts';

describe('calls of a Kubernetes API', () => {
  let server: http.Server;
  let api: KubernetesApi;
  let answer: http.RequestListener;

  beforeEach(async () => {
    server = http.createServer((request, response) => answer(request, response));
    api = new KubernetesApi({ url: `http://127.0.0.1:${await onLoopback(server)}`, token: 'secret-of-mine' });
  });

  afterEach(() => {
    api.close();
    server.closeAllConnections();
    server.close();
  });

  const reply =
    (status: number, body: unknown): http.RequestListener =>
    (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };

  it('send the token, and the content type of a merge patch', async () => {
    let seen: http.IncomingHttpHeaders = {};
    answer = (request, response) => {
      seen = request.headers;
      reply(200, { kind: 'Pod' })(request, response);
    };
    assert.deepEqual(await api.call('PATCH', '/x', { a: null }), { kind: 'Pod' });
    assert.equal(seen.authorization, 'Bearer secret-of-mine');
    assert.equal(seen['content-type'], 'application/merge-patch+json');
  });

  it('read null as an absent field', async () => {
    answer = reply(200, { metadata: { creationTimestamp: null, name: 'x' } });
    assert.deepEqual(await api.call('GET', '/x'), { metadata: { name: 'x' } });
  });

  it('return undefined for a missing object, and throw the server’s reason for any other refusal', async () => {
    answer = reply(404, { reason: 'NotFound', message: 'pods "x" not found' });
    assert.equal(await api.call('GET', '/x'), undefined);
    assert.equal(await api.call('DELETE', '/x'), undefined);
    await assert.rejects(
      api.call('POST', '/x', {}),
      (error) =>
        error instanceof ApiError &&
        error.code === 404 &&
        error.reason === 'NotFound' &&
        error.message === 'POST /x: 404 pods "x" not found',
    );
  });

  it('are repeated on a new connection if the server closed the idle one', async () => {
    let calls = 0;
    answer = (request, response) => {
      calls += 1;
      // Like a restarted server: the second request on the first connection gets no answer.
      if (calls === 2) request.socket.destroy();
      else reply(200, { calls })(request, response);
    };
    assert.deepEqual(await api.call('GET', '/x'), { calls: 1 });
    assert.deepEqual(await api.call('GET', '/x'), { calls: 3 });
  });

  it('start a watch again after the server ended it, until they are stopped', async () => {
    const paths: string[] = [];
    answer = (request, response) => {
      paths.push(request.url ?? '');
      response.write('{"type":"ADDED"}\n');
      if (paths.length === 1) response.end();
    };
    let events = 0;
    const stop = api.watch('/pods?a=b', () => (events += 1));
    await until('two events on two connections', () => events === 2);
    assert.deepEqual(paths, ['/pods?a=b&watch=true', '/pods?a=b&watch=true']);
    stop();
    await until(
      'the connection is closed',
      () =>
        new Promise<boolean>((resolve) => {
          server.getConnections((_error, count) => resolve(count === 0));
        }),
    );
  });
});
