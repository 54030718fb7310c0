/**
 * The whole lab: a GitLab and a Kubernetes cluster for each stack. The shipped Pulumi program and stack files fill both; only
 * the addresses, tokens and times are the lab's. A fleet shows what GitLab and Kubernetes show from outside.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { namesOf } from '../../infra/names.ts';
import { program } from '../../infra/program.ts';
import { startGitLab, type GitLabServer } from '../gitlab/server.ts';
import type { GitLabEvent } from '../gitlab/model/gitlab.ts';
import type { Runner } from '../gitlab/model/runners.ts';
import { bundleRunner } from '../runner/bundle.ts';
import type { Engine } from '../pulumi/engine.ts';
import type { Reach } from '../pulumi/engines.ts';
import { stackConfig, type StackConfig } from '../../infra/render/stack-config.ts';
import type { ClusterFor, DemoCluster } from './clusters.ts';
import type { Timing } from '../../runtime/timing.ts';
import { LAB_POLICY } from './times.ts';
import { openAll, type Opened } from '../opened.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const MAIN_TAG = 'rnd-runner';
/** With three clusters two main tags move, as one set. */
const SECOND_MAIN_TAG = 'rnd-docker';
export const STATUS_PROJECT = 'platform/runner-status';
export const REPLICAS = 2;
export const CONCURRENT = 1;
/** The stacks that have a file. A third one uses the file of the second. */
const B = 'cluster-b';
const SHIPPED: readonly string[] = ['cluster-a', B];
const NAMESPACE = 'gitlab-runner';
/** How many log lines of each checker are kept, to print them when a step fails. */
const KEPT_LINES = 12;

export interface Member {
  readonly name: string;
  readonly cluster: DemoCluster;
  /** Its runner record in GitLab. */
  readonly record: Runner;
  /** The engine and the config that made its stack. */
  readonly engine: Engine;
  readonly config: StackConfig;
}

export interface Fleet {
  readonly gitlab: GitLabServer;
  readonly names: readonly string[];
  member(name: string): Member;
  /** `rnd-runner`, and with three clusters one more. */
  readonly mainTags: readonly string[];
  /** The clusters whose record has a main tag, as GitLab shows it. */
  holders(): string[];
  /** Whether a record ever had one main tag without the others. */
  wasSplit(): boolean;
  newestTerm(): number;
  /** What the newest report of a cluster says, or undefined. */
  report(name: string): { readonly online: number; readonly total: number } | undefined;
  onEvent(listener: (event: GitLabEvent) => void): () => void;
  /** The most clusters that have held the main tag at one moment. */
  mostHolders(): number;
  /** The newest lines of a cluster's checker. */
  checkerLines(name: string): readonly string[];
  close(): Promise<void>;
}

const reportSchema = z.object({ online: z.number(), total: z.number() });

export type EngineFor = (reach: Reach) => Promise<Engine> | Engine;

/** The parts of a lab. */
export interface Parts {
  readonly engineFor: EngineFor;
  readonly clusterFor: ClusterFor;
  readonly timing: Timing;
}

export const startFleet = (names: readonly string[], parts: Parts, say: (line: string) => void): Promise<Fleet> =>
  openAll((opened) => openFleet(opened, names, parts, say));

async function openFleet(
  opened: Opened,
  names: readonly string[],
  { engineFor, clusterFor, timing }: Parts,
  say: (line: string) => void,
): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), 'hadr-lab-runner-'));
  opened.onClose(() => rm(folder, { recursive: true, force: true }));
  const gitlab = opened.add(
    await startGitLab({ longPollMs: timing.longPollSeconds * 1000, jobReportSeconds: timing.jobReportSeconds }),
  );
  const runner = await bundleRunner(folder);
  say(`starting a Kubernetes cluster for each of ${names.join(', ')}`);
  const periodMs = timing.periodSeconds * 1000;
  const starting = names.map(async (name) => ({ name, cluster: await clusterFor({ name, runner, periodMs }) }));
  opened.onClose(async () => {
    const ends = await Promise.allSettled(starting);
    await Promise.all(ends.map(async (end) => end.status === 'fulfilled' && end.value.cluster.close()));
  });
  const clusters = await Promise.all(starting);
  const mainTags = names.length > 2 ? [MAIN_TAG, SECOND_MAIN_TAG] : [MAIN_TAG];
  const closedEngine: EngineFor = async (reach) => opened.add(await engineFor(reach));
  const members = new Map<string, Member>();
  for (const { name, cluster } of clusters) {
    const like = SHIPPED.includes(name) ? name : B;
    say(`pulumi up of ${name} with Pulumi.${like}.yaml`);
    const over = {
      ...(names.length > 2 && { fleet: names, mainTags }),
      ...(like !== name && { ownTags: [`runner-${name.slice(-1)}`], preferred: false }),
    };
    members.set(name, await startMember({ gitlab, name, cluster, engineFor: closedEngine, timing, over, like }));
  }
  return fleetOf(gitlab, members, mainTags, () => opened.close());
}

function fleetOf(
  gitlab: GitLabServer,
  members: ReadonlyMap<string, Member>,
  mainTags: readonly string[],
  close: () => Promise<void>,
): Fleet {
  const tags = watchTags(gitlab, [...members.values()], mainTags);
  const lines = new Map([...members].map(([name, { cluster }]) => [name, newestLines(cluster)]));
  const files = (): ReadonlyMap<string, string> => {
    const project = [...gitlab.model.access.projects.values()].find((candidate) => candidate.path === STATUS_PROJECT);
    return (project && gitlab.model.repository(project.id).head('main')?.tree) ?? new Map<string, string>();
  };
  return {
    gitlab,
    names: [...members.keys()],
    member: (name) => {
      const found = members.get(name);
      if (!found) throw new Error(`no cluster ${name}`);
      return found;
    },
    mainTags,
    holders: tags.holders,
    wasSplit: tags.wasSplit,
    mostHolders: tags.mostHolders,
    newestTerm: () => [...files().keys()].filter((path) => path.startsWith('terms/')).length,
    report: (name) => {
      const text = files().get(`status/${name}.json`);
      return text === undefined ? undefined : reportSchema.parse(JSON.parse(text));
    },
    onEvent: (listener) => gitlab.model.onEvent(listener),
    checkerLines: (name) => lines.get(name) ?? [],
    close: async () => {
      tags.stop();
      await close();
    },
  };
}

/** Looks at the records after each change of tags. */
function watchTags({ model }: GitLabServer, members: readonly Member[], mainTags: readonly string[]) {
  const mainTagsOf = ({ tags }: Runner): number => mainTags.filter((tag) => tags.includes(tag)).length;
  const holders = (): string[] => members.filter(({ record }) => mainTagsOf(record) > 0).map((member) => member.name);
  let most = 0;
  let split = false;
  const stop = model.onEvent((event) => {
    if (event.kind !== 'tags') return;
    most = Math.max(most, holders().length);
    split ||= members.some(({ record }) => ![0, mainTags.length].includes(mainTagsOf(record)));
  });
  return { holders, mostHolders: () => most, wasSplit: () => split, stop };
}

/** The newest lines of a cluster's checker: the array is kept up to date. */
function newestLines(cluster: DemoCluster): readonly string[] {
  const kept: string[] = [];
  cluster.onLog(({ container, line }) => {
    if (container !== 'checker') return;
    kept.push(line);
    if (kept.length > KEPT_LINES) kept.shift();
  });
  return kept;
}

interface MemberParts {
  readonly gitlab: GitLabServer;
  readonly name: string;
  readonly cluster: DemoCluster;
  readonly engineFor: EngineFor;
  readonly timing: Timing;
  /** Settings that replace those of the stack's file. */
  readonly over: Readonly<Record<string, unknown>>;
  /** The stack whose file is used. */
  readonly like: string;
}

async function startMember({ gitlab, name, cluster, engineFor, timing, over, like }: MemberParts): Promise<Member> {
  const engine = await engineFor({ gitlab, kubernetes: cluster.access, kubeconfig: cluster.kubeconfig });
  const config = await stackConfig(
    ROOT,
    name,
    {
      gitlab: { url: gitlab.url, group: 'platform', allowHttp: true },
      statusProject: { path: STATUS_PROJECT },
      kubernetes: { context: name, server: cluster.access.url, namespace: NAMESPACE },
      runner: { replicas: REPLICAS, concurrent: CONCURRENT, graceSeconds: 30 },
      timing,
      policy: LAB_POLICY,
      lab: true,
      ...over,
    },
    { gitlabToken: gitlab.adminToken },
    like,
  );
  const { outputs } = await engine.up(config, program);
  // As `kubectl create job --from=cronjob` does, instead of waiting for the next minute.
  await cluster.startRun(namesOf(name).checker);
  const ids = outputs['runnerRecordIds'];
  const record = Array.isArray(ids) ? gitlab.model.runners.all.get(Number(ids[0])) : undefined;
  if (!record) throw new Error(`the stack ${name} made no runner record`);
  return { name, cluster, record, engine, config };
}

/** Kills the checker alone: no new runs, and the active and pending ones are killed. */
export async function killChecker({ name, cluster }: Member): Promise<void> {
  await cluster.suspendCronJob(namesOf(name).checker);
  for (;;) {
    const pods = await cluster.pods('app.kubernetes.io/component=checker');
    for (const pod of pods) if (pod.status.phase === 'Running') cluster.killPod(pod.name);
    if (!pods.some((pod) => ['Running', 'Pending'].includes(pod.status.phase))) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export const restartChecker = async ({ name, cluster }: Member): Promise<void> =>
  cluster.suspendCronJob(namesOf(name).checker, false);

/** Kills the runner process of one pod and keeps it down until the result is called. */
export async function killRunner({ name, cluster }: Member): Promise<() => void> {
  const pods = await cluster.pods('app.kubernetes.io/component=runner');
  const pod = pods.find((candidate) => candidate.ready);
  if (!pod) throw new Error(`no runner pod of ${name} is ready`);
  cluster.killPod(pod.name, { container: 'runner', stayDown: true });
  return () => cluster.releasePod(pod.name);
}
