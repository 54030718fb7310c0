/** hadr doctor on a stack that adopts: it looks at the Deployments where they are, and asks for the rights there. */
import assert from 'node:assert/strict';
import { checkerConfigSchema, policySchema, timingSchema } from '../../../../runtime/config.ts';
import { deployedFindings, type Expected } from '../../../../runtime/cli/doctor/deployed.ts';

const ADOPTED = [
  { namespace: 'gitlab', deployment: 'gitlab-runner', record: 12 },
  { namespace: 'gpu', deployment: 'gpu-runner', record: 13 },
];

const deployed = (adopted: typeof ADOPTED) =>
  checkerConfigSchema.parse({
    version: 1,
    cluster: 'cluster-a',
    fleet: ['cluster-a', 'cluster-b'],
    preferred: false,
    mainTags: ['rnd-runner'],
    ownTags: ['runner-a'],
    gitlab: { url: 'https://gitlab.example.com' },
    statusProject: { id: 7, branch: 'main' },
    kubernetes: { server: 'https://kubernetes.default.svc', namespace: 'hadr', deployments: [], adopted },
    policy: policySchema.parse({}),
    timing: timingSchema.parse({}),
  });

const STACK: Expected['stack'] = {
  name: 'cluster-a',
  ownTags: ['runner-a'],
  preferred: false,
  adopt: ADOPTED,
  kubernetes: { context: undefined, namespace: 'hadr', server: 'https://kubernetes.default.svc' },
};

const EXPECTED: Expected = {
  config: {
    gitlab: { url: 'https://gitlab.example.com', allowHttp: false },
    fleet: ['cluster-a', 'cluster-b'],
    mainTags: ['rnd-runner'],
    statusProject: { path: 'rnd/runner-status', branch: 'main' },
    policy: policySchema.parse({}),
    timing: timingSchema.parse({}),
    stack: STACK,
  },
  stack: STACK,
  projectId: 7,
};

/** What kubectl says where only the Deployments of `present` are, and the checker may do all but list the pods in `forbidden`. */
async function findings(adopted = ADOPTED, present = ['gitlab-runner', 'gpu-runner'], forbidden = '') {
  const asked: string[] = [];
  const answer = (value: unknown) => ({ code: 0, stdout: JSON.stringify(value), stderr: '' });
  const found = await deployedFindings(
    async (_file, [, namespace = '', verb = '', ...rest]) => {
      asked.push([namespace, verb, ...rest.slice(0, 3)].join(' '));
      const [kind = '', name = ''] = rest;
      if (verb === 'auth')
        return { code: namespace === forbidden ? 1 : 0, stdout: namespace === forbidden ? 'no' : 'yes', stderr: '' };
      if (kind === 'cronjob')
        return answer({
          spec: { jobTemplate: { spec: { template: { spec: { volumes: [{ configMap: { name: 'c' } }] } } } } },
        });
      if (kind === 'configmap') return answer({ data: { 'checker.json': JSON.stringify(deployed(adopted)) } });
      return present.includes(name) ? answer({ metadata: {} }) : { code: 1, stdout: '', stderr: `"${name}" not found` };
    },
    EXPECTED,
    undefined,
  );
  return {
    asked,
    bad: found.filter(({ level }) => level !== 'ok').map(({ check, fix }) => `${check}: ${String(fix)}`),
  };
}

describe('hadr doctor on a stack that adopts its runners', () => {
  it('finds no problem when everything exists, and asks in each namespace', async () => {
    const { asked, bad } = await findings();
    assert.deepEqual(bad, []);
    for (const line of [
      'gitlab get deployment gitlab-runner --output',
      'gpu auth can-i get deployments.apps/gpu-runner',
      'gpu auth can-i list pods',
    ])
      assert.ok(asked.includes(line), `${line} among\n${asked.join('\n')}`);
  });

  it('finds a Deployment that does not exist, a missing right and a config that was not deployed', async () => {
    assert.deepEqual((await findings(ADOPTED, ['gpu-runner'])).bad, [
      'Deployment gitlab-runner: correct adopt in Pulumi.cluster-a.yaml and run pulumi up --stack cluster-a',
    ]);
    assert.equal((await findings(ADOPTED, undefined, 'gpu')).bad.length, 2);
    const [first] = (await findings(ADOPTED.slice(0, 1))).bad;
    assert.equal(first, 'config of cluster-a: run pulumi up --stack cluster-a');
  });
});
