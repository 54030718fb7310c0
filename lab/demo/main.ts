/** `npm run demo`: GitLab, clusters, runners and checkers on one machine. Each step is announced, timed and checked. */
import { parseArgs } from 'node:util';
import { stepsOf } from './steps.ts';
import { ToolError } from '../../tools/build.ts';
import { labEngine, realEngine } from '../pulumi/engines.ts';
import { labCluster, realCluster, type ClusterFor } from './clusters.ts';
import { MAIN_TAG, startFleet, STATUS_PROJECT, type EngineFor, type Fleet, type Parts } from './fleet.ts';
import { jsonOf, tableOf, type StepResult } from './report.ts';
import { demoContext, type DemoContext } from './context.ts';
import { LAB_TIMING, longer } from './times.ts';

const USAGE = `npm run demo -- [--json] [--keep] [--engine lab|pulumi] [--kubernetes lab|real] [--clusters 2|3]

  --json            print the result as one JSON object on the last line
  --keep            leave the lab running afterwards and print the addresses of its pages
  --engine pulumi   apply the stacks with the real Pulumi engine (npm run real:tools builds it)
  --kubernetes real use real control planes (npm run real:tools builds them); the nodes stay the lab's, and all times are
                    longer, for the control planes need a part of the machine
  --clusters 3      add a third cluster, a second main tag, and a step in which two clusters die
`;

const CLUSTERS = ['cluster-a', 'cluster-b', 'cluster-c'];

const ENGINES: Readonly<Record<string, EngineFor>> = { lab: labEngine, pulumi: realEngine };

const KUBERNETES: Readonly<Record<string, ClusterFor>> = { lab: labCluster, real: realCluster };

function choice<T>(what: string, given: string, of: Readonly<Record<string, T>>): T {
  const found = of[given];
  if (found === undefined) throw new Error(`unknown ${what} ${given}: use ${Object.keys(of).join(' or ')}`);
  return found;
}

interface Options {
  readonly json: boolean;
  readonly keep: boolean;
  readonly names: readonly string[];
  readonly parts: Parts;
}

function options(): Options {
  try {
    const flag = { type: 'boolean', default: false } as const;
    const kind = { type: 'string', default: 'lab' } as const;
    const count = { type: 'string', default: '2' } as const;
    const known = { json: flag, keep: flag, help: flag, engine: kind, kubernetes: kind, clusters: count } as const;
    const { json, keep, help, engine, kubernetes, clusters } = parseArgs({ options: known }).values;
    const engineFor = choice('engine', engine, ENGINES);
    const clusterFor = choice('kubernetes', kubernetes, KUBERNETES);
    const timing = kubernetes === 'real' ? longer(LAB_TIMING, 2) : LAB_TIMING;
    const names = choice('number of clusters', clusters, { '2': CLUSTERS.slice(0, 2), '3': CLUSTERS });
    if (!help) return { json, keep, names, parts: { engineFor, clusterFor, timing } };
    process.stdout.write(USAGE);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : 'wrong usage'}\n\n${USAGE}`);
    process.exit(64);
  }
}

const { json, keep, names, parts } = options();
const say = (line: string): void => void (json ? process.stderr : process.stdout).write(`${line}\n`);

async function runSteps(demo: DemoContext): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const step of stepsOf(names.length)) {
    const boundSeconds = step.bound(demo);
    say(`▶ ${step.name}: ${step.expected}`);
    const start = performance.now();
    const { seen, ok: asExpected } = await step.run(demo);
    const seconds = (performance.now() - start) / 1000;
    const ok = asExpected && seconds <= boundSeconds;
    say(`${ok ? '✔' : '✘'} ${seen}, ${seconds.toFixed(1)} s`);
    if (!ok) for (const name of names) for (const line of demo.fleet.checkerLines(name)) say(`    ${name}: ${line}`);
    results.push({ name: step.name, expected: step.expected, seen, seconds, boundSeconds, ok });
  }
  return [...results, ...invariants(demo.fleet)];
}

/** What must hold during the whole demo. */
function invariants(fleet: Fleet): StepResult[] {
  const most = fleet.mostHolders();
  const jobs = [...fleet.gitlab.model.jobs.all.values()];
  const failed = jobs.filter((job) => job.status === 'failed').length;
  const done = jobs.filter((job) => job.status === 'success').length;
  const row = { seconds: 0, boundSeconds: 0 };
  const split = fleet.wasSplit();
  const set = `${fleet.mainTags.join(' and ')} ${split ? 'were apart' : 'moved together'}`;
  return [
    { ...row, name: 'always', expected: 'at most one holder', seen: `at most ${most} at a time`, ok: most === 1 },
    ...(fleet.mainTags.length > 1
      ? [{ ...row, name: 'always', expected: 'main tags move as one set', seen: set, ok: !split }]
      : []),
    {
      ...row,
      name: 'always',
      expected: 'jobs are done',
      seen: `${done} done, ${failed} failed`,
      ok: done > 0 && failed === 0,
    },
  ];
}

async function main(): Promise<number> {
  say(
    `One GitLab and ${names.length} clusters run as processes of this machine. Only the times are shorter than in production.`,
  );
  const fleet = await startFleet(names, parts, say);
  const { mainTags } = fleet;
  let turn = 0;
  const { model, projectId } = fleet.gitlab;
  // One job per check of a runner, which takes one at a check: the queue stays short.
  const jobs = setInterval(
    () => void model.newJob(projectId, [mainTags[turn++ % mainTags.length] ?? MAIN_TAG], 0.2),
    1000 * parts.timing.checkIntervalSeconds,
  );
  const end = async (): Promise<void> => {
    clearInterval(jobs);
    await fleet.close();
  };
  process.once('SIGINT', () => void end().then(() => process.exit(130)));
  const results = await runSteps(demoContext(fleet, parts.timing, say));
  say(`\n${tableOf(results)}\n`);
  if (keep) {
    say(
      `The lab keeps running until Ctrl-C. Status page: ${fleet.gitlab.url}/${STATUS_PROJECT} Runners: ${fleet.gitlab.url}/admin/runners`,
    );
    await new Promise(() => undefined);
  }
  await end();
  const complete = results.every((result) => result.ok);
  if (json) process.stdout.write(`${jsonOf(results, complete)}\n`);
  return complete ? 0 : 1;
}

process.exit(
  await main().catch((error: unknown) => {
    // Not thrown: what handles uncaught errors in Pulumi's packages lets the process end with 0.
    const text = error instanceof ToolError ? error.message : error instanceof Error ? error.stack : error;
    process.stderr.write(`${String(text)}\n`);
    return 1;
  }),
);
