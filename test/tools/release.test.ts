import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { releaseChangelog, versionAfter, withVersion } from '../../tools/release/changelog.ts';

const ROOT = join(import.meta.dirname, '../..');
const TSX = pathToFileURL(join(ROOT, 'node_modules/tsx/dist/loader.mjs')).href;

describe('the version of a release', () => {
  const cases: [current: string, step: string, version: string][] = [
    ['0.1.0', 'patch', '0.1.1'],
    ['0.1.9', 'minor', '0.2.0'],
    ['0.9.3', 'major', '1.0.0'],
    ['0.1.0', '0.1.0', '0.1.0'],
    ['0.1.0', '0.10.0', '0.10.0'],
  ];
  for (const [current, step, version] of cases)
    it(`is ${version} for ${step} after ${current}`, () => assert.equal(versionAfter(current, step), version));

  it('is never older than the current one', () =>
    assert.throws(() => versionAfter('0.10.0', '0.9.9'), /0\.9\.9 is older than the current version 0\.10\.0/));

  it('is refused unless it is major, minor, patch or three numbers', () =>
    assert.throws(() => versionAfter('0.1.0', 'v2'), /"v2" is not a version/));
});

describe('the changelog of a release', () => {
  const before = '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A bell.\n\n## [0.1.0] - 2026-01-01\n\n- First.\n';

  it('moves what was under Unreleased to the version with its date', () =>
    assert.equal(
      releaseChangelog(before, '0.2.0', '2026-02-03').text,
      '# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-02-03\n\n### Added\n\n- A bell.\n\n## [0.1.0] - 2026-01-01\n\n- First.\n',
    ));

  it('can be released when Unreleased is its last part', () =>
    assert.equal(
      releaseChangelog('## [Unreleased]\n\n- A bell.\n', '0.1.0', '2026-02-03').text,
      '## [Unreleased]\n\n## [0.1.0] - 2026-02-03\n\n- A bell.\n',
    ));

  it('is refused when Unreleased has headings but no notes', () =>
    assert.throws(
      () => releaseChangelog(before.replace('- A bell.\n', ''), '0.2.0', '2026-02-03'),
      /nothing under "Unreleased"/,
    ));
});

it('a release changes the version of the root package in the lock file and no other package', () => {
  const entry = (version: string) =>
    `{"version": "${version}", "packages": {"": {"version": "${version}"}, "x": {"version": "1.0.0"}}}`;
  assert.equal(withVersion('package-lock.json', entry('1.0.0'), '1.0.0', '1.0.1'), entry('1.0.1'));
});

describe('npm run release', () => {
  let folder = '';
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim();
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const release = (...args: string[]) =>
    spawnSync(process.execPath, ['--import', TSX, join(ROOT, 'tools/release/main.ts'), ...args], {
      cwd: folder,
      encoding: 'utf8',
    });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'release-'));
    git('init', '--quiet');
    git('config', 'user.name', 'Tester');
    git('config', 'user.email', 'tester@example.com');
    writeFileSync(join(folder, 'package.json'), '{\n  "name": "x",\n  "version": "0.1.0"\n}\n');
    writeFileSync(
      join(folder, 'package-lock.json'),
      '{\n  "version": "0.1.0",\n  "packages": { "": { "version": "0.1.0" } }\n}\n',
    );
    writeFileSync(join(folder, 'CHANGELOG.md'), '# Changelog\n\n## [Unreleased]\n\n- A bell.\n');
    git('add', '.');
    git('commit', '--quiet', '--message', 'Start');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('writes the version and the changelog, commits and tags, and leaves a clean tree', () => {
    const { status, stdout } = release('minor');
    assert.equal(status, 0);
    assert.match(stdout, /^Released 0\.2\.0: .* Nothing was pushed\./);
    assert.match(read('package.json'), /"version": "0\.2\.0"/);
    assert.equal(read('package-lock.json').match(/0\.2\.0/g)?.length, 2);
    assert.match(read('CHANGELOG.md'), /## \[Unreleased\]\n\n## \[0\.2\.0\] - \d{4}-\d\d-\d\d\n\n- A bell\.\n/);
    assert.equal(git('log', '-1', '--format=%s'), 'Release 0.2.0');
    assert.equal(git('describe', '--exact-match'), 'v0.2.0');
    assert.equal(git('status', '--porcelain'), '');
  });

  it('changes nothing with --dry-run, and prints the notes', () => {
    const { status, stdout } = release('patch', '--dry-run');
    assert.equal(status, 0);
    assert.match(stdout, /Would release 0\.1\.1 .*\n\n- A bell\./);
    assert.equal(git('tag'), '');
    assert.equal(git('status', '--porcelain'), '');
    assert.match(read('package.json'), /0\.1\.0/);
  });

  it('is refused when a change is not committed, and names the file', () => {
    writeFileSync(join(folder, 'note.txt'), '');
    const { status, stderr } = release('patch');
    assert.equal(status, 1);
    assert.match(stderr, /^Refused: There are changes that are not committed:\n\?\? note\.txt/);
  });

  it('is refused a second time, because nothing is under Unreleased', () => {
    assert.equal(release('patch').status, 0);
    const { status, stderr } = release('patch');
    assert.equal(status, 1);
    assert.match(stderr, /nothing under "Unreleased"/);
  });

  it('is refused when the tag exists', () => {
    git('tag', 'v0.1.1');
    assert.match(release('patch').stderr, /The tag v0\.1\.1 exists/);
  });

  it('is refused without a version', () =>
    assert.match(release().stderr, /Give one of major, minor, patch, or X\.Y\.Z/));
});
