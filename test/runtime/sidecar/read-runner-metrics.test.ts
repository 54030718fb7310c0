import assert from 'node:assert/strict';
import * as http from 'node:http';
import * as net from 'node:net';
import { runnerMetricsAt } from '../../../runtime/sidecar/read-runner-metrics.ts';
import { systemClock } from '../../../runtime/adapters/process/clock.ts';
import { onLoopback } from '../../../lab/loopback.ts';

describe('reading the runner’s metrics endpoint', () => {
  const open: { close(): void }[] = [];
  afterEach(() => open.splice(0).forEach((server) => server.close()));

  const serve = async (handler: http.RequestListener): Promise<URL> => {
    const server = http.createServer(handler);
    open.push({ close: () => (server.closeAllConnections(), server.close()) });
    return new URL(`http://127.0.0.1:${await onLoopback(server)}/metrics`);
  };
  const read = (url: URL, timeoutMs = 5000, clock = systemClock) => runnerMetricsAt(url, timeoutMs, clock).read();

  it('returns a sample', async () => {
    const url = await serve((_, response) => response.end('gitlab_runner_concurrent 2\n'));
    const result = await read(url);
    assert.equal(result.kind === 'sample' && result.sample.capacity, 2);
  });

  it('returns closed when the connection is refused, for an address and for a name with several addresses', async () => {
    const server = net.createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address ? address.port : 0);
      }),
    );
    await new Promise((resolve) => server.close(resolve));
    assert.equal((await read(new URL(`http://127.0.0.1:${port}/metrics`))).kind, 'closed');
    assert.equal((await read(new URL(`http://localhost:${port}/metrics`))).kind, 'closed');
  });

  it('returns timeout when no answer comes in time, or only the first part of it', async () => {
    const mute = await serve(() => undefined);
    assert.equal((await read(mute, 50)).kind, 'timeout');
    const half = await serve((_, response) => response.write('gitlab_runner_concurrent 2\n'));
    assert.equal((await read(half, 50)).kind, 'timeout');
  });

  it('returns unknown when no answer came because the sidecar itself was delayed', async () => {
    const mute = await serve(() => undefined);
    let now = 0;
    const result = await read(mute, 50, { ...systemClock, now: () => (now += 200) });
    assert.equal(result.kind, 'unknown');
    assert.match(result.kind === 'unknown' ? result.why : '', /the sidecar itself was delayed by 150 ms/);
  });

  it('returns unknown for an error status, an HTML page, and an answer that breaks off', async () => {
    const error = await serve((_, response) => response.writeHead(500).end('gitlab_runner_concurrent 2\n'));
    assert.equal((await read(error)).kind, 'unknown');
    const page = await serve((_, response) => response.end('<html>'));
    assert.equal((await read(page)).kind, 'unknown');
    const broken = await serve((request, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('gitlab_runner_concurrent 2\n', () => request.socket.destroy());
    });
    assert.equal((await read(broken)).kind, 'unknown');
  });
});
