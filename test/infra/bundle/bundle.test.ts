import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundle, bundleRuntime } from '../../../infra/bundle/bundle.ts';

const run = promisify(execFile);

describe('bundle', () => {
  let root: string;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'hadr-bundle-'));
    await mkdir(join(root, 'source'));
    await writeFile(join(root, 'source/word.ts'), "export const word: string = 'moved';\n");
    await writeFile(
      join(root, 'source/main.ts'),
      "import { hostname } from 'node:os';\nimport { word } from './word.ts';\n// A comment.\nconsole.log(word, typeof hostname());\n",
    );
  });
  after(() => rm(root, { recursive: true, force: true }));

  it('makes one file that Node runs without packages', async () => {
    const file = join(root, 'main.cjs');
    await writeFile(file, await bundle('source/main.ts', { root }));
    const { stdout } = await run(process.execPath, [file], { cwd: root });
    assert.equal(stdout, 'moved string\n');
  });

  it('makes the same bytes from the same source in any folder', async () => {
    const elsewhere = join(root, 'a-much-longer-folder');
    await cp(join(root, 'source'), join(elsewhere, 'source'), { recursive: true });
    const text = await bundle('source/main.ts', { root });
    assert.equal(await bundle('source/main.ts', { root: elsewhere }), text);
    assert.doesNotMatch(text, /comment|hadr-bundle/);
  });

  it('refuses a bundle that is too large for a ConfigMap, and suggests a fix', async () => {
    await assert.rejects(bundle('source/main.ts', { root, mostBytes: 20 }), (error) => {
      assert.ok(error instanceof Error);
      assert.match(
        error.message,
        /^the bundle of source\/main\.ts has \d+ bytes, but only 20 fit into its ConfigMap: import/,
      );
      return true;
    });
  });

  it('fails when the source does not build', async () => {
    await assert.rejects(bundle('source/absent.ts', { root }), /absent\.ts/);
  });

  it('keeps the runtime small enough for its ConfigMaps', async () => {
    const { checker, sidecar } = await bundleRuntime();
    for (const text of [checker, sidecar]) assert.ok(text.length > 10_000);
    assert.notEqual(checker, sidecar);
  });
});
