/** Runs every n-th episode until enough hours are simulated, and sends what they add up to. */
import { parentPort, workerData } from 'node:worker_threads';
import * as z from 'zod';
import { runEpisode } from './episode.ts';
import { planOf } from './plan.ts';
import { contactRule } from './rules/contact-rule.ts';
import { adoptedPlan, clustersOf, episodeSeed } from './seeds.ts';
import { add, noSummary } from './summary.ts';
import type { CheckerProgram } from './world/cluster.ts';

/** GitLab calls a runner online until its last contact is two hours old. */
const STATUS_SECONDS = 7200;

/** Programs that do a checker's work; ours is the production code. */
const PROGRAMS: Readonly<Record<Job['rule'], CheckerProgram | undefined>> = {
  hadr: undefined,
  status: contactRule(STATUS_SECONDS),
  contact: contactRule(300),
};

export const jobSchema = z.object({
  seed: z.string(),
  clusters: z.array(z.number()),
  /** The number of the first episode that is not run. */
  episodes: z.number(),
  /** This worker's place among all, and how many there are. */
  place: z.number(),
  workers: z.number(),
  rule: z.enum(['hadr', 'status', 'contact']),
  /** All runners are adopted. */
  adopted: z.boolean(),
});
export type Job = z.infer<typeof jobSchema>;

async function main(port: NonNullable<typeof parentPort>, job: Job): Promise<void> {
  const summary = noSummary();
  const program = PROGRAMS[job.rule];
  for (let index = job.place; index < job.episodes; index += job.workers) {
    const plan = planOf(episodeSeed(job.seed, index), clustersOf(job.clusters, index));
    const result = await runEpisode(job.adopted ? adoptedPlan(plan) : plan, { ...(program && { program }) });
    add(summary, index, result);
    port.postMessage({ kind: 'progress', hours: result.plan.seconds / 3600, violations: result.violations.length });
  }
  port.postMessage({ kind: 'done', summary });
}

if (parentPort) void main(parentPort, jobSchema.parse(workerData));
