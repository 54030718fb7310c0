import assert from 'node:assert/strict';
import { startCluster, type LabCluster } from '../../../lab/kubernetes/cluster.ts';
import { isRecord } from '../../../lab/kubernetes/objects.ts';

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

describe('lab Kubernetes API', () => {
  let cluster: LabCluster;
  before(async () => {
    cluster = await startCluster({ name: 'api' });
    await call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'hadr' } });
  });
  after(() => cluster.close());

  async function call(method: string, path: string, body?: unknown, token = cluster.access.token): Promise<Answer> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const response = await fetch(`${cluster.access.url}${path}`, {
      method,
      headers: { 'content-type': type, ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const parsed: unknown = await response.json();
    assert.ok(isRecord(parsed));
    return { status: response.status, body: parsed };
  }
  const configMap = (name: string, more: Record<string, unknown> = {}) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, ...more },
    data: { a: '1' },
  });
  const maps = '/api/v1/namespaces/hadr/configmaps';
  const names = (answer: Answer): unknown[] => {
    const items = answer.body['items'];
    assert.ok(Array.isArray(items));
    return items.map((item: unknown) => isRecord(item) && isRecord(item['metadata']) && item['metadata']['name']);
  };
  const statusOf = ({ status, body }: Answer) => ({
    status,
    kind: body['kind'],
    reason: body['reason'],
    message: body['message'],
  });

  it('sets the server’s fields of an object, and increases the resource version with each change', async () => {
    const { status, body } = await call('POST', maps, configMap('born'));
    assert.equal(status, 201);
    const metadata = body['metadata'];
    assert.ok(isRecord(metadata));
    assert.match(String(metadata['uid']), /^[0-9a-f-]{36}$/);
    assert.match(String(metadata['creationTimestamp']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const patched = await call('PATCH', `${maps}/born`, { data: { b: '2', a: null } });
    assert.deepEqual(patched.body['data'], { b: '2' });
    assert.ok(isRecord(patched.body['metadata']));
    assert.ok(Number(patched.body['metadata']['resourceVersion']) > Number(metadata['resourceVersion']));
    assert.equal(patched.body['metadata']['uid'], metadata['uid']);
  });

  it('answers with Status objects: 404, 409, 401', async () => {
    assert.deepEqual(statusOf(await call('GET', `${maps}/none`)), {
      status: 404,
      kind: 'Status',
      reason: 'NotFound',
      message: 'configmaps "none" not found',
    });
    assert.equal(
      (await call('GET', '/apis/apps/v1/namespaces/hadr/deployments/none')).body['message'],
      'deployments.apps "none" not found',
    );
    await call('POST', maps, configMap('twice'));
    assert.deepEqual(statusOf(await call('POST', maps, configMap('twice'))), {
      status: 409,
      kind: 'Status',
      reason: 'AlreadyExists',
      message: 'configmaps "twice" already exists',
    });
    assert.deepEqual(statusOf(await call('GET', maps, undefined, 'wrong')), {
      status: 401,
      kind: 'Status',
      reason: 'Unauthorized',
      message: 'Unauthorized',
    });
  });

  it('refuses an update of a version that is no longer the newest', async () => {
    const first = await call('POST', maps, configMap('stale'));
    await call('PATCH', `${maps}/stale`, { data: { a: '2' } });
    const late = await call('PUT', `${maps}/stale`, first.body);
    assert.equal(late.status, 409);
    assert.equal(late.body['reason'], 'Conflict');
  });

  it('pages a list by limit and continue, and selects by labels', async () => {
    for (const name of ['p1', 'p2', 'p3']) await call('POST', maps, configMap(name, { labels: { page: 'yes', name } }));
    const first = await call('GET', `${maps}?labelSelector=page%3Dyes&limit=2`);
    assert.deepEqual(names(first), ['p1', 'p2']);
    const metadata = first.body['metadata'];
    assert.ok(isRecord(metadata));
    const second = await call(
      'GET',
      `${maps}?labelSelector=page%3Dyes&limit=2&continue=${String(metadata['continue'])}`,
    );
    assert.deepEqual(names(second), ['p3']);
    assert.ok(isRecord(second.body['metadata']));
    assert.equal(second.body['metadata']['continue'], undefined);
    assert.deepEqual(names(await call('GET', `${maps}?labelSelector=page,name%20notin%20(p1,p3)`)), ['p2']);
    assert.deepEqual(names(await call('GET', `${maps}?fieldSelector=metadata.name%3Dp3`)), ['p3']);
  });

  it("turns a Secret's stringData into base64 and never gives it back", async () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { token: 'geheim' } };
    const { body } = await call('POST', '/api/v1/namespaces/hadr/secrets', secret);
    assert.deepEqual(body['data'], { token: Buffer.from('geheim').toString('base64') });
    assert.equal(body['stringData'], undefined);
    assert.equal(body['type'], 'Opaque');
  });

  it('refuses what a real API server refuses: fractions, a selector that misses its template, a missing ServiceAccount', async () => {
    const pod = { containers: [{ name: 'c', image: 'i', command: ['true'] }] };
    const deployment = (spec: unknown) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec,
    });
    const path = '/apis/apps/v1/namespaces/hadr/deployments';
    const labelled = { metadata: { labels: { app: 'x' } }, spec: pod };
    const fraction = await call(
      'POST',
      path,
      deployment({ replicas: 1.5, selector: { matchLabels: { app: 'x' } }, template: labelled }),
    );
    assert.equal(fraction.status, 400);
    const missed = await call(
      'POST',
      path,
      deployment({ selector: { matchLabels: { app: 'y' } }, template: labelled }),
    );
    assert.equal(missed.status, 422);
    assert.match(String(missed.body['message']), /`selector` does not match template `labels`/);
    const orphan = await call('POST', '/api/v1/namespaces/hadr/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { ...pod, serviceAccountName: 'nobody' },
    });
    assert.equal(orphan.status, 403);
    assert.match(String(orphan.body['message']), /serviceaccount "nobody" not found/);
    const big = { ...configMap('big'), data: { x: 'x'.repeat(1024 * 1024 + 1) } };
    assert.equal((await call('POST', maps, big)).status, 422);
  });

  describe('RBAC', () => {
    const account = (name: string) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } });
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/hadr';
    let reader: string;
    before(async () => {
      await call('POST', '/api/v1/namespaces/hadr/serviceaccounts', account('reader'));
      await call('POST', `${rbac}/roles`, {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name: 'reader' },
        rules: [
          { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
          { apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['mine'], verbs: ['get'] },
        ],
      });
      await call('POST', `${rbac}/rolebindings`, {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'reader' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
        subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace: 'hadr' }],
      });
      reader = cluster.tokenFor('hadr', 'reader');
    });

    it('allows what a Role grants, by verb, group, resource and name', async () => {
      assert.equal((await call('GET', '/api/v1/namespaces/hadr/pods', undefined, reader)).status, 200);
      const mine = await call('GET', '/apis/apps/v1/namespaces/hadr/deployments/mine', undefined, reader);
      assert.equal(mine.status, 404, 'allowed, and not there');
    });

    it('refuses everything else with Kubernetes’ texts', async () => {
      const user = 'User "system:serviceaccount:hadr:reader"';
      const refused = async (method: string, path: string): Promise<unknown> => {
        const { status, body } = await call(method, path, undefined, reader);
        assert.equal(status, 403);
        assert.equal(body['reason'], 'Forbidden');
        return body['message'];
      };
      assert.equal(
        await refused('GET', '/api/v1/namespaces/hadr/pods/p'),
        `pods "p" is forbidden: ${user} cannot get resource "pods" in API group "" in the namespace "hadr"`,
      );
      assert.equal(
        await refused('GET', '/apis/apps/v1/namespaces/hadr/deployments/yours'),
        `deployments.apps "yours" is forbidden: ${user} cannot get resource "deployments" in API group "apps" in the namespace "hadr"`,
      );
      assert.equal(
        await refused('GET', '/api/v1/namespaces/default/pods'),
        `pods is forbidden: ${user} cannot list resource "pods" in API group "" in the namespace "default"`,
      );
      assert.equal(
        await refused('GET', '/api/v1/pods'),
        `pods is forbidden: ${user} cannot list resource "pods" in API group "" at the cluster scope`,
      );
      await refused('DELETE', '/apis/apps/v1/namespaces/hadr/deployments/mine');
      await refused('GET', '/api/v1/namespaces/hadr/pods?watch=1');
    });

    it('refuses the token of a deleted ServiceAccount', async () => {
      await call('POST', '/api/v1/namespaces/hadr/serviceaccounts', account('brief'));
      const token = cluster.tokenFor('hadr', 'brief');
      assert.equal((await call('GET', '/version', undefined, token)).status, 200);
      await call('DELETE', '/api/v1/namespaces/hadr/serviceaccounts/brief');
      assert.equal((await call('GET', '/version', undefined, token)).status, 401);
    });
  });

  it('apply creates, merges, removes fields of an earlier apply, and keeps fields that others set', async () => {
    const object = (data: Record<string, string>) => ({ ...configMap('applied', { namespace: 'hadr' }), data });
    await cluster.client.apply(object({ a: '1', b: '1' }));
    await call('PATCH', `${maps}/applied`, { data: { person: 'x' } });
    const after = await cluster.client.apply(object({ a: '2' }));
    assert.deepEqual(after['data'], { a: '2', person: 'x' });
    assert.equal(after.metadata.labels, undefined);
  });
});
