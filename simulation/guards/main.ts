/**
 * `npm run test:guards`: removes one guard after another from the production code, and runs the simulation. If no episode notices
 * a removal, the run fails. `--record` stores which episode caught which guard, so that it is tried first; `--only TEXT` tests the
 * guards with that text in their names.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';
import { clustersOf } from '../seeds.ts';
import { GUARDS, type Guard } from './guards.ts';
import { buildMutant } from './mutant.ts';
import type { EpisodeName, Found } from './search.ts';

const SEEDS = join(import.meta.dirname, 'seeds.json');
const MOST_EPISODES = 4000;
/** Most faults need two clusters, some a third. */
const CLUSTERS = [2, 3, 2, 2];

const seedsSchema = z.record(z.string(), z.object({ seed: z.string(), clusters: z.number() }));

const range: readonly EpisodeName[] = Array.from({ length: MOST_EPISODES }, (_, index) => ({
  seed: `guards.${index}`,
  clusters: clustersOf(CLUSTERS, index),
}));

function searchIn(bundle: string, episodes: readonly EpisodeName[]): Promise<Found | undefined> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(bundle, { workerData: episodes });
    worker.once('message', (found: Found | undefined) => resolve(found));
    worker.once('error', reject);
  });
}

interface Outcome {
  readonly guard: Guard;
  readonly found: Found | undefined;
  readonly seconds: number;
}

async function test(guard: Guard, folder: string, whole: string, hint: EpisodeName | undefined): Promise<Outcome> {
  const began = performance.now();
  const mutant = await buildMutant(
    'simulation/guards/search.ts',
    guard.edits,
    join(folder, `${GUARDS.indexOf(guard)}.mjs`),
  );
  let left = [...(hint ? [hint] : []), ...range];
  for (;;) {
    const found = await searchIn(mutant, left);
    const seconds = (performance.now() - began) / 1000;
    if (!found) return { guard, found, seconds };
    // An episode that also fails with the whole code proves nothing about the guard.
    const innocent = (await searchIn(whole, [found.episode])) === undefined;
    if (innocent) return { guard, found, seconds };
    left = left.slice(found.tried);
  }
}

function tell({ guard, found, seconds }: Outcome): void {
  const line = found
    ? `caught    ${guard.name} – episode ${found.episode.seed} with ${found.episode.clusters} clusters, ${found.invariant}: ${found.text}`
    : `SURVIVES  ${guard.name} – ${MOST_EPISODES} episodes found nothing`;
  process.stdout.write(`${line.slice(0, 260)} (${seconds.toFixed(1)} s)\n`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { record: { type: 'boolean' }, only: { type: 'string' } } });
  const seeds = seedsSchema.parse(JSON.parse(await readFile(SEEDS, 'utf8').catch(() => '{}')));
  const guards = GUARDS.filter(({ name }) => values.only === undefined || name.includes(values.only));
  const folder = await mkdtemp(join(tmpdir(), 'hadr-guards-'));
  const outcomes: Outcome[] = [];
  try {
    const whole = await buildMutant('simulation/guards/search.ts', [], join(folder, 'whole.mjs'));
    const queue = [...guards];
    const work = async (): Promise<void> => {
      for (let guard = queue.shift(); guard; guard = queue.shift()) {
        const outcome = await test(guard, folder, whole, seeds[guard.name]);
        outcomes.push(outcome);
        tell(outcome);
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  if (values.record) {
    const caught = outcomes.flatMap(({ guard, found }) => (found ? [[guard.name, found.episode] as const] : []));
    const sorted = Object.entries({ ...seeds, ...Object.fromEntries(caught) }).toSorted(([a], [b]) => (a < b ? -1 : 1));
    await writeFile(SEEDS, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
  }
  const survivors = outcomes.filter(({ found }) => !found);
  process.stdout.write(`${outcomes.length - survivors.length} of ${outcomes.length} guards are needed\n`);
  return survivors.length === 0 ? 0 : 1;
}

process.exitCode = await main();
