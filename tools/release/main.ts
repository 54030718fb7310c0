/**
 * npm run release -- major|minor|patch|X.Y.Z [--dry-run]
 * Writes the version and the changelog, commits and tags. It pushes nothing and publishes nothing.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { releaseChangelog, ReleaseError, versionAfter, withVersion } from './changelog.ts';

const PACKAGE = 'package.json';
const LOCK = 'package-lock.json';
const CHANGELOG = 'CHANGELOG.md';

const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();

function release(step: string, dryRun: boolean, date: string): void {
  const changes = git('status', '--porcelain');
  if (changes !== '')
    throw new ReleaseError(`There are changes that are not committed:\n${changes}\nCommit them first.`);

  const packageText = readFileSync(PACKAGE, 'utf8');
  const current = z.object({ version: z.string() }).parse(JSON.parse(packageText)).version;
  const version = versionAfter(current, step);
  const tag = `v${version}`;
  if (git('tag', '--list', tag) !== '') throw new ReleaseError(`The tag ${tag} exists. Give a newer version.`);

  const changelog = releaseChangelog(readFileSync(CHANGELOG, 'utf8'), version, date);
  const files = {
    [PACKAGE]: withVersion(PACKAGE, packageText, current, version),
    [LOCK]: withVersion(LOCK, readFileSync(LOCK, 'utf8'), current, version),
    [CHANGELOG]: changelog.text,
  };
  if (dryRun) {
    console.log(`Would release ${version} (${date}), commit and tag ${tag}. Notes:\n\n${changelog.notes}`);
    return;
  }
  for (const [file, text] of Object.entries(files)) writeFileSync(file, text);
  git('add', ...Object.keys(files));
  git('commit', '--quiet', '--message', `Release ${version}`);
  git('tag', '--annotate', tag, '--message', `Release ${version}`);
  console.log(`Released ${version}: committed and tagged ${tag}. Nothing was pushed. Next: git push --follow-tags`);
}

try {
  const { values, positionals } = parseArgs({
    options: { 'dry-run': { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [step, ...others] = positionals;
  if (step === undefined || others.length > 0) throw new ReleaseError('Give one of major, minor, patch, or X.Y.Z.');
  release(step, values['dry-run'], new Date().toISOString().slice(0, 10));
} catch (error) {
  // parseArgs throws a TypeError for an option that it does not know.
  if (!(error instanceof ReleaseError || error instanceof TypeError)) throw error;
  console.error(`Refused: ${error.message}`);
  process.exitCode = 1;
}
