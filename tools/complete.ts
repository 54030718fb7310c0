/** Completes a module that lacks files which its release build generates: a copy with those files, and a go.mod that names the copy. */
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Pin, Tool } from './catalogue.ts';
import { moduleFolder } from './go-module.ts';

/** Fills `folder`, in which go then builds as in the tool's own folder. go.sum verifies what is copied. */
export async function completeModule(tool: Tool, pin: Pin, folder: string): Promise<string> {
  const copy = join(folder, 'module');
  await copyFiles(await moduleFolder(pin.folder, tool.module), copy);
  for (const { path, from, make } of tool.generated ?? [])
    await writeFile(join(copy, path), make(await readFile(join(copy, from), 'utf8'), pin.version));
  // Go cannot overlay a file on a module in its cache, so a replace directive names the copy.
  const mod = await readFile(join(pin.folder, 'go.mod'), 'utf8');
  await writeFile(join(folder, 'go.mod'), `${mod}\nreplace ${tool.module} => ./module\n`);
  await copyFile(join(pin.folder, 'go.sum'), join(folder, 'go.sum'));
  return folder;
}

/** File by file, for the folders of Go's cache are read-only, and one like them could not be removed again. */
async function copyFiles(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const target = join(to, relative(from, file));
    await mkdir(dirname(target), { recursive: true });
    await copyFile(file, target);
  }
}
