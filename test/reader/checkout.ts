/** A fresh clone of the project, with changes that are not committed yet, and a remote to pull from. */
import { execFile } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../docs/pages.ts';

const run = promisify(execFile);
const git = async (cwd: string, ...args: string[]): Promise<string> =>
  (await run('git', ['-c', 'user.name=docs', '-c', 'user.email=docs@example.com', ...args], { cwd })).stdout;

const pathsOf = (listing: string): string[] => listing.split('\0').filter((path) => path !== '');

/** Makes `folder` a repository whose branch main has the present files of this checkout. */
export async function makeOrigin(folder: string): Promise<void> {
  await git(ROOT, 'clone', '--quiet', ROOT, folder);
  await git(folder, 'checkout', '--quiet', '-B', 'main');
  const gone = pathsOf(await git(ROOT, 'ls-files', '-z', '--deleted'));
  for (const path of gone) await git(folder, 'rm', '--quiet', '--', path);
  for (const path of pathsOf(await git(ROOT, 'ls-files', '-z', '--modified', '--others', '--exclude-standard'))) {
    if (gone.includes(path)) continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await cp(join(ROOT, path), join(folder, path));
  }
  await git(folder, 'add', '--all');
  await git(folder, 'commit', '--quiet', '--allow-empty', '--message', 'The present files');
}

export const cloneOf = (origin: string, folder: string): Promise<string> =>
  git(dirname(folder), 'clone', '--quiet', origin, folder);
