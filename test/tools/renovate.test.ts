import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { TOOLS } from '../../tools/catalogue.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The files below a folder whose path ends so. */
const filesIn = (folder: string, end: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(end))
    .map((file) => join(folder, file));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const { customManagers, packageRules } = z
  .object({
    customManagers: z.array(z.object({ managerFilePatterns: z.array(z.string()), matchStrings: z.array(z.string()) })),
    packageRules: z.array(
      z.object({
        matchPackageNames: z.array(z.string()),
        matchDepTypes: z.array(z.string()).optional(),
        enabled: z.boolean().optional(),
      }),
    ),
  })
  .parse(JSON.parse(read('renovate.json')));

/** `name version` of each dependency that a manager of renovate.json finds in the file. */
const found = (file: string): string[] =>
  customManagers
    .filter(({ managerFilePatterns }) =>
      managerFilePatterns.some((pattern) => new RegExp(pattern.slice(1, -1)).test(file)),
    )
    .flatMap(({ matchStrings }) => matchStrings)
    .flatMap((pattern) => [...read(file).matchAll(new RegExp(pattern, 'g'))])
    .map(({ groups }) => `${groups?.depName} ${groups?.currentValue}`);

describe('renovate.json', () => {
  it('finds every default image of the source', () => {
    const files = [...filesIn('infra', '.ts'), ...filesIn('runtime', '.ts')];
    for (const file of files) {
      const images = [...read(file).matchAll(/'(docker\.io\/\S+?):(\S+?)'/g)].filter(([, , tag]) =>
        /\d/.test(tag ?? ''),
      );
      const named = images.map(([, name, tag]) => `${name} ${tag}`);
      assert.deepEqual(found(file), named, file);
    }
    assert.ok(found('infra/settings/schema.ts').length >= 2);
  });

  it('finds the version of every Python tool', () => {
    for (const file of filesIn('tools', 'requirements.txt')) assert.equal(found(file).length, 1, file);
  });

  it('follows the module of every tool that is built with Go', () => {
    const followed = packageRules
      .filter(({ matchDepTypes, enabled }) => enabled === true && matchDepTypes?.includes('indirect'))
      .flatMap(({ matchPackageNames }) => matchPackageNames);
    assert.deepEqual(followed.toSorted(), [...new Set(TOOLS.map(({ module }) => module))].toSorted());
  });
});
