import assert from 'node:assert/strict';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { settingsSchema } from '../../infra/settings/schema.ts';
import { parseCommandLine } from '../../runtime/cli/command-line.ts';
import { blocksOf, commandsIn, commandsOf, mentionsOf, PAGES, read } from './pages.ts';

const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')));

/** Commands of other projects, which are not checked. */
const OTHERS = new Set([
  'bash',
  'crane',
  'checkov',
  'curl',
  'docker',
  'export',
  'git',
  'helm',
  'kube-score',
  'kubeconform',
  'kubectl',
]);

const PULUMI = ['config', 'destroy', 'login', 'preview', 'stack', 'state', 'up'];

function check(words: readonly string[]): void {
  const [program = '', ...rest] = words;
  if (OTHERS.has(program)) return;
  switch (program) {
    case 'npm':
      return checkNpm(rest);
    case 'npx':
      if (rest[0] === 'hadr') return void parseCommandLine(concrete(rest.slice(1)));
      return assert.ok(['mocha', 'tsx'].includes(rest[0] ?? ''), `npx ${rest[0]}`);
    case 'hadr':
      return void parseCommandLine(concrete(rest));
    case 'node':
      return assert.equal(rest[0], 'dist/hadr.cjs');
    case 'pulumi':
      assert.ok(PULUMI.includes(rest[0] ?? ''), `pulumi ${rest[0]}`);
      if (rest[0] === 'config' && rest[1] === 'set') checkKey(rest.slice(2));
      return;
    default:
      assert.fail(`unknown program ${program}`);
  }
}

/** Without shell redirections. */
const concrete = (words: readonly string[]): string[] => words.filter((word) => !/^[>&]/.test(word));

function checkNpm([first = '', ...rest]: readonly string[]): void {
  if (['ci', 'install', 'install-scripts', 'test'].includes(first)) return;
  assert.equal(first, 'run');
  const name = rest.find((word) => !word.startsWith('-')) ?? '';
  assert.ok(Object.hasOwn(scripts, name), `npm run ${name}`);
}

/** `--path gitlab.url` is a key of the schema. */
function checkKey(words: readonly string[]): void {
  const plain: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word === '--stack') index += 1;
    else if (!word.startsWith('--')) plain.push(word);
  }
  // A mention of the command alone.
  if (plain.length === 0) return;
  let schema: unknown = z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' });
  const form = z.looseObject({ properties: z.record(z.string(), z.unknown()) });
  const list = z.looseObject({ items: z.unknown() });
  for (const part of (plain[0] ?? '').split(/[.[]/)) {
    const parsed = part.endsWith(']') ? list.safeParse(schema) : form.safeParse(schema);
    assert.ok(parsed.success, `there is no key ${plain[0]}`);
    const { data } = parsed;
    schema = 'properties' in data ? z.record(z.string(), z.unknown()).parse(data.properties)[part] : data.items;
    assert.notEqual(schema, undefined, `there is no key ${plain[0]}`);
  }
}

/** Every heading as GitLab and GitHub link to it. */
const anchorsOf = (page: string): Set<string> =>
  new Set(
    [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );

describe('the docs', () => {
  for (const page of PAGES) {
    it(`${page}: every command exists`, () => {
      for (const words of [...commandsOf(page), ...mentionsOf(page).flatMap(commandsIn)])
        assert.doesNotThrow(() => check(words), `${page}: ${words.join(' ')}`);
    });

    it(`${page}: every link has a target`, () => {
      for (const [, target = ''] of read(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
        const [file = '', anchor] = target.split('#');
        const path = file === '' ? page : join(page, '..', file);
        assert.doesNotThrow(() => read(path), `${page} links to ${target}`);
        if (anchor !== undefined) assert.ok(anchorsOf(path).has(anchor), `${page} links to ${target}`);
      }
    });
  }

  it('the check of commands finds commands, and refuses a wrong script, config key and option', () => {
    assert.ok(commandsOf('README.md').length > 10);
    assert.throws(() => check(['npm', 'run', 'no-such-script']));
    assert.throws(() => check(['pulumi', 'config', 'set', '--path', 'runner.replica', '3']));
    assert.throws(() => check(['hadr', 'switchover', '--onto', 'cluster-b']));
  });

  it('every YAML example can be parsed', () => {
    for (const page of PAGES)
      for (const block of blocksOf(page, 'yaml')) assert.doesNotThrow(() => void parse(block), `${page}: ${block}`);
  });
});
