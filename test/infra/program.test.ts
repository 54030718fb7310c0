/** What the shipped stacks declare: every resource, its secrets and options. Mocks prove no more than that. */
import assert from 'node:assert/strict';
import { parse } from 'smol-toml';
import * as z from 'zod';
import { checkerConfigSchema, sidecarConfigSchema } from '../../runtime/config.ts';
import { EXPIRIES_FILE } from '../../runtime/expiries.ts';
import { COMMON, MADE_TOKENS, MANAGED, all, declared } from './declared.ts';
import { clearText, dataOf, secretOf } from './read.ts';
import { runStack, SECRETS, type Stack } from './stack.ts';

/** Of cluster-a's tokens, made on the day of the tests. */
const EXPIRES_ON = '2027-04-06';
const CACHE_KEY = 'cache-secret-key';
const ALL_SECRETS = /-secret|cache-secret-key/;

describe('the program', () => {
  let a: Stack;
  let b: Stack;

  before(async () => {
    a = await runStack('cluster-a', {
      config: { runner: { cacheToml: `Type = "s3"\n[s3]\nSecretKey = "${CACHE_KEY}"` } },
    });
    b = await runStack('cluster-b');
  });

  it('declares exactly these resources in the stack that manages the status project', () =>
    assert.deepEqual(declared(a).sort(), all(COMMON, MADE_TOKENS, MANAGED)));

  it('declares the same in the other stack, which only reads the project', () => {
    assert.deepEqual(declared(b).sort(), all(COMMON, MADE_TOKENS));
    assert.deepEqual(
      b.calls.filter(({ token }) => token.endsWith('getProject')).map(({ inputs }) => inputs),
      [{ pathWithNamespace: 'rnd/runner-status' }],
    );
  });

  it('names the provider of every resource, because default providers are disabled', () => {
    for (const { type, name, provider } of [...a.resources, ...b.resources]) {
      const wanted = /^(gitlab|kubernetes):/.exec(type)?.[1];
      if (wanted)
        assert.match(provider, new RegExp(`::pulumi:providers:${wanted}::|\\$pulumi:providers:${wanted}::`), name);
    }
  });

  it('makes the hand-over depend on all resources, so that it is destroyed first', () => {
    const named = (resource: unknown): string => String((resource as { __name?: string }).__name);
    for (const stack of [a, b]) {
      const { dependsOn } = stack.one('hadr:index:HandOver', 'hand-over').options;
      const reached = new Set((dependsOn as unknown[]).map(named));
      for (const { type, name, options } of stack.resources)
        if (!/^pulumi:|HandOver$/.test(type))
          assert.ok(reached.has(name) || (options.parent && reached.has(named(options.parent))), `${type} ${name}`);
    }
  });

  it('begins every child’s name with its component’s', () => {
    for (const { type, name, options } of a.resources)
      if (options.parent && /^(gitlab|kubernetes):/.test(type) && !/namespace$/.test(name))
        assert.match(name, /^(status|tokens|runners|checker)-/);
  });

  it('points the providers at this cluster and at GitLab’s API', () => {
    assert.deepEqual(a.one('pulumi:providers:gitlab', 'gitlab').inputs, {
      baseUrl: 'https://gitlab.example.com/api/v4/',
      token: SECRETS.gitlabToken,
    });
    assert.deepEqual(a.one('pulumi:providers:kubernetes', 'kubernetes').inputs, {
      clusterIdentifier: 'cluster-a',
      context: 'cluster-a',
      enableSecretMutable: 'true',
      kubeconfig: '',
      namespace: 'gitlab-runner',
    });
  });

  it('creates the record with own tags only, and leaves tags, pause and note to the runtime', () => {
    for (const [stack, tag] of [
      [a, 'runner-a'],
      [b, 'runner-b'],
    ] as const) {
      const record = stack.one('gitlab:index/userRunner:UserRunner', 'runners-record');
      assert.deepEqual(record.inputs, {
        runnerType: 'group_type',
        groupId: 5,
        description: `gitlab-runner-hadr cluster-${tag.slice(-1)}`,
        tagLists: [tag],
        untagged: false,
      });
      assert.deepEqual(record.options.ignoreChanges, ['tagLists', 'paused', 'maintenanceNote']);
    }
  });

  it('makes the status project private, without pipelines and force pushes, and protects it', () => {
    const project = a.one('gitlab:index/project:Project', 'status-project');
    assert.deepEqual(project.inputs, {
      name: 'runner-status',
      path: 'runner-status',
      namespaceId: 5,
      description: 'Who holds the main tags of the runners in cluster-a, cluster-b: reports, terms and their history.',
      visibilityLevel: 'private',
      defaultBranch: 'main',
      initializeWithReadme: true,
      issuesAccessLevel: 'enabled',
      buildsAccessLevel: 'disabled',
      autoDevopsEnabled: false,
      sharedRunnersEnabled: false,
      groupRunnersEnabled: false,
    });
    assert.equal(project.options.protect, true);
    assert.deepEqual(a.one('gitlab:index/branchProtection:BranchProtection', 'status-branch').inputs, {
      project: '77',
      branch: 'main',
      pushAccessLevel: 'developer',
      mergeAccessLevel: 'developer',
      allowForcePush: false,
    });
    assert.equal(a.one('gitlab:index/branchProtection:BranchProtection', 'status-branch').options.protect, true);
  });

  it('protects the branch with lists of roles on the Enterprise Edition, whose provider refuses plain levels', async () => {
    const ee = await runStack('cluster-a', { edition: 'EE' });
    assert.deepEqual(ee.one('gitlab:index/branchProtection:BranchProtection', 'status-branch').inputs, {
      project: '77',
      branch: 'main',
      allowedToPushes: [{ accessLevel: 'developer' }],
      allowedToMerges: [{ accessLevel: 'developer' }],
      allowForcePush: false,
    });
  });

  it('reads the edition only in the stack that creates the project', () => {
    const asked = (stack: Stack) => stack.calls.filter(({ token }) => token.endsWith('getMetadata')).length;
    assert.deepEqual([asked(a), asked(b)], [1, 0]);
  });

  it('makes each token with the least role and scope, and an end', () => {
    const expiresAt = EXPIRES_ON;
    const group = 'gitlab:index/groupAccessToken:GroupAccessToken';
    assert.deepEqual(a.one(group, 'tokens-fleet').inputs, {
      name: 'hadr-cluster-a-fleet',
      group: '5',
      scopes: ['manage_runner'],
      accessLevel: 'owner',
      expiresAt,
    });
    assert.deepEqual(a.one(group, 'tokens-sidecar').inputs, {
      name: 'hadr-cluster-a-sidecar',
      group: '5',
      scopes: ['manage_runner'],
      accessLevel: 'maintainer',
      expiresAt,
    });
    assert.deepEqual(a.one('gitlab:index/projectAccessToken:ProjectAccessToken', 'tokens-status').inputs, {
      name: 'hadr-cluster-a-status',
      project: '77',
      scopes: ['api'],
      accessLevel: 'developer',
      expiresAt,
    });
  });

  it('replaces a token of another day, and revokes the old one after the pods had time to read the new one', () => {
    for (const line of MADE_TOKENS) {
      const [type = '', name = ''] = line.split(' ');
      assert.deepEqual(a.one(type, name).options.replaceOnChanges, ['expiresAt']);
    }
    const withHooks = a.resources.filter(({ options }) => options.hooks?.afterUpdate);
    assert.deepEqual(withHooks.map(({ name }) => name).sort(), ['checker-tokens', 'runners-sidecar-token']);
  });

  it('gives each part a token of its own, and the runner that of its record', () => {
    const { [EXPIRIES_FILE]: expiries, ...tokens } = secretOf(a, 'checker-tokens');
    assert.deepEqual(tokens, { fleet: SECRETS.made('tokens-fleet'), status: SECRETS.made('tokens-status') });
    const made = { expiresOn: EXPIRES_ON, madeBy: 'stack' };
    assert.deepEqual(JSON.parse(expiries ?? ''), { version: 1, fleet: made, sidecar: made, status: made });
    assert.deepEqual(secretOf(a, 'runners-sidecar-token'), { sidecar: SECRETS.made('tokens-sidecar') });
    const toml = z
      .object({
        runners: z.tuple([
          z.object({ token: z.string(), cache: z.object({ s3: z.object({ SecretKey: z.string() }) }) }),
        ]),
      })
      .parse(parse(secretOf(a, 'runners-config-toml')['config.toml'] ?? ''));
    assert.deepEqual(toml.runners[0], { token: SECRETS.runner, cache: { s3: { SecretKey: CACHE_KEY } } });
  });

  it('marks every secret, and shows none in clear text', () => {
    for (const stack of [a, b]) {
      for (const resource of stack.resources) assert.doesNotMatch(clearText(resource), ALL_SECRETS, resource.name);
      assert.deepEqual(
        stack.resources
          .filter(({ secretPaths }) => secretPaths.length > 0)
          .map(({ name, secretPaths }) => [name, secretPaths])
          .sort(),
        [
          ['checker-tokens', ['stringData']],
          ['gitlab', ['token']],
          ['runners-config-toml', ['stringData']],
          ['runners-sidecar-token', ['stringData']],
        ],
      );
      assert.deepEqual(stack.secretOutputs, []);
      assert.doesNotMatch(JSON.stringify(stack.outputs), ALL_SECRETS);
    }
  });

  it('writes configs that the runtime accepts', () => {
    const checker = checkerConfigSchema.parse(JSON.parse(dataOf(a, 'checker-config')['checker.json'] ?? ''));
    assert.deepEqual(
      { ...checker, policy: undefined, timing: undefined },
      {
        version: 1,
        cluster: 'cluster-a',
        fleet: ['cluster-a', 'cluster-b'],
        preferred: true,
        mainTags: ['rnd-runner'],
        ownTags: ['runner-a'],
        gitlab: { url: 'https://gitlab.example.com', allowHttp: false },
        statusProject: { id: 77, branch: 'main' },
        kubernetes: {
          server: 'https://kubernetes.default.svc',
          namespace: 'gitlab-runner',
          deployments: ['runner-cluster-a'],
          adopted: [],
        },
        policy: undefined,
        timing: undefined,
        log: { format: 'text' },
      },
    );
    const sidecar = sidecarConfigSchema.parse(JSON.parse(dataOf(b, 'runners-sidecar-config')['sidecar.json'] ?? ''));
    assert.equal(sidecar.cluster, 'cluster-b');
    assert.equal(sidecar.record, 101);
    assert.equal(sidecar.port, 9253);
    assert.equal(sidecar.runnerMetricsUrl, 'http://127.0.0.1:9252/metrics');
    assert.deepEqual(dataOf(a, 'checker-code'), { 'checker.cjs': '/* checker */' });
    assert.deepEqual(dataOf(a, 'runners-sidecar-code'), { 'sidecar.cjs': '/* sidecar */' });
  });

  it('prints the bounds, the project, the record, the image and the next steps', () => {
    assert.deepEqual(a.outputs['runnerRecordIds'], [101]);
    assert.equal(a.outputs['statusProjectId'], 77);
    assert.equal(b.outputs['statusProjectUrl'], 'https://gitlab.example.com/rnd/runner-status');
    assert.match(String(a.outputs['runnerImage']), /gitlab-runner:/);
    assert.match(
      String(a.outputs['bounds']),
      /^the main tags leave a dead cluster within \d+ s \(\d+ s if all its runners had jobs\), and an unhealthy cluster within \d+ s$/,
    );
    const next = z.array(z.string()).parse(a.outputs['next']);
    assert.equal(next[0], 'kubectl --context cluster-a -n gitlab-runner rollout status deployment/runner-cluster-a');
    assert.equal(next.at(-1), 'pulumi up --stack cluster-b');
  });
});
