/**
 * Two clusters whose checkers run in this process against the lab's GitLab over HTTP, round after round, and `hadr` at a
 * person's terminal beside them. Only the pods are made up: a number that the test sets.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startGitLab, type GitLabServer } from '../../../lab/gitlab/server.ts';
import { LAB_TIMING } from '../../../lab/demo/times.ts';
import { round } from '../../../runtime/checker/round.ts';
import type { CheckerContext } from '../../../runtime/checker/context.ts';
import { executeIn, interruptibleClock, type Execute } from '../../../runtime/cli/machine.ts';
import { run as runHadr } from '../../../runtime/cli/run.ts';
import { checkerConfigSchema, policySchema, timingSchema } from '../../../runtime/config.ts';
import { formatLease } from '../../../runtime/core/model/lease.ts';
import { emptyMemory } from '../../../runtime/core/decision/memory.ts';
import { incidentsOf } from '../../../runtime/adapters/gitlab/incidents.ts';
import { connectGitLab, type GitLabConnection } from '../../../runtime/adapters/gitlab/connect.ts';
import { systemClock, wallClock } from '../../../runtime/adapters/process/clock.ts';
import { until } from '../../lab/until.ts';
import { LASTING } from '../../../simulation/world/expiries.ts';

export const A = 'cluster-a';
export const B = 'cluster-b';
const MAIN_TAG = 'rnd-runner';
const BRANCH = 'main';
/** Rounds follow each other closely: the tests wait for what they bring about. */
const PAUSE_MS = 150;
/** r is long enough for a busy machine; the other times follow from it by the rules of runtime/timing.ts. */
const TIMING = { ...LAB_TIMING, requestSeconds: 1, budgetSeconds: 4.1, leaseSeconds: 8.2 };

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Person {
  readonly token?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What is answered to a question; without it nobody can be asked. */
  readonly answer?: boolean;
  /** What was asked is added to it. */
  readonly asked?: string[];
  readonly interrupted?: AbortSignal;
  readonly execute?: Execute;
  readonly colours?: boolean;
}

interface Cluster {
  readonly name: string;
  readonly record: number;
  readonly checker: CheckerContext;
  readonly connections: readonly GitLabConnection[];
  ready: number;
  alive: boolean;
  ended: Promise<void>;
}

export class Fleet {
  readonly gitlab: GitLabServer;
  readonly project: number;
  /** A folder with the hadr.yaml of this fleet. */
  readonly folder: string;
  /** A token of a person who may do all that hadr does. */
  readonly token: string;
  readonly clusters = new Map<string, Cluster>();
  private stopped = false;

  constructor(gitlab: GitLabServer, project: number, folder: string) {
    this.gitlab = gitlab;
    this.project = project;
    this.folder = folder;
    this.token = gitlab.adminToken;
  }

  cluster(name: string): Cluster {
    const found = this.clusters.get(name);
    assert.ok(found, `no cluster ${name}`);
    return found;
  }

  record(name: string) {
    const record = this.gitlab.model.runners.all.get(this.cluster(name).record);
    assert.ok(record);
    return record;
  }

  holders(): string[] {
    return [...this.clusters.keys()].filter((name) => this.record(name).tags.includes(MAIN_TAG));
  }

  file(path: string): string | undefined {
    return this.gitlab.model.repository(this.project).head(BRANCH)?.tree.get(path);
  }

  /** A commit of a person, past all tools. */
  commit(path: string, text: string | undefined): void {
    const exists = this.file(path) !== undefined;
    const action = text === undefined ? 'delete' : exists ? 'update' : 'create';
    this.gitlab.model.repository(this.project).commit({
      branch: BRANCH,
      message: `${action} ${path} by hand`,
      author: 'a person',
      mayForce: false,
      actions: [{ action, file_path: path, ...(text !== undefined && { content: text }) }],
    });
  }

  /** What people and claims have committed; reports and the page come and go by themselves. */
  acts(): string[] {
    return this.commits().filter((message) => !/^(cluster-[ab]: Online|Page: )/.test(message));
  }

  private commits(): string[] {
    return this.gitlab.model
      .repository(this.project)
      .log(BRANCH)
      .map(({ message }) => message);
  }

  terms(): number {
    return [...(this.gitlab.model.repository(this.project).head(BRANCH)?.tree.keys() ?? [])].filter((path) =>
      path.startsWith('terms/'),
    ).length;
  }

  /** Its checker takes its rounds from now on. */
  start(name: string): void {
    const cluster = this.cluster(name);
    cluster.alive = true;
    const loop = async (): Promise<void> => {
      while (cluster.alive && !this.stopped) {
        await round(cluster.checker);
        await systemClock.sleep(PAUSE_MS);
      }
    };
    cluster.ended = loop();
  }

  /** Its checker has ended, after the round in which it was. */
  async stop(name: string): Promise<void> {
    const cluster = this.cluster(name);
    cluster.alive = false;
    await cluster.ended;
  }

  /** `hadr ARGS` at a terminal. */
  async hadr(args: string, person: Person = {}): Promise<Ended> {
    const out: string[] = [];
    const err: string[] = [];
    const interrupted = person.interrupted ?? new AbortController().signal;
    const words = args.split(' ').filter((word) => word !== '');
    const surroundings = {
      env: { HADR_TOKEN: person.token ?? this.token, HOME: this.folder, ...person.env },
      cwd: person.cwd ?? this.folder,
    };
    const code = await runHadr(words, {
      ...surroundings,
      clock: interruptibleClock(interrupted),
      wallClock,
      execute: person.execute ?? executeIn({ ...surroundings, env: { ...process.env, ...surroundings.env } }),
      interrupted,
      terminal: {
        out: (text) => void out.push(text),
        err: (text) => void err.push(text),
        ask: async (question) => {
          person.asked?.push(question);
          return person.answer;
        },
        clear: () => undefined,
        colours: person.colours ?? false,
      },
    });
    return { code, out: out.join(''), err: err.join('') };
  }

  async json(args: string, person: Person = {}): Promise<{ readonly code: number; readonly data: unknown }> {
    const { code, out, err } = await this.hadr(`${args} -o json`, person);
    assert.equal(err, '');
    return { code, data: JSON.parse(out) };
  }

  async close(): Promise<void> {
    this.stopped = true;
    await Promise.all([...this.clusters.values()].map(({ ended }) => ended));
    for (const { connections } of this.clusters.values()) for (const connection of connections) connection.close();
    await this.gitlab.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A fleet in which A, preferred, holds the main tag by term 1 and B could take it. */
export async function startFleet(policy: Readonly<Record<string, unknown>> = {}): Promise<Fleet> {
  const gitlab = await startGitLab({ longPollMs: 0 });
  const { access } = gitlab.model;
  const project = access.addProject(gitlab.groupId, 'status', 'status').id;
  access.projects.get(project)?.protectedBranches.set(BRANCH, { allowForcePush: false, pushLevel: 30, mergeLevel: 30 });
  gitlab.model.repository(project).commit({
    branch: BRANCH,
    message: 'Initial commit',
    author: 'root',
    mayForce: false,
    actions: [{ action: 'create', file_path: 'README.md', content: '# status\n' }],
  });
  const folder = await mkdtemp(join(tmpdir(), 'hadr-cli-'));
  const fleet = new Fleet(gitlab, project, folder);
  const rules = { policy: { confirm: 4, ...policy }, timing: TIMING };
  const config = {
    gitlab: { url: gitlab.url, allowHttp: true, group: 'platform' },
    statusProject: { path: 'platform/status' },
    fleet: [A, B],
    mainTags: [MAIN_TAG],
    policy: rules.policy,
    // A checker whose call is late goes on with its next round; a person's command has only the one.
    timing: { ...TIMING, requestSeconds: 5 },
  };
  await writeFile(join(folder, 'hadr.yaml'), stringify(config));
  // The person has used --trust before.
  await mkdir(join(folder, '.config/hadr'), { recursive: true });
  await writeFile(join(folder, '.config/hadr/trusted-gitlabs'), `${gitlab.url}\n`);
  for (const name of [A, B]) await addCluster(fleet, name, rules);
  for (const name of [A, B]) fleet.start(name);
  await until('cluster-a holds the main tag and both have reported', () => {
    const reports = [A, B].map((name) => fleet.file(`status/${name}.json`) ?? '');
    return fleet.holders().join() === A && reports.every((text) => text.includes('"term": 1'));
  });
  return fleet;
}

async function addCluster(fleet: Fleet, name: string, rules: { policy: object; timing: object }): Promise<void> {
  const { gitlab, project } = fleet;
  const { access, runners } = gitlab.model;
  const own = `runner-${name.at(-1) ?? ''}`;
  const runner = await fetch(`${gitlab.url}/api/v4/user/runners`, {
    method: 'POST',
    headers: { 'private-token': gitlab.adminToken, 'content-type': 'application/json' },
    body: JSON.stringify({ runner_type: 'group_type', group_id: gitlab.groupId, tag_list: [own], run_untagged: false }),
  });
  const id: unknown = Reflect.get(Object(await runner.json()), 'id');
  assert.ok(typeof id === 'number');
  const record = runners.all.get(id);
  assert.ok(record);
  // Its runners have worked for long, and are heard of after each write to their record, as polling ones are.
  const long = Math.floor(Date.now() / 1000) - 3600;
  const counts = { cluster: name, online: 2, total: 2, wanted: undefined };
  const lease = { ...counts, holder: 'nobody', term: 0, memory: emptyMemory(0) };
  record.note = formatLease({ ...lease, at: long + 3599, inTouchSince: long, heardSince: long });
  const hear = (): void => void runners.heartbeat(record, `r_0000${name.slice(-8)}`, () => access.id());
  hear();
  gitlab.model.onEvent((event) => {
    if (event.kind === 'request' && event.method === 'PUT' && event.path === `/runners/${id}`) hear();
  });
  const connect = (kind: 'group' | 'project', part: string, scope: string, level: number): GitLabConnection => {
    const owner = { kind, id: kind === 'group' ? gitlab.groupId : project };
    const year = new Date(Date.now() + 300 * 86_400_000).toISOString().slice(0, 10);
    const { value } = access.addToken(owner, `hadr-${name}-${part}`, [scope], level, year);
    return connectGitLab({
      url: gitlab.url,
      requestSeconds: TIMING.requestSeconds,
      clock: systemClock,
      token: () => Promise.resolve(value),
    });
  };
  const forFleet = connect('group', 'fleet', 'manage_runner', 50);
  const forStatus = connect('project', 'status', 'api', 30);
  const quiet = (): void => undefined;
  const cluster: Cluster = {
    name,
    record: id,
    ready: 2,
    alive: false,
    ended: Promise.resolve(),
    connections: [forFleet, forStatus],
    checker: {
      config: checkerConfigSchema.parse({
        version: 1,
        cluster: name,
        fleet: [A, B],
        preferred: name === A,
        mainTags: [MAIN_TAG],
        ownTags: [own],
        gitlab: { url: gitlab.url, allowHttp: true },
        statusProject: { id: project, branch: BRANCH },
        kubernetes: { server: 'https://kubernetes.default.svc', namespace: 'runners', deployments: ['runner'] },
        policy: policySchema.parse(rules.policy),
        timing: timingSchema.parse(rules.timing),
      }),
      expiries: LASTING,
      records: forFleet.records,
      project: forStatus.project(project, BRANCH),
      incidents: incidentsOf(forStatus.resource, project),
      notifier: undefined,
      pods: {
        deployments: async () => ({
          kind: 'known',
          value: [{ name: 'runner', record: id, adopted: false, desired: 2, ready: cluster.ready }],
        }),
      },
      clock: systemClock,
      random: Math.random,
      log: { info: quiet, warn: quiet, error: quiet },
    },
  };
  fleet.clusters.set(name, cluster);
}
