/** Builds a tool from its pinned Go module into the cache, and reports its progress. */
import { execFile, spawn } from 'node:child_process';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { pinOf, type Command, type Pin, type Tool } from './catalogue.ts';
import { completeModule } from './complete.ts';

const run = promisify(execFile);

/** A problem that the user can fix; the message is one sentence. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}

const TELL_EVERY_MS = 10_000;
/** Of Go's messages, for the case that it fails. */
const KEPT_LINES = 15;

// Without cgo no C compiler is needed, and the result is the same on every machine.
const environment = (): NodeJS.ProcessEnv => ({ ...process.env, CGO_ENABLED: '0' });

export async function goVersion(): Promise<string | undefined> {
  try {
    return (await run('go', ['env', 'GOVERSION'])).stdout.trim();
  } catch {
    return undefined;
  }
}

export async function buildTool(tool: Tool, say: (line: string) => void): Promise<string> {
  const pin = await pinOf(tool);
  if ((await goVersion()) === undefined)
    throw new ToolError(
      `${tool.name} is built from source and there is no Go here: install Go (https://go.dev/dl)${orOnPath(tool)}.`,
    );
  say(`${tool.name} ${pin.version}: fetches its modules`);
  const draft = `${pin.binary}.${process.pid}.tmp`;
  const workshop = `${draft}.module`;
  await mkdir(dirname(pin.binary), { recursive: true });
  try {
    const { folder, total } = await load(tool, pin, workshop);
    await compile(tool, { ...pin, folder }, draft, total, say);
    // In one step: a run that is broken off leaves no half of a command.
    await rename(draft, pin.binary);
  } finally {
    for (const made of [draft, workshop]) await rm(made, { recursive: true, force: true });
  }
  return pin.binary;
}

/** The other fix for a missing Go, if there is one. */
export const orOnPath = ({ name, atLeast }: Command): string =>
  atLeast === undefined ? '' : `, or put ${name} ${atLeast} or later on PATH`;

/** Where go builds it, and how many packages that may be. */
async function load(tool: Tool, pin: Pin, workshop: string): Promise<{ folder: string; total: number }> {
  try {
    const folder = tool.generated ? await completeModule(tool, pin, workshop) : pin.folder;
    const { stdout } = await run('go', ['list', '-deps', '-tags', tool.tags ?? '', tool.package], {
      cwd: folder,
      env: environment(),
      maxBuffer: 16 * 1024 * 1024,
    });
    return { folder, total: stdout.trimEnd().split('\n').length };
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    throw new ToolError(`go could not load the modules of ${tool.name}: ${lastLines(said.split('\n'))}`);
  }
}

const lastLines = (lines: readonly string[]): string =>
  lines
    .filter((line) => line.trim() !== '')
    .slice(-KEPT_LINES)
    .join('\n');

async function compile(
  tool: Tool,
  pin: Pin,
  output: string,
  total: number,
  say: (line: string) => void,
): Promise<void> {
  const linked = Object.entries(tool.linked(pin.version)).map(([name, value]) => `-X ${name}=${value}`);
  const flags = [
    '-trimpath',
    '-v',
    '-tags',
    tool.tags ?? '',
    '-ldflags',
    ['-s', '-w', ...linked].join(' '),
    '-o',
    output,
  ];
  const child = spawn('go', ['build', ...flags, tool.package], {
    cwd: pin.folder,
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const start = performance.now();
  const seconds = (): string => ((performance.now() - start) / 1000).toFixed(0);
  const lines: string[] = [];
  let packages = 0;
  createInterface({ input: child.stderr }).on('line', (line) => {
    // `-v` names each package as it is compiled; anything with a blank in it is a message.
    if (/^\S+$/.test(line)) packages += 1;
    else lines.push(line);
  });
  // Packages that Go has in its own cache are not named, so the count may end early.
  const telling = setInterval(
    () => say(`${tool.name} ${pin.version}: ${packages} of at most ${total} packages compiled, ${seconds()} s`),
    TELL_EVERY_MS,
  );
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).finally(() => clearInterval(telling));
  if (code !== 0) throw new ToolError(`go could not build ${tool.name} ${pin.version}:\n${lastLines(lines)}`);
  say(`${tool.name} ${pin.version}: built in ${seconds()} s`);
}
