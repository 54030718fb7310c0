/** Finds a tool: on PATH if it is new enough, else in the cache. */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { ToolError } from './build.ts';
import { isAtLeast, pinOf, toolNamed, type Command } from './catalogue.ts';

const run = promisify(execFile);

export interface FoundTool {
  readonly path: string;
  readonly version: string;
  readonly from: 'PATH' | 'cache';
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/** The version that the command prints, or undefined if it prints none. */
async function versionOf(path: string, versionArgs: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run(path, [...versionArgs], { timeout: 20_000 });
    return /v?(\d+\.\d+\.\d+[^\s,]*)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

async function onPath({ name, versionArgs, atLeast }: Command): Promise<FoundTool | undefined> {
  if (versionArgs === undefined || atLeast === undefined) return undefined;
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (folder === '' || !(await isExecutable(path))) continue;
    const version = await versionOf(path, versionArgs);
    // A shell would run the first one; a newer one later on PATH is not searched.
    return version !== undefined && isAtLeast(version, atLeast) ? { path, version, from: 'PATH' } : undefined;
  }
  return undefined;
}

export async function findTool(tool: Command): Promise<FoundTool | undefined> {
  const found = await onPath(tool);
  if (found) return found;
  const { binary, version } = await pinOf(tool);
  return (await isExecutable(binary)) ? { path: binary, version, from: 'cache' } : undefined;
}

/** Throws a ToolError that names the fix if the tool is in neither place. */
export async function requireTool(name: string): Promise<FoundTool> {
  const found = await findTool(toolNamed(name));
  if (!found) throw new ToolError(`There is no ${name} here; build it once with: npm run real:tools`);
  return found;
}
