/**
 * `npm run simulate -- --seed 1 --hours 500 [--clusters 2|3|4|5|mixed] [--adopted]` runs episodes until so many hours are simulated.
 * `npm run simulate -- --episode 1.187 [--clusters N] [--faults 0,3] [--adopted] [--trace]` replays one of them.
 */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runEpisode } from './episode.ts';
import { adoptedPlan, clustersOf, namedPlan } from './seeds.ts';
import { shrink } from './shrink.ts';
import { quantile, sum, type Summary } from './summary.ts';
import { episodesFor, simulate, type Batch } from './batch.ts';

/** How much of the trace is shown before a violation. */
const SHOWN_LINES = 40;
const SHOWN_CHARACTERS = 180;

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(64);
}

function options() {
  try {
    return parseArgs({
      options: {
        seed: { type: 'string', default: '1' },
        hours: { type: 'string', default: '20' },
        clusters: { type: 'string', default: '2' },
        episode: { type: 'string' },
        faults: { type: 'string' },
        trace: { type: 'boolean', default: false },
        adopted: { type: 'boolean', default: false },
        workers: { type: 'string', default: String(Math.min(8, availableParallelism())) },
      },
    }).values;
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : 'wrong usage'}; see the head of simulation/main.ts`);
  }
}

function wholeNumber(text: string, name: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most)
    return fail(`--${name} ${text} is no whole number from ${least} to ${most}`);
  return value;
}

const clusterNumbers = (text: string): number[] =>
  text === 'mixed' ? [2, 3, 2, 4, 2, 5] : [wholeNumber(text, 'clusters', 2, 5)];

function report(summary: Summary, job: Batch, wallSeconds: number): void {
  const line = (name: string, text: string): string => `${name.padEnd(28)}${text}`;
  const counts = (record: Record<string, number>): string =>
    Object.entries(record)
      .toSorted((a, b) => b[1] - a[1])
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  const speed = Math.round((summary.hours * 3600) / wallSeconds);
  const ordered = summary.hashes.toSorted((a, b) => a[0] - b[0]).map(([, hash]) => hash);
  const hash = createHash('sha256').update(ordered.join('\n')).digest('hex');
  const gaps = [0.5, 0.9, 0.99, 1].map((share) => `${Math.round(share * 100)} % ${quantile(summary.gaps, share)} s`);
  process.stdout.write(
    [
      line('seed', job.seed),
      line('clusters', job.clusters.join(', ')),
      line('simulated', `${summary.hours.toFixed(1)} h in ${summary.episodes} episodes, ${summary.rounds} rounds`),
      line('took', `${wallSeconds.toFixed(1)} s with ${job.workers} workers: ${speed} times real time`),
      line('faults', counts(summary.faults)),
      line('moves', counts(summary.moves)),
      line('without a living holder', `${summary.gaps.length} times undisturbed: ${gaps.join(', ')}`),
      line('two holders', `${sum(summary.doubles)} s, after late writes`),
      line('hash', hash),
      line('violations', String(summary.violations.length)),
      '',
    ].join('\n'),
  );
}

/** Runs one episode again, shortens it if it fails, and shows what happened. */
async function replay(
  seed: string,
  clusters: number,
  kept: readonly number[] | undefined,
  showAll: boolean,
  adopted: boolean,
): Promise<number> {
  const plan = namedPlan(seed, clusters, kept);
  const result = await runEpisode(adopted ? adoptedPlan(plan) : plan);
  if (showAll) process.stdout.write(`${result.trace.join('\n')}\n`);
  const [first] = result.violations;
  if (!first) {
    process.stdout.write(`episode ${seed}: no violation, hash ${result.hash}\n`);
    return 0;
  }
  const short = await shrink(result);
  const names = kept ?? result.plan.faults.map((_, index) => index);
  const faults = short.kept.map((place) => names[place] ?? place);
  const [violation] = short.result.violations;
  const before = short.result.trace.filter((text) => !text.includes(' VIOLATION '));
  process.stdout.write(
    [
      ...(showAll ? [] : before.slice(-SHOWN_LINES).map((text) => text.slice(0, SHOWN_CHARACTERS))),
      '',
      `episode ${seed} breaks ${first.invariant}: ${violation?.text ?? first.text}`,
      `with ${short.kept.length} of ${result.plan.faults.length} faults; replay it with`,
      `  npm run simulate -- --episode ${seed} --clusters ${clusters} --faults ${faults.join(',')}${adopted ? ' --adopted' : ''} --trace`,
      '',
    ].join('\n'),
  );
  return 1;
}

async function main(): Promise<number> {
  const given = options();
  const clusters = clusterNumbers(given.clusters);
  if (given.episode !== undefined) {
    const kept = given.faults?.split(',').map((text) => wholeNumber(text, 'faults', 0, 99));
    return replay(given.episode, clusters[0] ?? 2, kept, given.trace, given.adopted);
  }
  const hours = Number(given.hours);
  if (!(hours > 0)) fail(`--hours ${given.hours} is no number of hours`);
  const episodes = episodesFor(hours, given.seed, clusters);
  const job: Batch = {
    seed: given.seed,
    clusters,
    episodes,
    rule: 'hadr',
    adopted: given.adopted,
    workers: wholeNumber(given.workers, 'workers', 1, 64),
  };
  const began = performance.now();
  const summary = await simulate(job);
  report(summary, job, (performance.now() - began) / 1000);
  const [first] = summary.violations;
  if (!first) return 0;
  const names = new Set(summary.violations.map(({ episode }) => episode));
  process.stdout.write(`episodes with violations: ${[...names].join(', ')}\n`);
  const index = Number(first.episode.split('.').at(-1));
  await replay(first.episode, clustersOf(clusters, index), undefined, false, given.adopted);
  return 1;
}

process.exitCode = await main();
