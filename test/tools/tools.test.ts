import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildTool, ToolError } from '../../tools/build.ts';
import { CHECKOV, isAtLeast, pinOf, PYTHON_GITLAB, toolNamed, TOOLS, versionIn } from '../../tools/catalogue.ts';
import { findTool } from '../../tools/find.ts';
import { installTool } from '../../tools/python.ts';

const pulumi = toolNamed('pulumi');
const plugin = toolNamed('pulumi-resource-kubernetes');

describe('the real tools', () => {
  let folder: string;
  const path = process.env['PATH'];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hadr-tools-'));
    process.env['PATH'] = folder;
  });

  afterEach(async () => {
    process.env['PATH'] = path;
    await rm(folder, { recursive: true });
  });

  /** A command on PATH that prints this. */
  const onPath = async (prints: string): Promise<string> => {
    const file = join(folder, 'pulumi');
    await writeFile(file, `#!/bin/sh\necho '${prints}'\n`);
    await chmod(file, 0o755);
    return file;
  };

  it('a tool has a pinned version, and a cache folder that changes with every byte of its pins', async () => {
    for (const tool of [...TOOLS, CHECKOV, PYTHON_GITLAB]) {
      const { version, binary } = await pinOf(tool);
      assert.match(version, /^\d+\.\d+\.\d+/);
      assert.match(binary, new RegExp(`/\\.cache/tools/${tool.name}-${version}-[0-9a-f]{12}/${tool.name}$`));
    }
  });

  it('the version of a Go tool is read from its go.mod', () => {
    const text =
      'module x\n\nrequire example.com/one v1.2.3\n\nrequire (\n\texample.com/two/v2 v2.0.1 // indirect\n)\n';
    assert.equal(versionIn(text, 'example.com/one'), '1.2.3');
    assert.equal(versionIn(text, 'example.com/two/v2'), '2.0.1');
    assert.throws(() => versionIn(text, 'example.com/two'), /does not require example\.com\/two/);
  });

  it('versions are compared by number, not as text', () => {
    const table: [string, string, boolean][] = [
      ['3.259.0', '3.229.0', true],
      ['3.229.0', '3.229.0', true],
      ['3.228.99', '3.229.0', false],
      ['4.0.0', '3.229.0', true],
      ['3.230.0-dev.1', '3.229.0', true],
      ['1.36.3+build', '1.36.4', false],
      ['what', '3.229.0', false],
    ];
    for (const [version, least, wanted] of table) assert.equal(isAtLeast(version, least), wanted, version);
  });

  it('a tool on PATH is used if it is new enough', async () => {
    const file = await onPath('v3.240.1');
    assert.deepEqual(await findTool(pulumi), { path: file, version: '3.240.1', from: 'PATH' });
  });

  it('the version is found in output that contains more text', async () => {
    const file = await onPath('pulumi version: 3.240.1, commit: N/A');
    assert.deepEqual(await findTool(pulumi), { path: file, version: '3.240.1', from: 'PATH' });
  });

  it('a tool on PATH is not used if it is too old or prints no version', async () => {
    for (const prints of ['v3.100.0', 'no version']) {
      await onPath(prints);
      assert.notEqual((await findTool(pulumi))?.from, 'PATH');
    }
  });

  it('a tool without a version command is never taken from PATH; without Go, the error says to install Go', async () => {
    await writeFile(join(folder, plugin.name), '#!/bin/sh\necho v99.0.0\n', { mode: 0o755 });
    assert.notEqual((await findTool(plugin))?.from, 'PATH');
    await assert.rejects(
      buildTool(plugin, () => undefined),
      /there is no Go here: install Go \(https:\/\/go\.dev\/dl\)\.$/,
    );
  });

  it('a build has the generated files of a release, with the version that is linked in', async () => {
    const { version } = await pinOf(plugin);
    const linked = Object.values(plugin.linked(version));
    assert.match(linked.join(), /^4\.25\.0-alpha\.\d{14}$/);
    const made = (plugin.generated ?? []).map(({ path, make }) => ({
      path,
      text: make('{"name":"kubernetes"}', version),
    }));
    assert.deepEqual(made, [
      {
        path: 'cmd/pulumi-resource-kubernetes/schema-embed.json',
        text: `{"name":"kubernetes","version":"${linked.join()}"}`,
      },
      { path: 'cmd/pulumi-resource-kubernetes/terraform-mapping-embed.json', text: '{"name":"kubernetes"}' },
    ]);
  });

  it('a Pulumi CLI is too old exactly if Pulumi.yaml refuses it', async () => {
    const project = await readFile(new URL('../../Pulumi.yaml', import.meta.url), 'utf8');
    assert.ok(project.includes(`requiredPulumiVersion: '>=${pulumi.atLeast}'`));
  });

  it('a build without Go fails with one sentence that names Go', () =>
    assert.rejects(
      buildTool(pulumi, () => undefined),
      (error) =>
        error instanceof ToolError &&
        error.message ===
          'pulumi is built from source and there is no Go here: install Go (https://go.dev/dl), or put pulumi 3.229.0 or later on PATH.',
    ));

  it('an installation without Python fails with one sentence that names Python', () =>
    assert.rejects(
      installTool(CHECKOV, () => undefined),
      (error) =>
        error instanceof ToolError &&
        error.message ===
          'checkov comes from PyPI and there is no Python here: install Python 3 (https://www.python.org), or put checkov 3.2.0 or later on PATH.',
    ));

  it('requirements.txt of a Python tool has a hash for every package', async () => {
    const { folder } = await pinOf(CHECKOV);
    const lines = (await readFile(`${folder}/requirements.txt`, 'utf8'))
      .split('\n')
      .filter((line) => !/^ *(#|$)/.test(line));
    const packages = lines.join('\n').split(/\n(?=\S)/);
    assert.ok(packages.length > 50);
    for (const text of packages) assert.match(text, /^[-\w.]+==\S+( ; .+?)? \\\n {4}--hash=sha256:[0-9a-f]{64}/);
  });
});
