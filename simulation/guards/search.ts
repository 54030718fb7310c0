/** In a worker: searches for an episode in which this bundle of the simulation, whole or mutated, violates an invariant. */
import { parentPort, workerData } from 'node:worker_threads';
import * as z from 'zod';
import { runEpisode } from '../episode.ts';
import { planOf } from '../plan.ts';

const episodeSchema = z.object({ seed: z.string(), clusters: z.number() });
const searchSchema = z.array(episodeSchema);
export type EpisodeName = z.infer<typeof episodeSchema>;

export interface Found {
  readonly episode: EpisodeName;
  readonly invariant: string;
  readonly text: string;
  readonly tried: number;
}

async function search(episodes: readonly EpisodeName[]): Promise<Found | undefined> {
  let tried = 0;
  for (const episode of episodes) {
    tried += 1;
    const { violations } = await runEpisode(planOf(episode.seed, episode.clusters), { stopEarly: true });
    const [first] = violations;
    if (first) return { episode, invariant: first.invariant, text: first.text, tried };
  }
  return undefined;
}

const port = parentPort;
if (port) void search(searchSchema.parse(workerData)).then((found) => port.postMessage(found));
