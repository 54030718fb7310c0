/** What the stacks declare with other settings than the shipped ones. */
import assert from 'node:assert/strict';
import * as z from 'zod';
import { checkerConfigSchema } from '../../runtime/config.ts';
import { EXPIRIES_FILE } from '../../runtime/expiries.ts';
import { ConfigError } from '../../infra/settings/settings.ts';
import { COMMON, MADE_TOKENS, all, declared } from './declared.ts';
import { clearText, dataOf, secretOf } from './read.ts';
import { runStack, type Declared } from './stack.ts';

describe('the program with other settings', () => {
  const tokens = { fleet: 'glpat-own-secret-1', sidecar: 'glpat-own-secret-2', status: 'glpat-own-secret-3' };
  const days = { fleetExpiresOn: '2027-01-31', sidecarExpiresOn: 'never', statusExpiresOn: '2027-02-01' };

  it('lets only Maintainers push and gives the status token their role with statusProject.pushRole', async () => {
    const statusProject = { manage: true, path: 'rnd/runner-status', pushRole: 'maintainer' };
    const stack = await runStack('cluster-a', { config: { statusProject } });
    const branch = stack.one('gitlab:index/branchProtection:BranchProtection', 'status-branch').inputs;
    const token = stack.one('gitlab:index/projectAccessToken:ProjectAccessToken', 'tokens-status').inputs;
    const given = z.looseObject({ pushAccessLevel: z.string(), mergeAccessLevel: z.string() }).parse(branch);
    assert.deepEqual([given.pushAccessLevel, given.mergeAccessLevel], ['maintainer', 'maintainer']);
    assert.equal(z.looseObject({ accessLevel: z.string() }).parse(token).accessLevel, 'maintainer');
  });

  it('makes no tokens when the settings contain them, and keeps them secret', async () => {
    const stack = await runStack('cluster-b', { config: { tokens: { ...tokens, ...days } } });
    assert.deepEqual(declared(stack).sort(), all(COMMON));
    const { [EXPIRIES_FILE]: expiries, ...given } = secretOf(stack, 'checker-tokens');
    assert.deepEqual(given, { fleet: tokens.fleet, status: tokens.status });
    assert.deepEqual(JSON.parse(expiries ?? ''), {
      version: 1,
      fleet: { expiresOn: '2027-01-31', madeBy: 'people' },
      sidecar: { expiresOn: 'never', madeBy: 'people' },
      status: { expiresOn: '2027-02-01', madeBy: 'people' },
    });
    assert.deepEqual(secretOf(stack, 'runners-sidecar-token'), { sidecar: tokens.sidecar });
    for (const resource of stack.resources) assert.doesNotMatch(clearText(resource), /own-secret/, resource.name);
  });

  it('needs the role Maintainer of the project, and no group, when a project owns the runners', async () => {
    const stack = await runStack('cluster-b', {
      config: { gitlab: { url: 'https://gitlab.example.com:8443', project: 42 } },
    });
    const project = 'gitlab:index/projectAccessToken:ProjectAccessToken';
    for (const name of ['tokens-fleet', 'tokens-sidecar']) {
      const inputs = z
        .looseObject({ project: z.string(), accessLevel: z.string(), scopes: z.unknown() })
        .parse(stack.one(project, name).inputs);
      assert.deepEqual([inputs.project, inputs.accessLevel, inputs.scopes], ['42', 'maintainer', ['manage_runner']]);
    }
    const record = z.looseObject({}).parse(stack.one('gitlab:index/userRunner:UserRunner', 'runners-record').inputs);
    assert.deepEqual([record['runnerType'], record['projectId'], record['groupId']], ['project_type', 42, undefined]);
    const network = JSON.stringify(
      stack.one('kubernetes:networking.k8s.io/v1:NetworkPolicy', 'checker-network').inputs,
    );
    assert.match(network, /"port":8443/);
  });

  it('creates no namespace that exists already, and hides a kubeconfig', async () => {
    const stack = await runStack('cluster-b', {
      config: { kubernetes: { kubeconfig: 'kubeconfig-secret', manageNamespaces: false, namespace: 'ci' } },
    });
    assert.deepEqual(
      declared(stack).sort(),
      all(
        COMMON.filter((line) => !line.includes('Namespace ')),
        MADE_TOKENS,
      ),
    );
    assert.deepEqual(stack.one('pulumi:providers:kubernetes', 'kubernetes').secretPaths, ['kubeconfig']);
  });

  it('lets the plugin find the kubeconfig of each user', async () => {
    const before = process.env['KUBECONFIG'];
    process.env['KUBECONFIG'] = '/home/alice/.kube/a:/home/alice/.kube/b';
    try {
      const { inputs } = (await runStack('cluster-b')).one('pulumi:providers:kubernetes', 'kubernetes');
      assert.equal(z.object({ kubeconfig: z.string() }).parse(inputs).kubeconfig, '');
    } finally {
      if (before === undefined) delete process.env['KUBECONFIG'];
      else process.env['KUBECONFIG'] = before;
    }
  });

  it('creates no record, no Deployment, no sidecar and no token of it for adopted runners', async () => {
    const adopt = [
      { namespace: 'gitlab', deployment: 'gitlab-runner', record: 12 },
      { namespace: 'gitlab', deployment: 'big-runner', record: 13 },
      { namespace: 'gpu', deployment: 'gpu-runner', record: 14 },
    ];
    const stack = await runStack('cluster-b', { config: { adopt } });
    const rbac = 'kubernetes:rbac.authorization.k8s.io/v1';
    const own = [`${rbac}:Role checker-role`, `${rbac}:RoleBinding checker-binding`];
    assert.deepEqual(
      declared(stack).sort(),
      all(
        COMMON.filter((line) => !/ runners|job-namespace/.test(line) && !own.includes(line)),
        MADE_TOKENS.filter((line) => !line.endsWith('sidecar')),
        ['gitlab', 'gpu'].flatMap((name) => [
          `${rbac}:Role checker-${name}-role`,
          `${rbac}:RoleBinding checker-${name}-binding`,
        ]),
      ),
    );
    assert.deepEqual(
      z.looseObject({ rules: z.unknown() }).parse(stack.one(`${rbac}:Role`, 'checker-gitlab-role').inputs).rules,
      [
        {
          apiGroups: ['apps'],
          resources: ['deployments'],
          resourceNames: ['gitlab-runner', 'big-runner'],
          verbs: ['get'],
        },
        { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
      ],
    );
    const binding = z
      .looseObject({ metadata: z.looseObject({ namespace: z.string() }), subjects: z.unknown() })
      .parse(stack.one(`${rbac}:RoleBinding`, 'checker-gpu-binding').inputs);
    assert.equal(binding.metadata.namespace, 'gpu');
    assert.deepEqual(binding.subjects, [
      { kind: 'ServiceAccount', name: 'checker-cluster-b', namespace: 'gitlab-runner' },
    ]);
    const config = checkerConfigSchema.parse(JSON.parse(dataOf(stack, 'checker-config')['checker.json'] ?? ''));
    assert.deepEqual([config.kubernetes.deployments, config.kubernetes.adopted], [[], adopt]);
    const expiries: unknown = JSON.parse(secretOf(stack, 'checker-tokens')[EXPIRIES_FILE] ?? '');
    assert.deepEqual(Object.keys(z.looseObject({}).parse(expiries)).sort(), ['fleet', 'status', 'version']);
    assert.deepEqual(stack.outputs['runnerRecordIds'], [12, 13, 14]);
    assert.equal(stack.outputs['runnerImage'], undefined);
    assert.match(String(stack.outputs['bounds']), /an unhealthy cluster within 316 s$/);
    assert.equal(
      z.array(z.string()).parse(stack.outputs['next'])[2],
      'kubectl --context cluster-b -n gpu rollout status deployment/gpu-runner',
    );
  });

  it('creates nothing from a config that is not valid', async () => {
    const seen: Declared[] = [];
    await assert.rejects(
      runStack('cluster-b', { config: { ownTags: [], fleet: ['cluster-a', 'cluster-c'] }, seen }),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.problems.length, 2);
        return true;
      },
    );
    assert.deepEqual(
      seen.map(({ type }) => type),
      ['pulumi:pulumi:Stack'],
    );
  });
});
