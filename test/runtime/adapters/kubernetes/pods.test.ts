/** Which pods of a Deployment count as online, as the Kubernetes API shows them. */
import assert from 'node:assert/strict';
import * as http from 'node:http';
import { onLoopback } from '../../../../lab/loopback.ts';
import { kubernetesPods } from '../../../../runtime/adapters/kubernetes/pods.ts';
import { RECORD_ANNOTATION } from '../../../../runtime/config.ts';

type Pod = Readonly<Record<string, unknown>>;

interface Shape {
  readonly phase?: string;
  readonly ready?: boolean;
  readonly disrupted?: boolean;
  readonly deleted?: boolean;
}

function pod({ phase = 'Running', ready = true, disrupted = false, deleted = false }: Shape = {}): Pod {
  const conditions = [
    { type: 'Ready', status: ready ? 'True' : 'False' },
    ...(disrupted ? [{ type: 'DisruptionTarget', status: 'True' }] : []),
  ];
  return { metadata: deleted ? { deletionTimestamp: '2026-11-28T00:00:00Z' } : {}, status: { phase, conditions } };
}

async function readyOf(pods: readonly Pod[], replicas = 2) {
  const deployment = {
    metadata: { uid: 'one of Kubernetes', annotations: { [RECORD_ANNOTATION]: '7' } },
    spec: { replicas, selector: { matchLabels: { app: 'runner' } } },
  };
  const server = http.createServer((request, response) => {
    const body = request.url?.includes('/deployments/') ? deployment : { metadata: {}, items: pods };
    response.end(JSON.stringify(body));
  });
  const port = await onLoopback(server);
  const kubernetes = kubernetesPods({
    server: `http://127.0.0.1:${port}`,
    namespace: 'runners',
    deployments: ['runner'],
    adopted: [],
    timeoutMs: 5000,
    token: () => Promise.resolve('token'),
    ca: () => Promise.resolve(''),
  });
  try {
    const read = await kubernetes.deployments();
    assert.ok(read.kind === 'known', read.kind === 'unknown' ? read.why : '');
    return read.value[0]?.ready;
  } finally {
    kubernetes.close();
    server.close();
    server.closeAllConnections();
  }
}

describe('the pods that count as online', () => {
  it('B5: leave out Ready pods that a node shutdown left as Failed, beside pending replacements', async () => {
    const failed = pod({ phase: 'Failed' });
    const pending = pod({ phase: 'Pending', ready: false });
    assert.equal(await readyOf([failed, failed, pending, pending]), 0);
  });

  it('B6: leave out a Ready pod with a deletionTimestamp, as a drain leaves it', async () => {
    assert.equal(await readyOf([pod(), pod({ deleted: true })]), 1);
  });

  it('leave out a Ready pod that has Succeeded', async () => {
    assert.equal(await readyOf([pod({ phase: 'Succeeded' }), pod()]), 1);
  });

  it('leave out a Ready pod that is marked as DisruptionTarget', async () => {
    assert.equal(await readyOf([pod({ disrupted: true }), pod()]), 1);
  });

  it('leave out a running pod that is not Ready', async () => {
    assert.equal(await readyOf([pod({ ready: false }), pod()]), 1);
  });
});
