/** The alerts, tested with Prometheus' `promtool test rules`: each fires when it should, with the right text, and not before. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { alertsOf } from '../../infra/monitoring/alerts.ts';
import { DEFAULT_TIMING } from '../../runtime/timing.ts';
import { toolNamed } from '../../tools/catalogue.ts';
import { findTool } from '../../tools/find.ts';

const run = promisify(execFile);

const JOBS = { checker: 'gitlab-runner/checker-cluster-a', runner: 'gitlab-runner/runner-cluster-a' };
const ALERTS = alertsOf({ timing: DEFAULT_TIMING, jobs: JOBS, runbooks: 'https://docs.example.com/runbooks/' });
const INTERVAL = 15;
const A = 'cluster-a';
const B = 'cluster-b';
const DAY = 86_400;

type Labels = Readonly<Record<string, string>>;

interface Series {
  readonly series: string;
  readonly values: string;
}

/** A checker's series in Prometheus: three scrapes of each minute's pod, then a staleness marker. */
const seen = (metric: string, labels: Labels, minutes: number, value: (second: number) => number | undefined): Series =>
  series(metric, { job: JOBS.checker, instance: A, ...labels }, minutes, (second) =>
    second % 60 === 45 ? undefined : value(second),
  );

function series(
  metric: string,
  labels: Labels,
  minutes: number,
  value: (second: number) => number | undefined,
): Series {
  const pairs = Object.entries(labels).map(([name, text]) => `${name}="${text}"`);
  const values = Array.from({ length: minutes * 4 }, (_, index) => value(index * INTERVAL) ?? 'stale');
  return { series: `${metric}{${pairs.join(',')}}`, values: values.join(' ') };
}

const since = (minute: number, then: number, before: number) => (second: number) =>
  second >= minute * 60 ? then : before;

interface Case {
  readonly alert: string;
  readonly what: string;
  readonly series: readonly Series[];
  /** By minute: the labels of each firing alert, and `$value` in its text. */
  readonly fires: Readonly<Record<number, readonly { readonly labels?: Labels; readonly value?: string }[]>>;
}

const runners = (cluster: string, online: (second: number) => number): Series[] => [
  seen('hadr_cluster_runners', { cluster }, 60, () => 2),
  seen('hadr_cluster_online_runners', { cluster }, 60, online),
];

const CASES: readonly Case[] = [
  {
    alert: 'HadrNoEligibleCluster',
    what: 'fires while none is, and not for a moment without one',
    series: [seen('hadr_eligible_clusters', {}, 30, (s) => (s === 120 || (s >= 600 && s < 1200) ? 0 : 1))],
    fires: { 3: [], 11: [], 14: [{}], 19: [{}], 22: [] },
  },
  {
    alert: 'HadrNoEligibleCluster',
    what: 'says nothing while that is unknown',
    series: [
      seen('hadr_eligible_clusters', {}, 60, (s) => (s < 300 ? 1 : undefined)),
      seen('hadr_term', {}, 60, () => 1),
    ],
    fires: { 4: [], 30: [], 59: [] },
  },
  {
    alert: 'HadrTwoHolders',
    what: 'fires when nobody takes the tag off again, and not while that is healed in time',
    series: [
      seen('hadr_cluster_tagged', { cluster: A }, 30, () => 1),
      seen('hadr_cluster_tagged', { cluster: B }, 30, (s) => ((s >= 120 && s < 210) || s >= 600 ? 1 : 0)),
    ],
    fires: { 4: [], 9: [], 12: [], 14: [{ value: '2' }] },
  },
  {
    alert: 'HadrHolderWeak',
    what: 'fires for a holder that misses runners for half an hour',
    series: [
      ...runners(A, since(5, 1, 2)),
      ...runners(B, () => 1),
      seen('hadr_cluster_holder', { cluster: A }, 60, () => 1),
      seen('hadr_cluster_holder', { cluster: B }, 60, () => 0),
    ],
    fires: { 4: [], 30: [], 39: [{ labels: { cluster: A }, value: '1' }] },
  },
  {
    alert: 'HadrClusterSilent',
    what: 'fires for a cluster whose stamp stands still, and not for an hour’s end of one that stamps',
    series: [
      seen('hadr_cluster_lease_timestamp_seconds', { cluster: A }, 90, (s) => s),
      seen('hadr_cluster_lease_timestamp_seconds', { cluster: B }, 90, (s) => Math.min(s, 600)),
    ],
    fires: {
      14: [],
      16: [{ labels: { cluster: B }, value: '6m 0s' }],
      80: [{ labels: { cluster: B }, value: '1h 10m 0s' }],
    },
  },
  {
    alert: 'HadrRoundsNotFinished',
    what: 'fires when no checker has finished a round for minutes, and goes on when there is nothing left of it',
    series: [
      seen('hadr_checker_last_finished_round_timestamp_seconds', {}, 10, (s) => s),
      series('up', { job: JOBS.checker }, 120, () => 1),
    ],
    fires: { 9: [], 12: [], 16: [{}], 60: [{}], 110: [{ labels: { job: JOBS.checker } }] },
  },
  {
    alert: 'HadrMainTagsMoved',
    what: 'tells of a new term for ten minutes, and not of the first',
    series: [seen('hadr_term', {}, 60, (s) => (s < 300 ? 0 : s < 1800 ? 1 : 2))],
    fires: { 6: [], 29: [], 31: [{ value: '2' }], 38: [{ value: '2' }], 42: [] },
  },
  {
    alert: 'HadrTokenExpiresSoon',
    what: 'fires fourteen days before the end',
    series: [
      seen('hadr_token_expiry_timestamp_seconds', { cluster: A, token: 'fleet' }, 60, () => 14 * DAY + 1200),
      seen('hadr_token_expiry_timestamp_seconds', { cluster: A, token: 'status' }, 60, () => 90 * DAY),
    ],
    fires: { 19: [], 25: [], 35: [{ labels: { cluster: A, token: 'fleet' }, value: '13d 23h 45m 0s' }] },
  },
  {
    alert: 'HadrSidecarUnknown',
    what: 'fires for the one runner that nobody knows of for a quarter of an hour',
    series: ['pod-1', 'pod-2'].map((pod) =>
      series('hadr_sidecar_evidence', { job: JOBS.runner, pod, verdict: 'unknown' }, 60, (s) =>
        pod === 'pod-1' ? Number(s >= 600) : Number(s % 900 < 600),
      ),
    ),
    fires: { 10: [], 24: [], 26: [{ labels: { pod: 'pod-1' } }], 59: [{ labels: { pod: 'pod-1' } }] },
  },
];

function ruleTest({ alert, series: input, fires }: Case): object {
  const rule = ALERTS.find((one) => one.alert === alert);
  assert.ok(rule, alert);
  const filled = (text: string, labels: Labels, value: string): string =>
    text
      .replaceAll(/\{\{ \$value[^}]* \}\}/g, value)
      .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => labels[name] ?? '');
  return {
    interval: `${INTERVAL}s`,
    input_series: input,
    alert_rule_test: Object.entries(fires).map(([minute, expected]) => ({
      eval_time: `${minute}m`,
      alertname: alert,
      exp_alerts: expected.map(({ labels = {}, value = '' }) => ({
        exp_labels: { ...rule.labels, ...labels },
        exp_annotations: Object.fromEntries(
          Object.entries(rule.annotations).map(([name, text]) => [name, filled(text, labels, value)]),
        ),
      })),
    })),
  };
}

describe('the alerts, under promtool', () => {
  let folder: string;
  let promtool: string;

  before(async () => {
    const found = await findTool(toolNamed('promtool'));
    assert.ok(found, 'There is no promtool here; get it once with: npm run real:tools');
    promtool = found.path;
    folder = await mkdtemp(join(tmpdir(), 'hadr-alerts-'));
    await writeFile(join(folder, 'rules.yml'), JSON.stringify({ groups: [{ name: 'hadr', rules: ALERTS }] }));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** promtool's complaint, or undefined. */
  async function complaints(tests: readonly object[]): Promise<string> {
    const file = join(folder, 'tests.yml');
    await writeFile(file, JSON.stringify({ rule_files: ['rules.yml'], evaluation_interval: `${INTERVAL}s`, tests }));
    return run(promtool, ['test', 'rules', file]).then(
      () => '',
      (error: unknown) =>
        error instanceof Error && 'stdout' in error && 'stderr' in error
          ? `${String(error.stdout)}${String(error.stderr)}`
          : String(error),
    );
  }

  it('are valid rules for promtool', async () => {
    const { stdout } = await run(promtool, ['check', 'rules', join(folder, 'rules.yml')]);
    assert.match(stdout, new RegExp(`SUCCESS: ${ALERTS.length} rules found`));
  });

  it('and the dashboard have valid PromQL', async () => {
    const text = await readFile(new URL('../../infra/monitoring/dashboard.json', import.meta.url), 'utf8');
    const expressions: unknown[] = [];
    JSON.parse(text, (key, value: unknown) => void (key === 'expr' && expressions.push(value)));
    const rules = expressions.map((expr, index) => ({ record: `panel:${index}`, expr }));
    const file = join(folder, 'dashboard.yml');
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    const { stdout } = await run(promtool, ['check', 'rules', '--lint=none', file]);
    assert.match(stdout, new RegExp(`SUCCESS: ${rules.length} rules found`));
    assert.ok(rules.length > 12);
  });

  it('are each tested', () =>
    assert.deepEqual([...new Set(CASES.map(({ alert }) => alert))].sort(), ALERTS.map(({ alert }) => alert).sort()));

  for (const one of CASES)
    it(`${one.alert} ${one.what}`, async () => assert.equal(await complaints([ruleTest(one)]), ''));

  it('fail a test with a wrong expectation', async () => {
    const [first] = CASES;
    assert.ok(first);
    assert.match(await complaints([ruleTest({ ...first, fires: { 3: [{}] } })]), /FAILED/);
  });
});
