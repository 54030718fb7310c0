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

const NEVER: Ended = { code: undefined, out: 'it was not run' };
const NOT_RUN = { halfWay: NEVER, real: NEVER, leak: NEVER, closed: NEVER };

describe('the end of a test run', function () {
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

  // Each run waits for seconds, and they need not wait for each other.
  const runs: Record<'halfWay' | 'real' | 'leak' | 'closed', Ended> = { ...NOT_RUN };
  before(async () => {
    [runs.halfWay, runs.real, runs.leak, runs.closed] = await Promise.all([
      mocha('half-way', HALF_WAY),
      mocha('half-way-real', HALF_WAY, 'test/real/mocharc.json'),
      mocha('leak', `it('leaks', open);`),
      mocha('closed', `it('passes', () => undefined);`),
    ]);
  });

  it('is red when a before hook fails and leaves a server open', () => {
    for (const { code, out } of [runs.halfWay, runs.real]) {
      assert.equal(code, 1, out);
      assert.match(out, /1 failing/);
      assert.match(out, /The run is over and this is still open: TCPServerWrap\./);
    }
  });

  it('is red when all tests pass and one leaves a server open', () => {
    const { code, out } = runs.leak;
    assert.equal(code, 1, out);
    assert.match(out, /1 passing/);
    assert.match(out, /this is still open: TCPServerWrap\./);
  });

  it('is green and without a message when all is closed', () => {
    const { code, out } = runs.closed;
    assert.equal(code, 0, out);
    assert.doesNotMatch(out, /still open/);
  });
});
