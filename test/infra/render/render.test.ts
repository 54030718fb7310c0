/** What `npm run render` prints of the shipped stacks, and of a stack whose file is full of secrets. */
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { program } from '../../../infra/program.ts';
import { PLACEHOLDER } from '../../../infra/render/manifest.ts';
import { render } from '../../../infra/render/render.ts';
import { stacksIn, withoutCiphers } from '../../../infra/render/stack-config.ts';
import { ConfigError } from '../../../infra/settings/settings.ts';
import { runStack } from '../stack.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const fast = () => program(() => Promise.resolve({ checker: '/* checker */', sidecar: '/* sidecar */' }));

const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
type KubernetesObject = z.infer<typeof objectSchema>;

/** As a parser of YAML 1.1 reads it: Kubernetes' tools are such. */
const read = (text: string): KubernetesObject[] =>
  parseAllDocuments(text, { version: '1.1' }).map((document) => {
    assert.deepEqual(document.errors, []);
    return objectSchema.parse(document.toJS());
  });

describe('a rendered stack', () => {
  let text: string;

  before(async () => {
    text = await render(ROOT, 'cluster-a', fast);
  });

  it('contains every Kubernetes object that the program declares, and nothing else', async () => {
    const declared = (await runStack('cluster-a')).resources.filter(({ type }) => type.startsWith('kubernetes:'));
    const kindSchema = z.object(objectSchema.shape).pick({ apiVersion: true, kind: true });
    const kindsOf = (objects: readonly unknown[]): string[] =>
      objects.map((object) => Object.values(kindSchema.parse(object)).join(' ')).sort();
    assert.deepEqual(kindsOf(read(text)), kindsOf(declared.map(({ inputs }) => inputs)));
  });

  it('is the same text each time, namespaces first', async () => {
    assert.equal(await render(ROOT, 'cluster-a', fast), text);
    assert.deepEqual(
      read(text)
        .slice(0, 3)
        .map(({ kind }) => kind),
      ['Namespace', 'Namespace', 'PriorityClass'],
    );
  });

  it('names every object, and refers only to names that exist', () => {
    const objects = read(text);
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
    assert.equal(new Set(names).size, names.length);
    const used = [...text.matchAll(/^ +(secretName|name): (\S+-00000000)$/gm)].map((match) => match[2]);
    for (const name of used)
      assert.ok(
        names.some((known) => known.endsWith(`/${name}`)),
        name,
      );
    assert.ok(used.length > 10);
  });

  it('shows the keys of a Secret and none of its values', () => {
    const secrets = read(text).filter(({ kind }) => kind === 'Secret');
    assert.deepEqual(
      secrets.map((secret) => secret['stringData']),
      [
        { 'expiries.json': PLACEHOLDER, fleet: PLACEHOLDER, status: PLACEHOLDER },
        { 'config.toml': PLACEHOLDER },
        { sidecar: PLACEHOLDER },
      ],
    );
  });

  it('quotes text that YAML 1.1 would read as another type', async () => {
    const odd = await render(ROOT, 'cluster-a', async () => {
      const outputs = await fast();
      const { core } = await import('@pulumi/kubernetes');
      new core.v1.ConfigMap('odd', {
        metadata: { name: 'odd' },
        data: { a: 'on', b: '0x10', c: '1:30', d: 'no\nyes\n' },
      });
      return outputs;
    });
    const found = read(odd).find(({ metadata }) => metadata.name === 'odd');
    assert.deepEqual(found?.['data'], { a: 'on', b: '0x10', c: '1:30', d: 'no\nyes\n' });
  });
});

describe('rendering a stack whose file holds secrets', () => {
  let folder: string;
  const SECRET = 'glpat-in-clear';
  const lines = [
    `  gitlab-runner-hadr:gitlabToken: ${SECRET}`,
    '  gitlab-runner-hadr:tokens:',
    `    fleet: ${SECRET}`,
    '    fleetExpiresOn: never',
    '    sidecar: { secure: v1:cipher }',
    '    sidecarExpiresOn: never',
    '  gitlab-runner-hadr:runner:',
    `    cacheToml: 'Type = "${SECRET}"'`,
    '    kubernetesToml: { secure: v1:cipher }',
    '  gitlab-runner-hadr:notify:',
    '    webhook: { secure: v1:cipher }',
    '',
  ];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hadr-render-'));
    await copyFile(join(ROOT, 'Pulumi.yaml'), join(folder, 'Pulumi.yaml'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const write = async (stack: string, more: readonly string[]): Promise<void> => {
    const shipped = await readFile(join(ROOT, 'Pulumi.cluster-b.yaml'), 'utf8');
    await writeFile(join(folder, `Pulumi.${stack}.yaml`), `encryptionsalt: v1:salt\n${shipped}${more.join('\n')}`);
  };

  it('shows none of them, neither in clear text nor encrypted', async () => {
    await write('cluster-b', lines);
    const text = await render(folder, 'cluster-b', fast);
    assert.doesNotMatch(text, /glpat|cipher|salt/);
    assert.equal(read(text).filter(({ kind }) => kind === 'Secret').length, 3);
  });

  it('refuses what pulumi up would refuse, with the same text', async () => {
    await write('cluster-x', []);
    await assert.rejects(render(folder, 'cluster-x', fast), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /does not name this stack, "cluster-x"/);
      return true;
    });
  });

  it('finds stacks by their files', async () => {
    await write('cluster-b', []);
    await write('a.b', []);
    assert.deepEqual(await stacksIn(folder), ['a.b', 'cluster-b']);
    assert.deepEqual(await stacksIn(ROOT), ['cluster-a', 'cluster-b']);
  });

  it('replaces ciphertext wherever it is, and nothing that only looks like it', () =>
    assert.deepEqual(
      withoutCiphers(
        { a: { secure: 'v1:x' }, b: [{ c: { secure: 'v1:x' } }], d: { secure: true }, e: { secure: 'x', f: 1 } },
        '?',
      ),
      { a: '?', b: [{ c: '?' }], d: { secure: true }, e: { secure: 'x', f: 1 } },
    ));
});
