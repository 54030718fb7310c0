/** The pods of a shipped stack, and what they may do. */
import assert from 'node:assert/strict';
import * as z from 'zod';
import { RECORD_ANNOTATION, sidecarConfigSchema } from '../../runtime/config.ts';
import { container, containersOf, cronJobOf, dataOf, deploymentOf, envOf, podsOf, secretOf } from './read.ts';
import { runStack, type Stack } from './stack.ts';

const POLICY = 'kubernetes:networking.k8s.io/v1:NetworkPolicy';
const policySpec = z.object({ spec: z.looseObject({ ingress: z.unknown().optional(), egress: z.unknown() }) });

describe('the pods', () => {
  let a: Stack;

  before(async () => {
    a = await runStack('cluster-a');
  });

  it('rolls the runner pods with their config and code, but not with a renewed token', () => {
    const immutable = (name: string) =>
      z
        .object({ immutable: z.literal(true), metadata: z.object({ name: z.undefined().optional() }) })
        .safeParse([...a.resources].find((resource) => resource.name === name)?.inputs).success;
    for (const name of ['runners-config-toml', 'runners-sidecar-config', 'runners-sidecar-code'])
      assert.ok(immutable(name), name);
    assert.ok(!immutable('runners-sidecar-token'));
  });

  it('shows the checker its record on the Deployment that it counts, which is all that it may read beside pods', () => {
    const { metadata, spec } = deploymentOf(a);
    assert.equal(metadata.name, 'runner-cluster-a');
    assert.equal(metadata.annotations[RECORD_ANNOTATION], '101');
    assert.equal(spec.replicas, 2);
    const role = z
      .object({ rules: z.unknown() })
      .parse(a.one('kubernetes:rbac.authorization.k8s.io/v1:Role', 'checker-role').inputs);
    assert.deepEqual(role.rules, [
      { apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['runner-cluster-a'], verbs: ['get'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
    ]);
  });

  it('gives the executor rights in the namespace of the jobs, and none in that of the tokens', () => {
    const namespaceOf = (type: string, name: string) =>
      z.object({ metadata: z.object({ namespace: z.string() }) }).parse(a.one(type, name).inputs).metadata.namespace;
    for (const [kind, name] of [
      ['Role', 'runners-executor-role'],
      ['RoleBinding', 'runners-executor-binding'],
    ])
      assert.equal(namespaceOf(`kubernetes:rbac.authorization.k8s.io/v1:${kind}`, name ?? ''), 'gitlab-runner-jobs');
    for (const name of ['runners-config-toml', 'runners-sidecar-token', 'checker-tokens'])
      assert.equal(namespaceOf('kubernetes:core/v1:Secret', name), 'gitlab-runner');
  });

  it('keeps every pod and container within Pod Security "restricted" and within limits', () => {
    for (const pod of podsOf(a)) {
      assert.equal(pod['automountServiceAccountToken'], false);
      assert.deepEqual(pod.securityContext, {
        runAsNonRoot: true,
        runAsUser: 10_001,
        runAsGroup: 10_001,
        fsGroup: 10_001,
        seccompProfile: { type: 'RuntimeDefault' },
      });
    }
    const containers = containersOf(a);
    assert.deepEqual(
      containers.map(({ name }) => name),
      ['prepare', 'runner', 'sidecar', 'checker'],
    );
    for (const { name, securityContext, resources } of containers) {
      assert.deepEqual(
        securityContext,
        {
          allowPrivilegeEscalation: false,
          privileged: false,
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          capabilities: { drop: ['ALL'] },
        },
        name,
      );
      for (const kind of ['cpu', 'memory', 'ephemeral-storage'])
        assert.ok(resources.requests[kind] && resources.limits[kind], `${name} ${kind}`);
    }
  });

  it('mounts only volumes that the pod has, under paths of which none begins with another', () => {
    for (const pod of podsOf(a)) {
      const volumes = pod.volumes.map(({ name }) => name);
      for (const { name, volumeMounts } of [...pod.initContainers, ...pod.containers])
        for (const mount of volumeMounts) assert.ok(volumes.includes(mount.name), `${name}: ${mount.name}`);
    }
    const paths = [
      ...new Set(containersOf(a).flatMap(({ volumeMounts }) => volumeMounts.map((m) => `${m.mountPath}/`))),
    ];
    for (const path of paths)
      assert.deepEqual(
        paths.filter((other) => other.startsWith(path)),
        [path],
      );
  });

  it('gives tokens only to the containers that use them', () => {
    const mounts = (name: string) =>
      container(a, name)
        .volumeMounts.map((mount) => mount.name)
        .sort();
    assert.deepEqual(mounts('prepare'), ['runner-config', 'state']);
    assert.deepEqual(mounts('runner'), ['health', 'service-account', 'state']);
    assert.deepEqual(mounts('sidecar'), ['code', 'config', 'health', 'state', 'tokens']);
    assert.deepEqual(mounts('checker'), ['code', 'config', 'service-account', 'tokens']);
  });

  it('gives sidecar and checker the paths of their files in the environment', () => {
    assert.deepEqual(envOf(a, 'sidecar'), {
      HADR_CONFIG: '/etc/hadr/config/sidecar.json',
      HADR_TOKENS: '/etc/hadr/tokens',
      HADR_HEALTH: '/run/hadr/health',
      HADR_SYSTEM_ID: '/var/lib/gitlab-runner/.runner_system_id',
    });
    assert.deepEqual(envOf(a, 'checker'), {
      HADR_CONFIG: '/etc/hadr/config/checker.json',
      HADR_TOKENS: '/etc/hadr/tokens',
      HADR_SERVICE_ACCOUNT: '/etc/hadr/service-account',
      HADR_TERMINATION_LOG: '/dev/termination-log',
    });
    assert.equal(container(a, 'checker')['terminationMessagePath'], '/dev/termination-log');
  });

  it('detects a dead runner within D by its probes, and gives a stopped one time for its jobs', () => {
    const probe = z.looseObject({ periodSeconds: z.number(), failureThreshold: z.number() });
    const readiness = probe.parse(container(a, 'runner').readinessProbe);
    const { timing } = sidecarConfigSchema.parse(JSON.parse(dataOf(a, 'runners-sidecar-config')['sidecar.json'] ?? ''));
    assert.ok(
      readiness.periodSeconds * readiness.failureThreshold + timing.detectionSeconds / 4 <= timing.detectionSeconds,
    );
    assert.equal(deploymentOf(a).spec.template.spec['terminationGracePeriodSeconds'], 3600);
  });

  it('runs the checker every minute, replaces a run that hangs, with a higher priority than jobs, for less than 90 s', () => {
    const { spec } = cronJobOf(a);
    assert.equal(spec['schedule'], '* * * * *');
    assert.equal(spec['concurrencyPolicy'], 'Replace');
    assert.equal(spec.jobTemplate.spec['backoffLimit'], 0);
    const pod = spec.jobTemplate.spec.template.spec;
    assert.equal(pod['restartPolicy'], 'Never');
    assert.equal(pod['activeDeadlineSeconds'], 85);
    assert.equal(pod['priorityClassName'], 'gitlab-runner-hadr-cluster-a');
    const priority = z
      .looseObject({ value: z.number(), globalDefault: z.boolean() })
      .parse(a.one('kubernetes:scheduling.k8s.io/v1:PriorityClass', 'checker-priority').inputs);
    assert.ok(priority.value > 0 && !priority.globalDefault);
  });

  it('lets Prometheus reach the port of the sidecar, and keeps the endpoint of the runner inside the pod', () => {
    const { spec } = policySpec.parse(a.one(POLICY, 'runners-network').inputs);
    assert.deepEqual(spec.ingress, [
      {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
        ports: [{ protocol: 'TCP', port: 9253 }],
      },
    ]);
    assert.deepEqual(container(a, 'sidecar')['ports'], [{ name: 'metrics', containerPort: 9253, protocol: 'TCP' }]);
    assert.match(secretOf(a, 'runners-config-toml')['config.toml'] ?? '', /^listen_address = "127\.0\.0\.1:9252"$/m);
  });

  it('lets the checker reach DNS, GitLab and the API server, and lets no pod reach the checker', () => {
    const { spec } = z.object({ spec: z.unknown() }).parse(a.one(POLICY, 'checker-network').inputs);
    assert.deepEqual(spec, {
      podSelector: {
        matchLabels: {
          'app.kubernetes.io/name': 'gitlab-runner-hadr',
          'app.kubernetes.io/instance': 'cluster-a',
          'app.kubernetes.io/component': 'checker',
        },
      },
      policyTypes: ['Ingress', 'Egress'],
      egress: [
        {
          ports: [
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 53 },
          ],
        },
        { ports: [{ protocol: 'TCP', port: 443 }] },
        {
          ports: [
            { protocol: 'TCP', port: 443 },
            { protocol: 'TCP', port: 6443 },
          ],
        },
      ],
    });
  });

  it('lets pods reach only the addresses that the stack names, and the runner also further ports', async () => {
    const egressTo = { gitlab: ['203.0.113.7/32'], apiServer: ['10.0.0.0/28', 'fd00::/64'], dns: ['169.254.20.10/32'] };
    const stack = await runStack('cluster-a', {
      config: { kubernetes: { context: 'cluster-a', egressTo, egressPorts: [9000] } },
    });
    const to = (...cidrs: string[]) => cidrs.map((cidr) => ({ ipBlock: { cidr } }));
    const tcp = (...ports: number[]) => ports.map((port) => ({ protocol: 'TCP', port }));
    const rules = [
      { to: to('169.254.20.10/32'), ports: [{ protocol: 'UDP', port: 53 }, ...tcp(53)] },
      { to: to('203.0.113.7/32'), ports: tcp(443) },
      { to: to('10.0.0.0/28', 'fd00::/64'), ports: tcp(443, 6443) },
    ];
    assert.deepEqual(policySpec.parse(stack.one(POLICY, 'checker-network').inputs).spec.egress, rules);
    assert.deepEqual(policySpec.parse(stack.one(POLICY, 'runners-network').inputs).spec.egress, [
      ...rules,
      { ports: tcp(9000) },
    ]);
  });

  it('has a policy for the labels of each of its pods', () => {
    const labels = z.looseObject({ labels: z.record(z.string(), z.string()) });
    const pods = [deploymentOf(a).spec.template, cronJobOf(a).spec.jobTemplate.spec.template];
    const selected = z.object({
      spec: z.object({ podSelector: z.object({ matchLabels: z.record(z.string(), z.string()) }) }),
    });
    const selectors = a.resources
      .filter(({ type }) => type === POLICY)
      .map(({ inputs }) => Object.entries(selected.parse(inputs).spec.podSelector.matchLabels));
    for (const pod of pods) {
      const has = labels.parse(pod.metadata).labels;
      assert.equal(selectors.filter((selector) => selector.every(([key, value]) => has[key] === value)).length, 1);
    }
  });

  it('spreads runners over nodes and zones, and still lets one node run them all', () => {
    const pod = deploymentOf(a).spec.template.spec;
    const labelSelector = z
      .looseObject({ spec: z.looseObject({ selector: z.unknown() }) })
      .parse(a.one('kubernetes:apps/v1:Deployment', 'runners-deployment').inputs).spec.selector;
    assert.deepEqual(pod['affinity'], {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector } },
        ],
      },
    });
    assert.deepEqual(pod['topologySpreadConstraints'], [
      { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector },
    ]);
  });

  it('needs no registry to start a pod whose images are on its node', () => {
    for (const one of containersOf(a)) assert.equal(one['imagePullPolicy'], 'IfNotPresent', one.name);
  });
});
