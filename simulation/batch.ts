/** Runs many episodes on several threads, and adds up their results. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { buildMutant } from './guards/mutant.ts';
import type { Edit } from './guards/guards.ts';
import { planOf } from './plan.ts';
import { clustersOf, episodeSeed } from './seeds.ts';
import { merge, noSummary, type Summary } from './summary.ts';
import type { Job } from './worker.ts';

/** What determines the episodes, and the number of threads. */
export type Batch = Omit<Job, 'place'>;

/** How many episodes make up these hours: their lengths follow from their plans. */
export function episodesFor(hours: number, seed: string, clusters: readonly number[]): number {
  let seconds = 0;
  for (let index = 0; ; index += 1) {
    if (seconds >= hours * 3600) return index;
    seconds += planOf(episodeSeed(seed, index), clustersOf(clusters, index)).seconds;
  }
}

/** Runs them with the production code after `edits`. Progress goes to standard error. */
export async function simulate(batch: Batch, edits: readonly Edit[] = []): Promise<Summary> {
  const folder = await mkdtemp(join(tmpdir(), 'hadr-simulation-'));
  const bundle = await buildMutant('simulation/worker.ts', edits, join(folder, 'worker.mjs'));
  const total = noSummary();
  const began = performance.now();
  const seen = { episodes: 0, hours: 0, violations: 0 };
  const progress = setInterval(() => {
    const speed = Math.round((seen.hours * 3_600_000) / (performance.now() - began));
    process.stderr.write(
      `${seen.episodes} of ${batch.episodes} episodes, ${seen.hours.toFixed(0)} h, ${speed} times real time, ${seen.violations} violations\n`,
    );
  }, 10_000);
  try {
    await Promise.all(
      Array.from({ length: batch.workers }, (_, place) => work(bundle, { ...batch, place }, total, seen)),
    );
  } finally {
    clearInterval(progress);
    await rm(folder, { recursive: true, force: true });
  }
  return total;
}

interface Message {
  readonly kind: 'progress' | 'done';
  readonly hours: number;
  readonly violations: number;
  readonly summary: Summary;
}

function work(
  bundle: string,
  job: Job,
  total: Summary,
  seen: { episodes: number; hours: number; violations: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(bundle, { workerData: job });
    worker.on('message', (message: Message) => {
      if (message.kind === 'done') {
        merge(total, message.summary);
        resolve();
        return;
      }
      seen.episodes += 1;
      seen.hours += message.hours;
      seen.violations += message.violations;
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`a worker ended with ${code} before it was done`)));
  });
}
