/** What a stack makes for Prometheus and Grafana, and that all of it speaks of the same metrics. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { alertsOf } from '../../../infra/monitoring/alerts.ts';
import { CHECKER_METRICS } from '../../../runtime/checker/metrics.ts';
import { parseCommandLine } from '../../../runtime/cli/command-line.ts';
import { checkerConfigSchema } from '../../../runtime/config.ts';
import type { Metric } from '../../../runtime/adapters/metrics/format.ts';
import { SIDECAR_METRICS } from '../../../runtime/sidecar/metrics.ts';
import { DEFAULT_TIMING } from '../../../runtime/timing.ts';
import { clearText, container, dataOf, secretOf } from '../read.ts';
import { runStack, type Stack } from '../stack.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const text = (path: string): Promise<string> => readFile(`${ROOT}/${path}`, 'utf8');
const METRICS = [...CHECKER_METRICS, ...SIDECAR_METRICS];
const ALERTS = alertsOf({ timing: DEFAULT_TIMING, jobs: { checker: 'c', runner: 'r' }, runbooks: 'docs/runbooks' });

/** The metrics that an expression names, each with the labels that it is asked by. */
const usesOf = (expr: string): { name: string; labels: string[] }[] =>
  [...expr.matchAll(/\b(hadr_[a-z_]+)(?:\{([^}]*)\})?/g)].map(([, name = '', matchers = '']) => ({
    name,
    labels: [...matchers.matchAll(/(\w+)\s*[!=]/g)].map(([, label = '']) => label),
  }));

/** What Prometheus itself puts on every sample. */
const TARGET_LABELS = ['job', 'instance', 'namespace', 'pod'];

function assertThere(expr: string, where: string): void {
  const uses = usesOf(expr);
  for (const { name, labels } of uses) {
    const metric = METRICS.find((one) => one.name === name);
    assert.ok(metric, `${where} uses ${name}, which nobody exports`);
    for (const label of labels)
      assert.ok([...metric.labels, ...TARGET_LABELS].includes(label), `${where}: ${name} has no label ${label}`);
  }
}

const dashboardSchema = z.looseObject({
  panels: z.array(z.looseObject({ title: z.string(), targets: z.array(z.looseObject({ expr: z.string() })) })),
  annotations: z.object({ list: z.array(z.looseObject({ expr: z.string() })) }),
  templating: z.object({ list: z.array(z.looseObject({ query: z.unknown() })) }),
});

describe('metrics', () => {
  it('have names and units by the conventions of Prometheus, each once', () => {
    assert.equal(new Set(METRICS.map(({ name }) => name)).size, METRICS.length);
    for (const { name, type, help } of METRICS) {
      assert.match(name, /^hadr_[a-z]+(_[a-z]+)*$/);
      assert.equal(name.endsWith('_total'), type === 'counter', name);
      assert.doesNotMatch(name, /milli|minutes|_age|percent/);
      assert.match(help, /^[A-Z0-9].*\.$/, name);
    }
  });

  it('are all in docs/observability.md, as in the code', async () => {
    const rows = (await text('docs/observability.md'))
      .split('\n')
      .filter((line) => line.startsWith('| `hadr_'))
      .map((line) => line.split('|').map((cell) => cell.trim()));
    const row = ({ name, type, labels, help }: Metric): string[] => {
      const unit = name.endsWith('_timestamp_seconds')
        ? 'seconds since 1970'
        : name.endsWith('_seconds')
          ? 'seconds'
          : '';
      return ['', `\`${name}\``, type, labels.join(', '), unit, help, ''];
    };
    assert.deepEqual(rows, METRICS.map(row));
  });
});

describe('alerts', () => {
  it('use only metrics and labels that exist', () => {
    for (const { alert, expr } of ALERTS) {
      assertThere(expr, alert);
      assert.ok(usesOf(expr).length > 0, alert);
    }
  });

  it('each have a page, and each page has an alert', async () => {
    const pages = (await readdir(`${ROOT}/docs/runbooks`)).sort();
    assert.deepEqual(pages, ALERTS.map(({ alert }) => `${alert}.md`).sort());
    for (const { alert, labels, annotations } of ALERTS) {
      assert.equal(annotations.runbook_url, `docs/runbooks/${alert}.md`);
      const page = await text(annotations.runbook_url);
      assert.ok(page.startsWith(`# ${alert}\n\nSeverity: ${labels.severity}. `), alert);
      for (const part of ['## What it means', '## What HADR does', '## What you do'])
        assert.ok(page.includes(part), alert);
      for (const [, path = ''] of page.matchAll(/\]\(([^)#]+\.md)\)/g)) await text(`docs/runbooks/${path}`);
      assert.match(page, /^ *```sh$|`npx hadr /m);
    }
  });

  it('have pages whose commands exist', async () => {
    let commands = 0;
    for (const { alert } of ALERTS)
      for (const [, command = ''] of (await text(`docs/runbooks/${alert}.md`)).matchAll(/npx hadr ([^\n`]+)/g)) {
        parseCommandLine(command.trim().split(' '));
        commands += 1;
      }
    assert.ok(commands > 5);
  });

  it('are in the table of docs/observability.md', async () => {
    const page = await text('docs/observability.md');
    const listed = [...page.matchAll(/\| \[(Hadr\w+)\]\(runbooks\/(\w+)\.md\) +\| (\w+) /g)].map((match) =>
      match.slice(1),
    );
    assert.deepEqual(
      listed,
      ALERTS.map(({ alert, labels }) => [alert, alert, labels.severity]),
    );
  });
});

describe('the dashboard', () => {
  it('uses only metrics and labels that exist', async () => {
    const { panels, annotations, templating } = dashboardSchema.parse(
      JSON.parse(await text('infra/monitoring/dashboard.json')),
    );
    for (const { title, targets } of panels) {
      assert.ok(targets.length > 0, title);
      for (const { expr } of targets) assertThere(expr, title);
    }
    for (const { expr } of annotations.list) assertThere(expr, 'annotation');
    assertThere(JSON.stringify(templating.list), 'variable');
    const shown = new Set(
      panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => usesOf(expr).map((use) => use.name))),
    );
    assert.ok(shown.size > 12);
  });
});

const CUSTOM = 'kubernetes:monitoring.coreos.com/v1';
const policyOf = (stack: Stack, name: string) =>
  z
    .object({ spec: z.looseObject({ ingress: z.unknown().optional(), egress: z.array(z.unknown()) }) })
    .parse(stack.one('kubernetes:networking.k8s.io/v1:NetworkPolicy', name).inputs).spec;
const fromPrometheus = (namespace: string, port: number) => [
  {
    from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }],
    ports: [{ protocol: 'TCP', port }],
  },
];

describe('a stack with monitoring', () => {
  let stack: Stack;

  before(async () => {
    stack = await runStack('cluster-a', {
      config: {
        monitoring: {
          enabled: true,
          namespace: 'prometheus',
          labels: { release: 'kube' },
          runbooks: 'https://d.example/r',
        },
      },
    });
  });

  it('creates no PodMonitor of sidecars when the runners are adopted', async () => {
    const adopt = [{ namespace: 'gitlab', deployment: 'gitlab-runner', record: 12 }];
    const adopting = await runStack('cluster-b', { config: { adopt, monitoring: { enabled: true } } });
    const monitors = adopting.resources.filter(({ type }) => type === `${CUSTOM}:PodMonitor`).map(({ name }) => name);
    assert.deepEqual(monitors, ['monitoring-checker']);
  });

  it('creates two PodMonitors, a rule and a dashboard with the labels by which they are selected', () => {
    for (const [kind, name] of [
      ['PodMonitor', 'monitoring-runners'],
      ['PodMonitor', 'monitoring-checker'],
      ['PrometheusRule', 'monitoring-alerts'],
    ] as const) {
      const object = z
        .looseObject({
          metadata: z.object({ name: z.string(), namespace: z.string(), labels: z.record(z.string(), z.string()) }),
        })
        .parse(stack.one(`${CUSTOM}:${kind}`, name).inputs);
      assert.equal(object.metadata.namespace, 'gitlab-runner');
      assert.equal(object.metadata.labels['release'], 'kube');
    }
    const map = z
      .looseObject({
        metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
        data: z.record(z.string(), z.string()),
      })
      .parse(stack.one('kubernetes:core/v1:ConfigMap', 'monitoring-dashboard').inputs);
    assert.equal(map.metadata.labels['grafana_dashboard'], '1');
    for (const json of Object.values(map.data)) dashboardSchema.parse(JSON.parse(json));
  });

  it('gives the series of all runs of a checker the same labels', () => {
    const { spec } = z
      .looseObject({ spec: z.unknown() })
      .parse(stack.one(`${CUSTOM}:PodMonitor`, 'monitoring-checker').inputs);
    assert.deepEqual(spec, {
      selector: {
        matchLabels: {
          'app.kubernetes.io/name': 'gitlab-runner-hadr',
          'app.kubernetes.io/instance': 'cluster-a',
          'app.kubernetes.io/component': 'checker',
        },
      },
      podMetricsEndpoints: [
        {
          port: 'metrics',
          path: '/metrics',
          interval: '15s',
          relabelings: [
            { action: 'labeldrop', regex: 'pod|container' },
            { action: 'replace', targetLabel: 'instance', replacement: 'cluster-a' },
          ],
        },
      ],
    });
  });

  it('names the jobs of these PodMonitors and the runbooks of the settings in its alerts', () => {
    const rule = JSON.stringify(stack.one(`${CUSTOM}:PrometheusRule`, 'monitoring-alerts').inputs);
    assert.deepEqual([...new Set([...rule.matchAll(/job=\\"([^\\]+)\\"/g)].map((match) => match[1]))].sort(), [
      'gitlab-runner/checker-cluster-a',
      'gitlab-runner/runner-cluster-a',
    ]);
    assert.match(rule, /"runbook_url":"https:\/\/d\.example\/r\/HadrTwoHolders\.md"/);
  });

  it('lets only the namespace of Prometheus reach both ports', () => {
    assert.deepEqual(policyOf(stack, 'runners-network').ingress, fromPrometheus('prometheus', 9253));
    assert.deepEqual(policyOf(stack, 'checker-network').ingress, fromPrometheus('prometheus', 9254));
    assert.deepEqual(container(stack, 'checker')['ports'], [{ name: 'metrics', containerPort: 9254, protocol: 'TCP' }]);
    const checker = checkerConfigSchema.parse(JSON.parse(dataOf(stack, 'checker-config')['checker.json'] ?? ''));
    assert.equal(checker.metricsPort, 9254);
  });
});

describe('a stack that notifies', () => {
  const WEBHOOK = 'https://hooks.example.com:8443/services/T0/webhook-secret';
  let stack: Stack;

  before(async () => {
    stack = await runStack('cluster-a', {
      config: {
        notify: { webhook: WEBHOOK },
        kubernetes: { context: 'cluster-a', egressTo: { webhook: ['203.0.113.9/32'] } },
      },
    });
  });

  it('has the address in the Secret of the checker, and nowhere in clear text', () => {
    assert.equal(secretOf(stack, 'checker-tokens')['webhook'], WEBHOOK);
    for (const resource of stack.resources) assert.doesNotMatch(clearText(resource), /webhook-secret|hooks\.example/);
    assert.doesNotMatch(JSON.stringify(stack.outputs), /webhook-secret|hooks\.example/);
  });

  it('lets the checker reach the port of the webhook, and not the runners', () => {
    const way = { to: [{ ipBlock: { cidr: '203.0.113.9/32' } }], ports: [{ protocol: 'TCP', port: 8443 }] };
    assert.deepEqual(policyOf(stack, 'checker-network').egress.at(-1), way);
    assert.ok(!JSON.stringify(policyOf(stack, 'runners-network')).includes('8443'));
  });
});
