/**
 * `npm run test:mutants`: changes one operator, condition, constant or call of the decisions after another, and asks the unit tests
 * and then the simulation whether they notice. `--files runtime/core/decision` limits it to files whose paths begin so,
 * `--episodes 0` leaves the simulation out. Not part of CI: it takes a quarter of an hour and more.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';
import { bundleSimulation, bundleTest, mutate } from './bundle.ts';
import type { Mutant } from './instrument.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDERS = ['decision', 'evidence', 'model', 'outlook'].map((name) => `runtime/core/${name}`);
/** Tests in virtual time or of pure functions: nothing in them listens or waits. */
const TEST_FOLDERS = ['test/runtime/core', 'test/runtime/fleet', 'test/runtime/operator', 'test/runtime/checker'];
const LISTENING = /\/checker\/(metrics|preflight|process)\.test\.ts$/;
const SEEDS = join(ROOT, 'simulation/guards/seeds.json');
const LEAST_SECONDS = 10;
const SIMULATION_SECONDS = 240;

const resultSchema = z.object({ failure: z.string().optional(), reached: z.array(z.number()) });
type Result = z.infer<typeof resultSchema>;

interface Test {
  readonly file: string;
  readonly bundle: string;
  readonly reached: ReadonlySet<number>;
  readonly seconds: number;
  /** How many mutants it has noticed: those that notice most for their time are asked first. */
  noticed: number;
}

const filesIn = (folders: readonly string[], ending: string): string[] =>
  folders
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
    )
    .filter((file) => file.endsWith(ending))
    .toSorted();

const testFiles = (): string[] => filesIn(TEST_FOLDERS, '.test.ts').filter((file) => !LISTENING.test(file));

/** What a worker sends first; undefined where it fails or takes too long. */
function messageOf(
  bundle: string,
  mutant: number,
  seconds: number,
  workerData: unknown,
): Promise<{ readonly message: unknown } | undefined> {
  return new Promise((resolve) => {
    const worker = new Worker(bundle, {
      env: { ...process.env, MUTANT: String(mutant) },
      workerData,
      stderr: true,
      stdout: true,
    });
    const end = (value: { readonly message: unknown } | undefined): void => {
      clearTimeout(timer);
      resolve(value);
      void worker.terminate();
    };
    const timer = setTimeout(() => end(undefined), seconds * 1000);
    worker.once('message', (message: unknown) => end({ message }));
    worker.once('error', () => end(undefined));
    worker.once('exit', () => end(undefined));
  });
}

async function runTest(bundle: string, mutant: number, seconds: number): Promise<Result | undefined> {
  const sent = await messageOf(bundle, mutant, seconds, undefined);
  const result = sent && resultSchema.safeParse(sent.message);
  return result?.success ? result.data : undefined;
}

async function isNoticed(mutant: Mutant, tests: readonly Test[]): Promise<boolean> {
  const worth = ({ noticed, seconds }: Test): number => (noticed + 1) / (seconds + 0.2);
  for (const test of tests.toSorted((a, b) => worth(b) - worth(a))) {
    if (!test.reached.has(mutant.id)) continue;
    const result = await runTest(test.bundle, mutant.id, LEAST_SECONDS + 10 * test.seconds);
    if (result !== undefined && result.failure === undefined) continue;
    test.noticed += 1;
    return true;
  }
  return false;
}

/** The episodes that catch the guards, and others. */
async function episodes(most: number): Promise<{ seed: string; clusters: number }[]> {
  const seedsSchema = z.record(z.string(), z.object({ seed: z.string(), clusters: z.number() }));
  const seeds = Object.values(seedsSchema.parse(JSON.parse(await readFile(SEEDS, 'utf8'))));
  const different = [...new Map(seeds.map((episode) => [`${episode.seed} ${episode.clusters}`, episode])).values()];
  const others = Array.from({ length: most }, (_, index) => ({ seed: `mutants.${index}`, clusters: 2 + (index % 2) }));
  return [...different, ...others].slice(0, most);
}

async function inParallel<T>(list: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const queue = [...list];
  const work = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function report(mutants: readonly Mutant[], survivors: readonly Mutant[]): void {
  const score = (all: number, left: number): string => `${(100 * (1 - left / Math.max(1, all))).toFixed(1)} %`;
  for (const { file, line, what, text } of survivors.toSorted((a, b) => a.id - b.id))
    say(`SURVIVES ${file}:${line} ${what}: ${text}`);
  for (const file of new Set(mutants.map((mutant) => mutant.file))) {
    const all = mutants.filter((mutant) => mutant.file === file).length;
    const left = survivors.filter((mutant) => mutant.file === file).length;
    say(`${file.padEnd(48)} ${all - left} of ${all}, ${score(all, left)}`);
  }
  say(
    `${mutants.length - survivors.length} of ${mutants.length} mutants are noticed: ${score(mutants.length, survivors.length)}`,
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { files: { type: 'string', default: 'runtime/' }, episodes: { type: 'string', default: '60' } },
  });
  const files = filesIn([...FOLDERS, 'runtime/fleet'], '.ts').filter((file) => file.startsWith(values.files));
  const mutated = await mutate(files);
  const folder = await mkdtemp(join(tmpdir(), 'hadr-mutants-'));
  try {
    const tests: Test[] = [];
    for (const [index, file] of testFiles().entries()) {
      const bundle = await bundleTest(file, mutated, join(folder, `${index}.mjs`));
      const began = performance.now();
      const result = await runTest(bundle, 0, 120);
      if (result === undefined || result.failure !== undefined)
        throw new Error(`${file} fails without a mutant: ${result?.failure ?? 'no result'}`);
      const seconds = (performance.now() - began) / 1000;
      tests.push({ file, bundle, reached: new Set(result.reached), seconds, noticed: 0 });
    }
    say(`${mutated.mutants.length} mutants in ${files.length} files, ${tests.length} test files`);
    const unnoticed: Mutant[] = [];
    await inParallel(mutated.mutants, async (mutant) => {
      if (!(await isNoticed(mutant, tests))) unnoticed.push(mutant);
    });
    say(`${unnoticed.length} are not noticed by the tests`);
    const simulation = await bundleSimulation(mutated, join(folder, 'simulation.mjs'));
    const searched = await episodes(Number(values.episodes));
    const survivors: Mutant[] = [];
    await inParallel(searched.length === 0 ? [] : unnoticed, async (mutant) => {
      const sent = await messageOf(simulation, mutant.id, SIMULATION_SECONDS, searched);
      if (sent !== undefined && sent.message === undefined) survivors.push(mutant);
    });
    report(mutated.mutants, searched.length === 0 ? unnoticed : survivors);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
