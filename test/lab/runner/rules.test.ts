import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitMs } from '../../../lab/runner/client.ts';
import { parseConfig } from '../../../lab/runner/config.ts';
import { failed, healthy, mayAsk } from '../../../lab/runner/health.ts';
import { Metrics } from '../../../lab/runner/metrics.ts';
import { shortToken } from '../../../lab/runner/runner.ts';
import { systemId } from '../../../lab/runner/system-id.ts';

describe('lab runner config.toml', () => {
  const runner = '[[runners]]\nurl = "http://gitlab/"\ntoken = "glrt-secret"\n';
  it('has the defaults of gitlab-runner', () => {
    assert.deepEqual(parseConfig(runner), {
      concurrent: 1,
      checkIntervalMs: 3000,
      runners: [
        {
          name: '',
          url: 'http://gitlab',
          token: 'glrt-secret',
          executor: 'shell',
          limit: 0,
          requestConcurrency: 1,
          unhealthyRequestsLimit: 3,
          unhealthyIntervalMs: 3_600_000,
          strictCheckInterval: false,
        },
      ],
    });
  });
  it('reads known keys, with durations in the format of Go, and ignores others', () => {
    const config = parseConfig(
      `concurrent = 4\ncheck_interval = 2\nlisten_address = "localhost:9000"\n${runner}limit = 2\nunhealthy_interval = "1m30s"\nrequest_concurrency = 3\n[runners.kubernetes]\nimage = "x"\n`,
    );
    assert.deepEqual(config.listen, { host: 'localhost', port: 9000 });
    assert.equal(config.checkIntervalMs, 2000);
    assert.equal(config.concurrent, 4);
    const [first] = config.runners;
    assert.deepEqual([first?.limit, first?.unhealthyIntervalMs, first?.requestConcurrency], [2, 90_000, 3]);
    assert.deepEqual(parseConfig(`listen_address = "127.0.0.1"`).listen, { host: '127.0.0.1', port: 9252 });
    assert.equal(parseConfig('check_interval = 0').checkIntervalMs, 3000);
  });
  it('refuses a fraction where Go needs an int, without quoting the file', () => {
    for (const text of ['check_interval = 0.5', 'check_interval = 1.0', `${runner}limit = 1.5`])
      assert.throws(() => parseConfig(text), /incompatible types for/);
    assert.throws(
      () => parseConfig('token = "glrt-secret'),
      (error: Error) => /not TOML \(line 1/.test(error.message) && !error.message.includes('secret'),
    );
  });
});

describe('lab runner health', () => {
  const limits = { unhealthyRequestsLimit: 3, unhealthyIntervalMs: 1000 };
  it('stops asking after three failures, and asks again when the interval since the last good answer is over', () => {
    const two = failed(failed(healthy(0)));
    assert.equal(mayAsk(two, limits, 10).ask, true);
    const three = failed(two);
    assert.equal(mayAsk(three, limits, 1000).ask, false);
    assert.deepEqual(mayAsk(three, limits, 1001), { ask: true, health: { failures: 0, lastCheck: 1001 } });
  });
});

describe('lab runner retries', () => {
  it('wait as long as GitLab asks for, otherwise 100 ms, doubled each time', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    const reset = 'Thu, 01 Jan 2026 00:00:07 GMT';
    assert.equal(waitMs({ 'ratelimit-resettime': reset, 'retry-after': '3' }, 0, now, 0), 7000);
    assert.equal(waitMs({ 'ratelimit-resettime': reset, 'retry-after': '3' }, 0, now + 8000, 0), 3000);
    assert.equal(waitMs({}, 0, now, 1), 100);
    assert.equal(waitMs({}, 3, now, 1), 800);
    assert.equal(waitMs({}, 30, now, 1), 60_000);
  });
});

describe('lab runner identity', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'hadr-runner-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const refuse = (message: string): never => assert.fail(message);

  it('is read from the file', () => {
    writeFileSync(join(folder, '.runner_system_id'), 'r_0123456789ab');
    assert.equal(systemId(join(folder, 'config.toml'), refuse), 'r_0123456789ab');
  });
  it('is created and saved when the file is missing or has the wrong pattern', () => {
    const file = join(folder, '.runner_system_id');
    for (const text of ['r_short', 'x_0123456789ab', 'r_0123456789ab-more']) {
      writeFileSync(file, text);
      const made = systemId(join(folder, 'config.toml'), refuse);
      assert.match(made, /^r_[0-9a-f]{12}$/);
      assert.equal(readFileSync(file, 'utf8'), made);
    }
    rmSync(file);
    systemId(join(folder, 'config.toml'), refuse);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });
  it('shows nine characters of its token', () => {
    assert.equal(shortToken('glrt-t2_abcdefghijk'), 't2_abcdef');
  });
});

describe('lab runner metrics', () => {
  it('are Prometheus text with sorted, escaped labels', () => {
    const metrics = new Metrics();
    metrics.declare('x_total', 'counter', 'Help.');
    metrics.add('x_total', { b: 'q"\\\n', a: '1' });
    metrics.add('x_total', { a: '1', b: 'q"\\\n' }, 2);
    assert.equal(metrics.text(), '# HELP x_total Help.\n# TYPE x_total counter\nx_total{a="1",b="q\\"\\\\\\n"} 3\n');
  });
});
