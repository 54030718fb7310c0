/** A run of mocha with this repository's own settings ends, and ends red, where something is left open. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';

const settings = z.object({ require: z.array(z.string()), 'node-option': z.array(z.string()) });

interface Ended {
  /** Undefined where it had to be killed. */
  readonly code: number | undefined;
  readonly out: string;
}

describe('the end of a run', function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => void (folder = await mkdtemp(join(tmpdir(), 'hadr-run-end-'))));
  after(() => rm(folder, { recursive: true, force: true }));

  async function mocha(name: string, suite: string, config = '.mocharc.json'): Promise<Ended> {
    const file = join(folder, `${name}.ts`);
    const head = `import { createServer } from 'node:http';\nconst open = () => new Promise((done) => createServer().listen(0, '127.0.0.1', done));\n`;
    await writeFile(file, head + suite);
    const { require, 'node-option': node } = settings.parse(JSON.parse(await readFile(config, 'utf8')));
    const flags = [...node.map((option) => `--${option}`), ...require.flatMap((path) => ['--require', path])];
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        ['node_modules/mocha/bin/mocha.js', '--no-config', ...flags, file],
        { timeout: 40_000, killSignal: 'SIGKILL' },
        (error, out, err) =>
          resolve({
            code: error === null ? 0 : typeof error.code === 'number' ? error.code : undefined,
            out: `${out}${err}`,
          }),
      );
    });
  }

  const HALF_WAY = `describe('a suite', () => {
    before(async () => { await open(); throw new Error('half way'); });
    it('is never reached', () => undefined);
  });`;

  it('is red, and comes, where a before hook fails half way and leaves a server open', async () => {
    const [ended, real] = await Promise.all([
      mocha('half-way', HALF_WAY),
      mocha('half-way-real', HALF_WAY, 'test/real/mocharc.json'),
    ]);
    for (const { code, out } of [ended, real]) {
      assert.equal(code, 1, out);
      assert.match(out, /1 failing/);
      assert.match(out, /The run is over and this is still open: TCPServerWrap\./);
    }
  });

  it('is red where all tests pass and one leaves a server open', async () => {
    const { code, out } = await mocha('leak', `it('leaks', open);`);
    assert.equal(code, 1, out);
    assert.match(out, /1 passing/);
    assert.match(out, /this is still open: TCPServerWrap\./);
  });

  it('is green and says nothing where all is closed', async () => {
    const { code, out } = await mocha('closed', `it('passes', () => undefined);`);
    assert.equal(code, 0, out);
    assert.doesNotMatch(out, /still open/);
  });
});
