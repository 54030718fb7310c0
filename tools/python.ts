/** Installs a tool from PyPI into the cache, in a virtual environment of its own. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { orOnPath, ToolError } from './build.ts';
import { pinOf, type PythonTool } from './catalogue.ts';

const run = promisify(execFile);

const KEPT_LINES = 5;

export async function pythonVersion(): Promise<string | undefined> {
  try {
    return (await run('python3', ['--version'])).stdout.trim();
  } catch {
    return undefined;
  }
}

export async function installTool(tool: PythonTool, say: (line: string) => void): Promise<string> {
  const { version, folder, binary } = await pinOf(tool);
  if ((await pythonVersion()) === undefined)
    throw new ToolError(
      `${tool.name} comes from PyPI and there is no Python here: install Python 3 (https://www.python.org)${orOnPath(tool)}.`,
    );
  say(`${tool.name} ${version}: installs it from PyPI`);
  const start = performance.now();
  const home = `${dirname(binary)}/python`;
  await rm(home, { recursive: true, force: true });
  await mkdir(dirname(binary), { recursive: true });
  await step(tool, 'make an environment', 'python3', ['-m', 'venv', home]);
  // Every file by its hash, and built ones alone: no code of a package runs while it is installed.
  const pinned = ['--no-deps', '--require-hashes', '--only-binary', ':all:', '-r', `${folder}/requirements.txt`];
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...pinned];
  await step(tool, 'install it', `${home}/bin/python`, pip);
  // Last and in one step, so that a run that is broken off leaves no command.
  const draft = `${binary}.tmp`;
  await writeFile(draft, `#!/bin/sh\nexec "$(dirname "$0")/python/bin/${tool.entry ?? tool.name}" "$@"\n`);
  await chmod(draft, 0o755);
  await rename(draft, binary);
  say(`${tool.name} ${version}: installed in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  return binary;
}

async function step(tool: PythonTool, what: string, command: string, args: readonly string[]): Promise<void> {
  try {
    await run(command, [...args], { maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    const hasOutput = error instanceof Error && 'stdout' in error && 'stderr' in error;
    // If Debian's package python3-venv is missing, Python prints that to its standard output.
    const lines = (hasOutput ? `${String(error.stdout)}\n${String(error.stderr)}` : String(error))
      .trim()
      .split('\n')
      .slice(-KEPT_LINES)
      .join('\n');
    throw new ToolError(`python could not ${what} for ${tool.name}: ${lines}`);
  }
}
