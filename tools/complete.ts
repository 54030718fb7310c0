/** A module whose repository leaves files to its releases, made whole: a copy of it with those files, and a go.mod beside that names the copy. */
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Pin, Tool } from './catalogue.ts';
import { moduleFolder } from './go-module.ts';

/** Fills `folder`, and go then builds there as it would in the tool's own. What is copied is what go.sum vouches for. */
export async function completeModule(tool: Tool, pin: Pin, folder: string): Promise<string> {
  const copy = join(folder, 'module');
  await copyFiles(await moduleFolder(pin.folder, tool.module), copy);
  for (const { path, from, make } of tool.generated ?? [])
    await writeFile(join(copy, path), make(await readFile(join(copy, from), 'utf8'), pin.version));
  // Go lays no file over a module in its own cache, so it is told of the copy instead.
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
