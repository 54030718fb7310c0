import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { sidecarConfigSchema, type SidecarConfig } from '../../../../runtime/config.ts';
import { readStart, StartError, variable } from '../../../../runtime/adapters/process/start.ts';
import { readSystemId } from '../../../../runtime/sidecar/system-id.ts';
import { DEFAULT_TIMING } from '../../../../runtime/timing.ts';

const CONFIG: SidecarConfig = {
  version: 1,
  cluster: 'a',
  record: 7,
  gitlab: { url: 'https://gitlab.example.com', allowHttp: false },
  runnerMetricsUrl: 'http://127.0.0.1:9252/metrics',
  port: 9253,
  timing: DEFAULT_TIMING,
  log: { format: 'text' },
};
const variables = z.object({ HADR_CONFIG: variable('the path of sidecar.json'), HADR_TOKENS: variable('a folder') });

describe('the start of an entry', () => {
  let folder = '';
  let file = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hadr-start-'));
    file = join(folder, 'sidecar.json');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const start = async (config: unknown, env: Record<string, string> = { HADR_TOKENS: '/tokens' }) => {
    await writeFile(file, typeof config === 'string' ? config : JSON.stringify(config));
    return readStart({ HADR_CONFIG: file, ...env }, variables, sidecarConfigSchema);
  };
  const problems = async (started: Promise<unknown>): Promise<readonly string[]> => {
    const error = await started.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof StartError, String(error));
    return error.message.split('\n');
  };

  it('reads its environment and its config', async () => {
    assert.deepEqual(await start(CONFIG), { env: { HADR_CONFIG: file, HADR_TOKENS: '/tokens' }, config: CONFIG });
  });

  it('names all problems of the environment and of the config at once', async () => {
    assert.deepEqual(await problems(readStart({}, variables, sidecarConfigSchema)), [
      'HADR_CONFIG: is not set; the stack sets it to the path of sidecar.json: run pulumi up',
      'HADR_TOKENS: is not set; the stack sets it to a folder: run pulumi up',
    ]);
    const found = await problems(start({ ...CONFIG, record: 'secret', port: 0, surprise: 'secret' }, {}));
    assert.equal(found.length, 4);
    for (const key of ['HADR_TOKENS', 'record', 'port', 'surprise'])
      assert.ok(
        found.some((problem) => problem.includes(key)),
        key,
      );
    assert.doesNotMatch(found.join(), /secret/);
  });

  const bad: [string, unknown, RegExp][] = [
    ['a config that is not JSON, without a word of it', '{"glpat', /^\S+ cannot be read \(it is not JSON\)/],
    ['GitLab without TLS', { ...CONFIG, gitlab: { url: 'http://gitlab', allowHttp: false } }, /gitlab\.url: must be/],
    ['GitLab that is no URL', { ...CONFIG, gitlab: { url: 'gitlab', allowHttp: true } }, /gitlab\.url: must be/],
    ['a metrics URL that is none', { ...CONFIG, runnerMetricsUrl: 'runner' }, /runnerMetricsUrl: must be/],
  ];
  for (const [name, config, pattern] of bad)
    it(`is refused with ${name}, in one sentence with a fix`, async () => {
      const found = await problems(start(config));
      assert.equal(found.length, 1, found.join('; '));
      assert.match(found[0] ?? '', pattern);
      assert.match(found[0] ?? '', /run pulumi up/);
    });

  it('is refused with a config that does not exist', async () => {
    const env = { HADR_CONFIG: join(folder, 'nowhere'), HADR_TOKENS: 'x' };
    assert.match(
      (await problems(readStart(env, variables, sidecarConfigSchema))).join(),
      /nowhere cannot be read \(ENOENT\)/,
    );
  });

  it('allows http with gitlab.allowHttp', async () => {
    await start({ ...CONFIG, gitlab: { url: 'http://127.0.0.1:1', allowHttp: true } });
  });

  it('accepts exactly the system ids that the runner accepts', async () => {
    const path = join(folder, '.runner_system_id');
    await writeFile(path, 'r_0123456789ab\n');
    assert.equal(await readSystemId(path), 'r_0123456789ab');
    await writeFile(path, 'pod-1');
    assert.match((await problems(readSystemId(path))).join(), /does not contain a system id.*read its log/);
    assert.match((await problems(readSystemId(join(folder, 'none')))).join(), /does not exist/);
  });
});
