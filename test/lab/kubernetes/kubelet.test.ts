import assert from 'node:assert/strict';
import { startCluster, type LabCluster } from '../../../lab/kubernetes/cluster.ts';
import { isAlive, until } from '../until.ts';
import { finished, linesOf, NAMESPACE, one, pod, sh } from './workloads.ts';

const object = (kind: string, name: string, fields: Record<string, unknown>) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: NAMESPACE },
  ...fields,
});

describe('lab kubelet', () => {
  let cluster: LabCluster;
  before(async () => {
    cluster = await startCluster({ name: 'kubelet', backoff: { firstMs: 100, maxMs: 200 }, volumeRefreshMs: 100 });
    await cluster.client.apply(object('ConfigMap', 'cm', { data: { 'a.txt': 'from-map', 'b.txt': 'other' } }));
    await cluster.client.apply(object('Secret', 'sec', { stringData: { token: 'geheim' } }));
  });
  after(() => cluster.close());

  it('materialises every kind of volume and rewrites the paths in command, args and env', async () => {
    const { status } = await finished(cluster, 'volumes', {
      containers: [
        {
          name: 'c',
          image: 'lab',
          command: [
            'sh',
            '-c',
            'cat /map/a.txt; echo; cat "$SECRET_FILE"; echo; ls /picked; cat /one/file; echo; cat "$0"/ns; echo; cat /sa/token',
            '/info',
          ],
          env: [{ name: 'SECRET_FILE', value: '/secret/token' }],
          volumeMounts: [
            { name: 'map', mountPath: '/map' },
            { name: 'secret', mountPath: '/secret' },
            { name: 'picked', mountPath: '/picked' },
            { name: 'map', mountPath: '/one/file', subPath: 'b.txt' },
            { name: 'info', mountPath: '/info' },
            { name: 'sa', mountPath: '/sa' },
          ],
        },
      ],
      volumes: [
        { name: 'map', configMap: { name: 'cm' } },
        { name: 'secret', secret: { secretName: 'sec' } },
        { name: 'picked', configMap: { name: 'cm', items: [{ key: 'a.txt', path: 'renamed' }] } },
        { name: 'info', downwardAPI: { items: [{ path: 'ns', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
        {
          name: 'sa',
          projected: {
            sources: [
              { serviceAccountToken: { path: 'token', expirationSeconds: 600 } },
              { configMap: { name: 'kube-root-ca.crt' } },
            ],
          },
        },
      ],
    });
    assert.equal(status.phase, 'Succeeded');
    const [map, secret, picked, sub, namespace, token = ''] = linesOf(cluster, 'volumes');
    assert.deepEqual(
      { map, secret, picked, sub, namespace },
      { map: 'from-map', secret: 'geheim', picked: 'renamed', sub: 'other', namespace: 'default' },
    );
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    assert.match(JSON.stringify(claims), /system:serviceaccount:default:default.*"pod":\{"name":"volumes"/);
  });

  it('gives the container its own environment and nothing of the host but PATH and HOME', async () => {
    process.env['HADR_HOST_ONLY'] = 'leaked';
    await finished(cluster, 'env', {
      containers: [
        {
          name: 'c',
          image: 'lab',
          command: ['node', '-e', 'console.log(JSON.stringify(process.env))'],
          env: [
            { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'SECRET', valueFrom: { secretKeyRef: { name: 'sec', key: 'token' } } },
            { name: 'MAP', valueFrom: { configMapKeyRef: { name: 'cm', key: 'a.txt' } } },
            { name: 'NONE', valueFrom: { configMapKeyRef: { name: 'cm', key: 'none', optional: true } } },
            { name: 'BOTH', value: '$(NAME)/$(MAP)' },
          ],
        },
      ],
    });
    delete process.env['HADR_HOST_ONLY'];
    const env: unknown = JSON.parse(linesOf(cluster, 'env')[0] ?? '');
    assert.ok(typeof env === 'object' && env !== null);
    const {
      PATH: _path,
      HOME: _home,
      PWD: _pwd,
      OLDPWD: _old,
      SHLVL: _level,
      _: _last,
      ...own
    } = Object.fromEntries(Object.entries(env));
    assert.deepEqual(own, { NAME: 'env', SECRET: 'geheim', MAP: 'from-map', BOTH: 'env/from-map' });
  });

  it('runs init containers in order before the others, sharing emptyDirs', async () => {
    const step = (name: string, script: string) => ({
      name,
      ...sh(script),
      volumeMounts: [{ name: 'd', mountPath: '/d' }],
    });
    await finished(cluster, 'init', {
      initContainers: [step('first', 'sleep 0.2; echo 1 >> /d/f'), step('second', 'echo 2 >> /d/f')],
      containers: [step('c', 'echo 3 >> /d/f; tr "\\n" " " < /d/f')],
      volumes: [{ name: 'd', emptyDir: {} }],
    });
    assert.deepEqual(linesOf(cluster, 'init'), ['1 2 3 ']);
  });

  it('fails the pod with the exit code and the termination message', async () => {
    const { status } = await finished(cluster, 'fails', {
      containers: [{ name: 'c', ...sh('echo "why it failed" > /dev/termination-log; exit 3') }],
    });
    assert.equal(status.phase, 'Failed');
    const ended = status.containerStatuses[0]?.state.terminated;
    assert.deepEqual(
      { exitCode: ended?.exitCode, reason: ended?.reason, message: ended?.message },
      { exitCode: 3, reason: 'Error', message: 'why it failed\n' },
    );
  });

  it('reports what a container waits for, and starts it when that exists', async () => {
    await cluster.client.apply(
      pod('waits', {
        containers: [
          {
            name: 'c',
            ...sh('echo "$LATE"'),
            env: [{ name: 'LATE', valueFrom: { secretKeyRef: { name: 'late', key: 'k' } } }],
          },
        ],
      }),
    );
    const waiting = await until(
      'it waits',
      () => one(cluster, 'waits')?.status.containerStatuses[0]?.state.waiting?.message,
    );
    assert.equal(waiting, 'secret "late" not found');
    await cluster.client.apply(object('Secret', 'late', { stringData: { k: 'now' } }));
    await until('it ran', () => linesOf(cluster, 'waits').includes('now'));
  });

  it('follows a changed ConfigMap in a running container', async () => {
    await cluster.client.apply(object('ConfigMap', 'changing', { data: { v: 'one' } }));
    await cluster.client.apply(
      pod('follows', {
        containers: [
          {
            name: 'c',
            ...sh('until grep -q two /v/v; do sleep 0.05; done; echo seen'),
            volumeMounts: [{ name: 'v', mountPath: '/v' }],
          },
        ],
        volumes: [{ name: 'v', configMap: { name: 'changing' } }],
      }),
    );
    await until('it runs', () => one(cluster, 'follows', (each) => each.status.phase === 'Running'));
    await cluster.client.apply(object('ConfigMap', 'changing', { data: { v: 'two' } }));
    await until('it saw the change', () => linesOf(cluster, 'follows').includes('seen'));
  });

  it('gives each pod ports of its own, and probes them over HTTP by name', async () => {
    const server = `
      const http = require('node:http');
      http.createServer((_, r) => r.end(process.env.NAME)).listen(9252, '127.0.0.1', () =>
        http.get('http://localhost:9252/', (r) => r.on('data', (d) => console.log('heard ' + d))));`;
    const serving = (name: string) =>
      pod(name, {
        containers: [
          {
            name: 'c',
            image: 'lab',
            command: ['node', '-e', server],
            env: [{ name: 'NAME', value: name }],
            ports: [{ name: 'web', containerPort: 9252 }],
            readinessProbe: { httpGet: { path: '/', port: 'web' }, periodSeconds: 1 },
          },
        ],
      });
    await cluster.client.apply(serving('web-1'));
    await cluster.client.apply(serving('web-2'));
    for (const name of ['web-1', 'web-2']) {
      await until(`${name} is ready`, () => one(cluster, name, (each) => each.ready));
      assert.deepEqual(linesOf(cluster, name), [`heard ${name}`]);
    }
  });

  it('flips readiness with its probe, and restarts a container whose liveness probe fails', async () => {
    const say = (data: Record<string, string>) => cluster.client.apply(object('ConfigMap', 'probes', { data }));
    const asks = (line: string) => ({
      exec: { command: ['grep', '-qx', line, '/p/answer'] },
      periodSeconds: 1,
      failureThreshold: 1,
    });
    await say({ answer: 'ready\nlive\n' });
    await cluster.client.apply(
      pod('probed', {
        restartPolicy: 'Always',
        containers: [
          {
            name: 'c',
            ...sh('echo start; exec sleep 600'),
            volumeMounts: [{ name: 'p', mountPath: '/p' }],
            readinessProbe: asks('ready'),
            livenessProbe: asks('live'),
          },
        ],
        volumes: [{ name: 'p', configMap: { name: 'probes' } }],
      }),
    );
    const isReady = (value: boolean) => () =>
      one(cluster, 'probed', (each) => each.ready === value && each.status.phase === 'Running');
    const restarts = () => one(cluster, 'probed')?.status.containerStatuses[0]?.restartCount ?? 0;
    await until('it is ready', isReady(true));
    await say({ answer: 'live\n' });
    await until('it is unready', isReady(false));
    assert.equal(restarts(), 0, 'unready alone restarts nothing');
    await say({ answer: 'ready\n' });
    await until('it was restarted', () => restarts() > 0);
    await say({ answer: 'ready\nlive\n' });
    await until('it is ready again', isReady(true));
    const starts = cluster.logs(NAMESPACE, 'probed', 'c').filter(({ line }) => line === 'start');
    assert.ok(starts.length > 1);
    assert.deepEqual(
      starts.map(({ run }) => run),
      [...starts.keys()],
    );
  });

  it('runs readiness and liveness probes only after the startup probe has succeeded', async () => {
    await cluster.client.apply(
      pod('slow', {
        containers: [
          {
            name: 'c',
            ...sh('sleep 0.7; touch /d/started; exec sleep 600'),
            volumeMounts: [{ name: 'd', mountPath: '/d' }],
            startupProbe: { exec: { command: ['test', '-e', '/d/started'] }, periodSeconds: 1, failureThreshold: 30 },
            livenessProbe: { exec: { command: ['test', '-e', '/d/started'] }, periodSeconds: 1, failureThreshold: 1 },
          },
        ],
        volumes: [{ name: 'd', emptyDir: {} }],
      }),
    );
    const status = () => one(cluster, 'slow')?.status.containerStatuses[0];
    await until('it runs', () => status()?.state.running);
    assert.equal(status()?.started, false);
    assert.equal(one(cluster, 'slow')?.ready, false);
    await until('it has started', () => status()?.started);
    assert.equal(status()?.restartCount, 0);
  });

  it('ends a pod with SIGTERM to its main process, and SIGKILL to all processes after the grace period', async () => {
    const stubborn = `trap 'echo got TERM' TERM; sleep 600 & echo child $!; while :; do sleep 0.05; done`;
    await cluster.client.apply(pod('stubborn', { containers: [{ name: 'c', ...sh(stubborn) }] }));
    const child = await until('its child runs', () => /child (\d+)/.exec(linesOf(cluster, 'stubborn')[0] ?? '')?.[1]);
    const begun = Date.now();
    await cluster.client.delete({ apiVersion: 'v1', kind: 'Pod', name: 'stubborn' }, { waitMs: 5000 });
    assert.ok(Date.now() - begun >= 950, 'the grace of a second was given');
    assert.ok(linesOf(cluster, 'stubborn').includes('got TERM'));
    await until('its child is gone too', () => !isAlive(Number(child)));
  });

  it('fails a pod that is active longer than its deadline', async () => {
    const { status } = await finished(cluster, 'late', {
      activeDeadlineSeconds: 1,
      containers: [{ name: 'c', ...sh('exec sleep 600') }],
    });
    assert.equal(status.phase, 'Failed');
    assert.equal(status.reason, 'DeadlineExceeded');
  });

  it('starts a sidecar of the init containers first and ends it last', async () => {
    await finished(cluster, 'native', {
      initContainers: [
        {
          name: 'side',
          ...sh(`trap 'echo bye; exit 0' TERM; echo hello; while :; do sleep 0.05; done`),
          restartPolicy: 'Always',
        },
      ],
      containers: [{ name: 'c', ...sh('sleep 0.3; echo work') }],
    });
    await until('the sidecar said bye', () => linesOf(cluster, 'native', 'side').includes('bye'));
    assert.equal(one(cluster, 'native')?.status.phase, 'Succeeded');
  });
});
