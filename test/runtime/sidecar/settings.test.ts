import assert from 'node:assert/strict';
import type { SidecarConfig } from '../../../runtime/config.ts';
import { readSettings, type Environment } from '../../../runtime/sidecar/settings.ts';
import { DEFAULT_TIMING } from '../../../runtime/timing.ts';

const CONFIG: SidecarConfig = {
  version: 1,
  cluster: 'a',
  record: 7,
  gitlab: { url: 'https://gitlab.example.com', allowHttp: false },
  runnerMetricsUrl: 'http://127.0.0.1:9252/metrics',
  port: 9253,
  timing: DEFAULT_TIMING,
};
const ENV: Environment = { HADR_CONFIG: 'c', HADR_TOKENS: '/tokens', HADR_HEALTH: '/health', HADR_SYSTEM_ID: 'id' };

const settle = (options: { config?: unknown; env?: Environment; id?: string }) =>
  readSettings({ ...ENV, ...options.env }, async (path) => {
    if (path === 'c')
      return typeof options.config === 'string' ? options.config : JSON.stringify(options.config ?? CONFIG);
    if (path === 'id') return options.id ?? 'r_0123456789ab\n';
    throw new Error(`cannot read ${path} (ENOENT)`);
  });
const problems = async (options: Parameters<typeof settle>[0]): Promise<readonly string[]> => {
  const result = await settle(options);
  assert.ok(!result.ok);
  return result.problems;
};

describe('the sidecar’s settings', () => {
  it('come from its config, with the overrides of the environment', async () => {
    const plain = await settle({});
    assert.ok(plain.ok);
    assert.equal(plain.settings.systemId, 'r_0123456789ab');
    assert.equal(plain.settings.runnerMetrics.href, CONFIG.runnerMetricsUrl);
    assert.deepEqual([plain.settings.host, plain.settings.port], ['127.0.0.1', 9253]);
    const overridden = await settle({
      env: { HADR_RUNNER_METRICS: 'http://127.0.0.1:1/metrics', HADR_PORT: '0', HADR_HOST: '0.0.0.0' },
    });
    assert.ok(overridden.ok);
    assert.equal(overridden.settings.runnerMetrics.href, 'http://127.0.0.1:1/metrics');
    assert.deepEqual([overridden.settings.host, overridden.settings.port], ['0.0.0.0', 0]);
  });

  it('name everything that the environment lacks at once', async () => {
    const found = await readSettings({}, () => Promise.reject(new Error('not called')));
    assert.ok(!found.ok);
    assert.deepEqual(
      found.problems.map((problem) => problem.split(' ')[0]),
      ['HADR_CONFIG', 'HADR_TOKENS', 'HADR_HEALTH', 'HADR_SYSTEM_ID'],
    );
  });

  it('name each bad key of the config and never its value', async () => {
    const found = await problems({ config: { ...CONFIG, record: 'secret', port: 0, surprise: 'secret' } });
    assert.equal(found.length, 3);
    for (const key of ['record', 'port', 'surprise'])
      assert.ok(
        found.some((problem) => problem.includes(key)),
        key,
      );
    assert.ok(!found.join().includes('secret'));
  });

  const bad: [string, Parameters<typeof settle>[0], RegExp][] = [
    ['a config that is not JSON', { config: '{' }, /not JSON/],
    ['a config that is not there', { env: { HADR_CONFIG: 'nowhere' } }, /cannot read nowhere/],
    [
      'GitLab without TLS',
      { config: { ...CONFIG, gitlab: { url: 'http://gitlab', allowHttp: false } } },
      /gitlab\.url/,
    ],
    ['GitLab that is no URL', { config: { ...CONFIG, gitlab: { url: 'gitlab', allowHttp: true } } }, /gitlab\.url/],
    ['a metrics URL that is none', { config: { ...CONFIG, runnerMetricsUrl: 'runner' } }, /runnerMetricsUrl/],
    ['an override that is no URL', { env: { HADR_RUNNER_METRICS: 'runner' } }, /HADR_RUNNER_METRICS/],
    ['a port that is none', { env: { HADR_PORT: '99999' } }, /HADR_PORT/],
    ['a system id that the runner would ignore', { id: 'pod-1' }, /HADR_SYSTEM_ID/],
  ];
  for (const [name, options, pattern] of bad)
    it(`refuse ${name}, in one sentence`, async () => {
      const found = await problems(options);
      assert.equal(found.length, 1, found.join('; '));
      assert.match(found[0] ?? '', pattern);
    });

  it('allow http to a lab that says so', async () => {
    assert.ok((await settle({ config: { ...CONFIG, gitlab: { url: 'http://127.0.0.1:1', allowHttp: true } } })).ok);
  });
});
