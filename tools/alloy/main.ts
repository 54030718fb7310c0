/**
 * `npm run model`: checks the model of docs/model with Alloy, every command against what it says it expects: no
 * counterexample with all guards, one without each, and an instance of each run. `-- --only TEXT` runs the commands with that text in
 * their names, `--trace` also prints what they found.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { ToolError } from '../build.ts';
import { alloyJar } from './find.ts';
import { readCommands, readTrace, readVerdict, tellTrace, untilRest, type Command, type State } from './read.ts';

const run = promisify(execFile);

const MODEL = join(import.meta.dirname, '../../docs/model');
/** Measured as the fastest of those that the jar brings (docs/model/README.md). */
const SOLVER = 'glucose';

interface Task {
  readonly file: string;
  readonly command: Command;
}

interface Outcome extends Task {
  readonly found: boolean | undefined;
  readonly trace: readonly State[];
  readonly seconds: number;
  readonly said: string;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function tasksOf(jar: string, only: string | undefined): Promise<Task[]> {
  const files = (await readdir(MODEL)).filter((name) => name.endsWith('.als')).toSorted();
  const tasks = await Promise.all(
    files.map(async (name) => {
      const file = join(MODEL, name);
      const { stdout, stderr } = await run('java', ['-jar', jar, 'commands', file]);
      const commands = readCommands(stdout);
      if (commands.length === 0) throw new Error(`alloy finds no commands in ${name}: ${stderr}`);
      return commands.map((command) => ({ file, command }));
    }),
  );
  return tasks.flat().filter(({ command }) => only === undefined || command.name.includes(only));
}

async function solve(jar: string, task: Task, folder: string): Promise<Outcome> {
  const { file, command } = task;
  const output = join(folder, `${basename(file, '.als')}-${command.index}`);
  const began = performance.now();
  // Alloy exits with 1 if the result is not the expected one; the result is read from its output.
  const { stdout, stderr } = await run(
    'java',
    ['-jar', jar, 'exec', '-s', SOLVER, '-c', String(command.index), '-t', 'text', '-o', output, file],
    { maxBuffer: 64 * 1024 * 1024 },
  ).catch((error: unknown) => {
    if (error instanceof Error && 'stdout' in error && 'stderr' in error)
      return { stdout: String(error.stdout), stderr: String(error.stderr) };
    throw error;
  });
  const seconds = (performance.now() - began) / 1000;
  const said = `${stderr}\n${stdout}`;
  const found = readVerdict(said);
  const solution = found ? (await readdir(output)).find((name) => name.endsWith('.txt')) : undefined;
  const trace = solution === undefined ? [] : untilRest(readTrace(await readFile(join(output, solution), 'utf8')));
  return { ...task, found, trace, seconds, said };
}

function resultOf({ command, found, trace }: Outcome): string {
  if (found === undefined) return 'NO RESULT';
  const what = command.kind === 'check' ? 'counterexample' : 'instance';
  const result = found ? `${what} of ${trace.length} states` : `no ${what}`;
  return found === command.expected ? result : `NOT EXPECTED: ${result}`;
}

function row(outcome: Outcome): string {
  const { file, command, seconds } = outcome;
  const name = `${basename(file, '.als')}: ${command.name.replaceAll('_', ' ')}`;
  return `| ${name} | ${command.scope} | ${command.steps} | ${seconds.toFixed(0)} | ${resultOf(outcome)} |`;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: 'string' }, trace: { type: 'boolean' } } });
  const jar = await alloyJar(say);
  const tasks = await tasksOf(jar, values.only);
  // What searches everything takes longest, so it begins first.
  const queue = tasks.toSorted((a, b) => Number(a.command.expected) - Number(b.command.expected));
  const folder = await mkdtemp(join(tmpdir(), 'hadr-model-'));
  const outcomes: Outcome[] = [];
  const began = performance.now();
  try {
    say('| command | scope | steps | seconds | result |\n| --- | --- | --- | --- | --- |');
    const work = async (): Promise<void> => {
      for (let task = queue.shift(); task; task = queue.shift()) {
        const outcome = await solve(jar, task, folder);
        outcomes.push(outcome);
        say(row(outcome));
        if (outcome.found === undefined) say(outcome.said.slice(-2000));
        if (values.trace) for (const line of tellTrace(outcome.trace)) say(line);
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const good = outcomes.filter(({ command, found }) => found === command.expected).length;
  say(
    `${good} of ${tasks.length} commands gave what they expect, in ${((performance.now() - began) / 1000).toFixed(0)} s`,
  );
  return good === tasks.length && tasks.length > 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof ToolError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
