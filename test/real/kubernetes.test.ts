/** A shipped stack on a real control plane: controllers, admission, and the rights of its accounts. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { namesOf } from '../../infra/names.ts';
import { startFleet, type Fleet } from '../../lab/demo/fleet.ts';
import { KubernetesApi } from '../../lab/kubernetes/access.ts';
import { ApiError } from '../../lab/kubernetes/errors.ts';
import { startRealCluster, type RealCluster } from '../../lab/kubernetes/real/cluster.ts';
import { labEngine } from '../../lab/pulumi/engines.ts';
import { until } from '../lab/until.ts';
import { accountAccess } from './account.ts';
import { allowed, everyResource } from './rights.ts';
import { LAB_TIMING } from '../../lab/demo/times.ts';
import { closedAfter } from '../support/closed-after.ts';

const A = 'cluster-a';
const NAMES = namesOf(A);
const NAMESPACE = 'gitlab-runner';
const JOBS = 'gitlab-runner-jobs';
const RUNNERS = 'app.kubernetes.io/component=runner';
/** The time limit for work of the cluster: the machine may be busy. */
const SOON_MS = 40_000;

const owned = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
    ownerReferences: z.array(z.object({ kind: z.string(), name: z.string() })).default([]),
  }),
  status: z.looseObject({ succeeded: z.number().default(0) }).default({ succeeded: 0 }),
});
const ownedList = z.object({ items: z.array(owned) });

describe('a stack on a real control plane', function () {
  this.timeout(120_000);
  const opened = closedAfter();
  let fleet: Fleet;
  let cluster: RealCluster;

  const list = async (path: string) => ownedList.parse(await cluster.api.call('GET', path)).items;
  const ownersOf = (items: readonly z.infer<typeof owned>[]): string[] =>
    items.flatMap(({ metadata }) => metadata.ownerReferences.map(({ kind, name }) => `${kind} ${name}`));

  const accessOf = (account: string) => accountAccess(cluster, NAMESPACE, account);

  before(async () => {
    const clusterFor = async ({ name, runner }: { readonly name: string; readonly runner: string }) =>
      (cluster = await startRealCluster({ name, runner }));
    fleet = opened.add(
      await startFleet([A], { engineFor: labEngine, clusterFor, timing: LAB_TIMING }, () => undefined),
    );
  });

  it('runs its runners in a Deployment until they are ready', async () => {
    await until(
      'both are ready',
      async () => (await cluster.pods(RUNNERS)).filter((pod) => pod.ready).length === 2,
      SOON_MS,
    );
    const replicaSets = await list(`/apis/apps/v1/namespaces/${NAMESPACE}/replicasets`);
    assert.deepEqual(ownersOf(replicaSets), [`Deployment ${NAMES.runner}`]);
    const pods = await list(`/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=${encodeURIComponent(RUNNERS)}`);
    const [replicaSet] = replicaSets;
    assert.deepEqual(new Set(ownersOf(pods)), new Set([`ReplicaSet ${replicaSet?.metadata.name ?? ''}`]));
  });

  it('has a checker that counts them with its own token', async () => {
    await cluster.startRun(NAMES.checker);
    await until('it has reported', () => fleet.report(A)?.online === 2, SOON_MS);
  });

  it('ends an active run when another one starts besides the schedule', async () => {
    const CHECKERS = 'app.kubernetes.io/component=checker';
    const running = async () => (await cluster.pods(CHECKERS)).filter((pod) => pod.status.phase === 'Running');
    await cluster.startRun(NAMES.checker);
    const [first] = await until(
      'a run goes on',
      async () => ((await running()).length > 0 ? running() : undefined),
      SOON_MS,
    );
    await cluster.startRun(NAMES.checker);
    await until(
      'another goes on in its place',
      async () => {
        const names = (await running()).map(({ name }) => name);
        return names.length === 1 && names[0] !== first?.name;
      },
      SOON_MS,
    );
  });

  it('enforces Pod Security restricted in the namespace with the tokens', async () => {
    const body = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'root' },
      spec: { containers: [{ name: 'root', image: 'root' }] },
    };
    await assert.rejects(
      cluster.api.call('POST', `/api/v1/namespaces/${NAMESPACE}/pods`, body),
      (error) =>
        error instanceof ApiError && error.code === 403 && /violates PodSecurity "restricted/.test(error.message),
    );
    await cluster.api.call('POST', `/api/v1/namespaces/${JOBS}/pods?dryRun=All`, body);
  });

  describe('RBAC', () => {
    const NAMESPACES = [NAMESPACE, JOBS, 'kube-system', 'default'];
    /** What Kubernetes allows every account: questions about itself (ClusterRole system:basic-user). */
    const SELF = [
      'create selfsubjectaccessreviews.authorization.k8s.io',
      'create selfsubjectreviews.authentication.k8s.io',
      'create selfsubjectrulesreviews.authorization.k8s.io',
    ];

    const rightsOf = async (account: string): Promise<readonly string[]> => {
      const resources = await everyResource(cluster.api);
      const found = await allowed(await accessOf(account), resources, NAMESPACES, [NAMES.runner, 'another']);
      assert.ok(found.tried > 3000, `only ${found.tried} attempts`);
      return found.allowed;
    };

    it('lets the checker read its Deployment and list pods, and refuses every other verb', async () => {
      const expected = [
        `get deployments.apps of ${NAMES.runner} in ${NAMESPACE}`,
        `list pods in ${NAMESPACE}`,
        ...SELF,
      ];
      assert.deepEqual(await rightsOf(NAMES.checker), expected.sort());
    });

    it('lets the runners’ account do what the executor needs in the jobs’ namespace, and nothing in its own', async () => {
      const each = (resource: string, ...verbs: readonly string[]): string[] =>
        verbs.flatMap((verb) => [NAMES.runner, 'another'].map((name) => `${verb} ${resource} of ${name} in ${JOBS}`));
      const all = (resource: string, ...verbs: readonly string[]): string[] =>
        verbs.map((verb) => `${verb} ${resource} in ${JOBS}`);
      const expected = [
        ...each('pods', 'get', 'delete'),
        ...all('pods', 'create', 'list', 'watch'),
        ...each('pods/attach', 'create', 'delete', 'get', 'patch'),
        ...each('pods/exec', 'create', 'delete', 'get', 'patch'),
        ...each('pods/log', 'get'),
        ...each('secrets', 'delete', 'get', 'update'),
        ...all('secrets', 'create'),
        ...each('services', 'get'),
        ...all('services', 'create'),
        ...each('serviceaccounts', 'get'),
        ...all('events', 'list', 'watch'),
        ...SELF,
      ];
      assert.deepEqual(await rightsOf(NAMES.runner), expected.sort());
    });

    it('lets neither account impersonate another or read the server’s own endpoints', async () => {
      for (const account of [NAMES.checker, NAMES.runner]) {
        const api = opened.add(new KubernetesApi(await accessOf(account)));
        const may = async (verb: string, resource: string, group = ''): Promise<boolean> => {
          const body = {
            apiVersion: 'authorization.k8s.io/v1',
            kind: 'SelfSubjectAccessReview',
            spec: { resourceAttributes: { verb, resource, group, namespace: NAMESPACE } },
          };
          const answer = await api.call('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body);
          return z.object({ status: z.object({ allowed: z.boolean() }) }).parse(answer).status.allowed;
        };
        for (const resource of ['users', 'groups', 'serviceaccounts'])
          assert.equal(await may('impersonate', resource), false, `${account} impersonates ${resource}`);
        for (const verb of ['bind', 'escalate'])
          for (const resource of ['roles', 'clusterroles'])
            assert.equal(
              await may(verb, resource, 'rbac.authorization.k8s.io'),
              false,
              `${account}: ${verb} ${resource}`,
            );
        for (const path of ['/metrics', '/logs', '/debug/pprof/'])
          assert.equal((await api.send('GET', path)).status, 403, `${account}: ${path}`);
        api.close();
      }
    });
  });

  it('starts and removes runs by the real CronJob controller each minute', async () => {
    const jobs = () => list(`/apis/batch/v1/namespaces/${NAMESPACE}/jobs`);
    const scheduled = await until(
      'a run of the schedule has succeeded',
      async () =>
        (await jobs()).find(
          ({ metadata, status }) =>
            status.succeeded === 1 && 'batch.kubernetes.io/cronjob-scheduled-timestamp' in metadata.annotations,
        ),
      100_000,
    );
    assert.deepEqual(ownersOf([scheduled]), [`CronJob ${NAMES.checker}`]);
    await until('one of them is kept', async () => (await jobs()).length === 1, SOON_MS);
  });

  it('gets no other calls from its pods', async () => {
    const lines = (await readFile(cluster.auditLog, 'utf8')).trim().split('\n');
    const event = z.object({
      verb: z.string(),
      requestURI: z.string(),
      user: z.object({ username: z.string(), extra: z.record(z.string(), z.array(z.string())).default({}) }),
      responseStatus: z.object({ code: z.number() }),
    });
    // The token of a pod names the pod; the tokens of this test do not.
    const calls = lines
      .map((line) => event.parse(JSON.parse(line)))
      .filter(({ user }) => 'authentication.kubernetes.io/pod-name' in user.extra);
    const seen = new Set(
      calls.map(
        ({ user, verb, requestURI, responseStatus }) =>
          `${user.username.split(':').at(-1) ?? ''} ${verb} ${decodeURIComponent(requestURI)} ${String(responseStatus.code)}`,
      ),
    );
    const selector = `app.kubernetes.io/component=runner,app.kubernetes.io/instance=${A},app.kubernetes.io/name=gitlab-runner-hadr`;
    assert.deepEqual([...seen].sort(), [
      `${NAMES.checker} get /apis/apps/v1/namespaces/${NAMESPACE}/deployments/${NAMES.runner} 200`,
      `${NAMES.checker} list /api/v1/namespaces/${NAMESPACE}/pods?labelSelector=${selector}&limit=100 200`,
    ]);
  });
});
