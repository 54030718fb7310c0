/** The kubelet's server, called like by an API server: https with certificates on both sides. */
import assert from 'node:assert/strict';
import * as https from 'node:https';
import { text } from 'node:stream/consumers';
import { issue } from '../../../lab/certificates.ts';
import { LogBook, type LogLine } from '../../../lab/kubernetes/kubelet/logs.ts';
import { serveKubelet, type KubeletServer } from '../../../lab/kubernetes/kubelet/server.ts';
import { podStatusSchema, type ContainerState } from '../../../lab/kubernetes/pods.ts';
import { until } from '../until.ts';

const KUBELETS = issue('kubelets', 'authority');
const SERVER = issue('node', 'server', KUBELETS);
const CLIENT = issue('kube-apiserver', 'client', KUBELETS);
const LOGS = '/containerLogs/ns/pod/main';
const AT = Date.parse('2026-01-01T00:00:00.500Z');
const RUNNING = { running: { startedAt: '2026-01-01T00:00:00Z' } };
const TERMINATED = { terminated: { exitCode: 1 } };

/** Counts its listeners. */
class CountedBook extends LogBook {
  followers = 0;

  override subscribe(listener: (line: LogLine) => void): () => void {
    const end = super.subscribe(listener);
    this.followers += 1;
    return () => {
      this.followers -= 1;
      end();
    };
  }
}

describe('the lab kubelet’s server', () => {
  let server: KubeletServer;
  let logs: CountedBook;
  let state: ContainerState;
  let lastState: ContainerState;
  let restartCount: number;
  let exited: Promise<void> | undefined;

  const write = (line: string, over: Partial<LogLine> = {}): void =>
    logs.write({ at: AT, namespace: 'ns', pod: 'pod', container: 'main', run: 0, stream: 'stdout', line, ...over });

  beforeEach(async () => {
    logs = new CountedBook();
    [state, lastState, restartCount, exited] = [RUNNING, {}, 0, undefined];
    const pod = {
      get status() {
        return podStatusSchema.parse({
          initContainerStatuses: [{ name: 'init', state: TERMINATED }],
          containerStatuses: [{ name: 'main', state, lastState, restartCount }],
        });
      },
      containers: () => [{ exited }],
    };
    server = await serveKubelet(
      { pod: (namespace, name) => (`${namespace}/${name}` === 'ns/pod' ? pod : undefined) },
      logs,
      { ca: KUBELETS.certificate, cert: SERVER.certificate, key: SERVER.key },
    );
  });
  afterEach(() => server.close());

  const open = (
    path: string,
    client: https.RequestOptions = { cert: CLIENT.certificate, key: CLIENT.key },
    method = 'GET',
  ) =>
    new Promise<{ status: number | undefined; body: Promise<string>; leave: () => void }>((resolve, reject) => {
      const options = { port: server.port, host: '127.0.0.1', path, method, ca: KUBELETS.certificate, agent: false };
      const request = https.request({ ...options, ...client }, (response) => {
        const body = text(response);
        resolve({ status: response.statusCode, body, leave: () => request.destroy() });
      });
      request.on('error', reject);
      request.end();
    });
  const get = async (path: string, method = 'GET') => {
    const { status, body } = await open(path, undefined, method);
    return [status, await body];
  };

  it('serves the container’s output: all lines, the newest, with times, or since a time', async () => {
    for (const line of ['one', 'two', 'three']) write(line);
    write('later', { at: AT + 60_000 });
    write('of another', { container: 'init' });
    assert.deepEqual(await get(LOGS), [200, 'one\ntwo\nthree\nlater\n']);
    assert.deepEqual(await get(`${LOGS}?tailLines=2`), [200, 'three\nlater\n']);
    assert.deepEqual(await get(`${LOGS}?tailLines=0`), [200, '']);
    assert.deepEqual(await get(`${LOGS}?timestamps=true&tailLines=1`), [200, '2026-01-01T00:01:00.500Z later\n']);
    assert.deepEqual(await get(`${LOGS}?sinceTime=2026-01-01T00:00:30Z`), [200, 'later\n']);
    assert.deepEqual(await get(`${LOGS}?sinceSeconds=5`), [200, '']);
    assert.deepEqual(await get('/containerLogs/ns/pod/init'), [200, 'of another\n']);
  });

  it('keeps the runs of a container apart', async () => {
    write('before');
    write('now', { run: 1 });
    [lastState, restartCount] = [TERMINATED, 1];
    assert.deepEqual(await get(LOGS), [200, 'now\n']);
    assert.deepEqual(await get(`${LOGS}?previous=true`), [200, 'before\n']);
  });

  it('shows the run that ended while the next one waits', async () => {
    write('before');
    [state, lastState] = [{ waiting: { reason: 'CrashLoopBackOff' } }, TERMINATED];
    for (const query of ['', '?previous=true', '?follow=true'])
      assert.deepEqual(await get(LOGS + query), [200, 'before\n']);
  });

  it('follows a run to its end, without lines of other runs', async () => {
    let end = (): void => undefined;
    exited = new Promise((resolve) => (end = resolve));
    write('there');
    const { body } = await open(`${LOGS}?follow=true`);
    write('comes');
    write('of another pod', { pod: 'other' });
    write('of the next run', { run: 1 });
    end();
    assert.equal(await body, 'there\ncomes\n');
  });

  it('stops following when its client leaves, and when its machine dies', async () => {
    exited = new Promise(() => undefined);
    const first = await open(`${LOGS}?follow=true`);
    const second = await open(`${LOGS}?follow=true`);
    assert.equal(logs.followers, 2);
    first.leave();
    await assert.rejects(first.body);
    await until('nobody follows for the one that left', () => logs.followers === 1);
    server.close();
    await assert.rejects(second.body);
    await until('nobody follows', () => logs.followers === 0);
  });

  it('gives the reason when there is no log', async () => {
    assert.deepEqual(await get('/containerLogs/ns/gone/main'), [404, 'pod "gone" does not exist']);
    assert.deepEqual(await get('/containerLogs/ns/pod/no'), [400, 'container "no" in pod "pod" is not available']);
    const none = 'previous terminated container "main" in pod "pod" not found';
    assert.deepEqual(await get(`${LOGS}?previous=true`), [400, none]);
    state = { waiting: { reason: 'ContainerCreating' } };
    assert.deepEqual(await get(LOGS), [400, 'container "main" in pod "pod" is waiting to start: ContainerCreating']);
  });

  it('refuses an unknown option', async () => {
    const [status, why] = await get(`${LOGS}?limitBytes=10`);
    assert.equal(status, 400);
    assert.match(String(why), /^the lab’s kubelet cannot show this log: .*"limitBytes"/);
  });

  it('serves nothing else of a kubelet', async () => {
    for (const [path, method] of [
      ['/exec/ns/pod/main', 'POST'],
      ['/metrics', 'GET'],
      [LOGS, 'DELETE'],
      [`${LOGS}/more`, 'GET'],
    ] as const) {
      const why = `the lab’s kubelet only serves logs of containers, not ${method} ${path}`;
      assert.deepEqual(await get(path, method), [501, why]);
    }
  });

  it('refuses clients without a certificate of its CA', async () => {
    await assert.rejects(open(LOGS, {}), 'without one');
    const stranger = issue('kube-apiserver', 'client', issue('kubelets', 'authority'));
    await assert.rejects(open(LOGS, { cert: stranger.certificate, key: stranger.key }), 'with a stranger’s');
  });
});
