/**
 * `npm run test:guards`: removes one guard after another from the production code, and runs the simulation. If no episode notices
 * a removal, the run fails. `--record` stores which episode caught which guard, so that it is tried first; `--only TEXT` tests the
 * guards with that text in their names.
 */
import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';
import { clustersOf, namedPlan } from '../seeds.ts';
import { GUARDS, type Guard } from './guards.ts';
import { buildMutant } from './mutant.ts';
import type { EpisodeName, Found } from './search.ts';

const SEEDS = join(import.meta.dirname, 'seeds.json');
const MOST_EPISODES = 4000;
/** Most faults need two clusters, some a third. */
const CLUSTERS = [2, 3, 2, 2];

const seedsSchema = z.record(z.string(), z.object({ seed: z.string(), clusters: z.number() }));

interface Candidate extends EpisodeName {
  readonly faults: ReadonlySet<string>;
}

const faultsOf = ({ seed, clusters }: EpisodeName): Set<string> =>
  new Set(namedPlan(seed, clusters, undefined).faults.map(({ name }) => name));

const RANGE: readonly Candidate[] = Array.from({ length: MOST_EPISODES }, (_, index) => {
  const name = { seed: `guards.${index}`, clusters: clustersOf(CLUSTERS, index) };
  return { ...name, faults: faultsOf(name) };
});

/** In how many episodes each fault is. */
const FREQUENCY = new Map<string, number>();
for (const { faults } of RANGE) for (const fault of faults) FREQUENCY.set(fault, (FREQUENCY.get(fault) ?? 0) + 1);

/**
 * The episodes in the order in which they are tried. After a change of the protocol's times the recorded one may notice nothing
 * any more; those that have the same faults, the rare ones above all, are the next best.
 */
function candidates(hint: EpisodeName | undefined): EpisodeName[] {
  if (!hint) return [...RANGE];
  const known = faultsOf(hint);
  const likeness = ({ faults }: Candidate): number =>
    [...faults].reduce((sum, fault) => sum + (known.has(fault) ? 1 / (FREQUENCY.get(fault) ?? 1) : 0), 0);
  return [hint, ...RANGE.toSorted((a, b) => likeness(b) - likeness(a))];
}

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
  let left = candidates(hint);
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

/** At once: a record takes long, and what was found stays if it is ended. */
function record(seeds: z.infer<typeof seedsSchema>): void {
  const sorted = Object.entries(seeds).toSorted(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(SEEDS, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
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
        if (values.record && outcome.found) {
          const { seed, clusters } = outcome.found.episode;
          seeds[guard.name] = { seed, clusters };
          record(seeds);
        }
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const survivors = outcomes.filter(({ found }) => !found);
  process.stdout.write(`${outcomes.length - survivors.length} of ${outcomes.length} guards are needed\n`);
  return survivors.length === 0 ? 0 : 1;
}

process.exitCode = await main();
