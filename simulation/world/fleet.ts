/** The simulated fleet of an episode: one GitLab, two to five clusters, and what people have asked for. */
import { checkerConfigSchema, policySchema, type CheckerConfig, type Policy } from '../../runtime/config.ts';
import type { CheckerContext } from '../../runtime/checker/context.ts';
import { run } from '../../runtime/checker/run.ts';
import { CONTROL_PATH, NO_CONTROL, type Control } from '../../runtime/core/model/control.ts';
import { fileText } from '../../runtime/core/model/stored-file.ts';
import { DEFAULT_TIMING } from '../../runtime/timing.ts';
import type { Random } from '../random.ts';
import { VirtualTime } from '../virtual-time.ts';
import { Cluster, type CheckerProgram } from './cluster.ts';
import { BRANCH, PROJECT, SimulatedGitLab } from './gitlab.ts';
import { Twin } from './twin.ts';
import type { Watcher } from './watcher.ts';

export const MAIN_TAG = 'rnd-runner';

interface ClusterSetup {
  readonly pods: number;
  readonly capacity: number;
  /** The pods of a second runner Deployment, which has a record of its own. */
  readonly second?: number;
  /** If it differs from the policy of the others. */
  readonly minOnline?: number;
}

export interface Setup {
  readonly clusters: readonly ClusterSetup[];
  readonly preferred: number | undefined;
  readonly policy: Partial<Policy>;
  /** All of its runners are adopted. Plans do not set this; `--adopted` does. */
  readonly adopted?: true;
}

export class Fleet {
  readonly time = new VirtualTime();
  readonly gitlab: SimulatedGitLab;
  readonly clusters: Cluster[];
  /** Second stacks of a name, also those that have ended. */
  readonly twins: Twin[] = [];
  readonly policy: Policy;
  readonly isAdopted: boolean;
  /** The owner of each record, also of deleted ones. */
  readonly owners = new Map<number, string>();
  /** When records were removed. */
  readonly removedAt = new Map<number, number>();
  control: { paused: boolean; pin: Control['pin']; retired: string[] } = { paused: false, pin: null, retired: [] };
  private readonly random: Random;
  private readonly program: (checker: CheckerContext) => Promise<unknown>;
  private readonly watcher: Watcher;
  private ids = 0;

  constructor(setup: Setup, random: Random, watcher: Watcher, program: CheckerProgram = (checker) => run(checker)) {
    this.random = random;
    this.program = (checker) => program(checker, this.owners);
    this.watcher = watcher;
    this.isAdopted = setup.adopted === true;
    this.policy = { ...policySchema.parse({}), ...setup.policy };
    this.gitlab = new SimulatedGitLab(this.time, random, watcher);
    this.gitlab.model.repository(PROJECT).commit({
      branch: BRANCH,
      message: 'Initial commit',
      actions: [{ action: 'create', file_path: 'README.md', content: '' }],
      author: 'pulumi',
      mayForce: false,
    });
    const names = setup.clusters.map((_, index) => `cluster-${'abcde'[index] ?? ''}`);
    this.clusters = setup.clusters.map(
      ({ pods, capacity, second }, index) =>
        new Cluster({
          time: this.time,
          random,
          gitlab: this.gitlab,
          watcher,
          config: configOf(names, index, setup, this.policy),
          pods,
          capacity,
          second,
          adopted: this.isAdopted,
          program: this.program,
          nextId: () => (this.ids += 1),
          newRecord: (cluster) => this.newRecord(cluster),
        }),
    );
  }

  nextId(): number {
    return (this.ids += 1);
  }

  cluster(name: string): Cluster {
    const found = this.clusters.find((cluster) => cluster.name === name);
    if (!found) throw new Error(`there is no ${name}`);
    return found;
  }

  ownTag(cluster: string): string {
    return `runner-${cluster.at(-1) ?? ''}`;
  }

  /** A record as `pulumi up` makes it: with its own tags and without a note. */
  newRecord(cluster: string): number {
    const { model } = this.gitlab;
    const id = 10 + this.owners.size;
    model.runners.add({
      id,
      token: `glrt-${id}`,
      type: 'group_type',
      groupId: 1,
      projectId: undefined,
      createdAt: model.now(),
      createdBy: 1,
      description: cluster,
      tags: [this.ownTag(cluster)],
      paused: false,
      runUntagged: false,
      locked: false,
      accessLevel: 'not_protected',
      maximumTimeout: null,
      note: 'ask the platform team',
      contact: { redis: undefined, column: undefined },
      managers: new Map(),
    });
    this.owners.set(id, cluster);
    return id;
  }

  /** A second stack of this cluster's name. */
  addTwin(cluster: Cluster, tags: readonly string[] = []): Twin {
    const { time, gitlab, watcher, program } = this;
    const record = this.newRecord(cluster.name);
    gitlab.editByHand('a person', record, { tags: [this.ownTag(cluster.name), ...tags] });
    const random = this.random.fork(`twin ${record}`);
    const twin = new Twin({ time, watcher, random, cluster, record, program, nextId: () => this.nextId() });
    this.twins.push(twin);
    return twin;
  }

  removeRecord(id: number): void {
    const runner = this.gitlab.runner(id);
    if (!runner) return;
    this.gitlab.model.runners.remove(runner);
    this.removedAt.set(id, this.time.now);
  }

  /** The clusters whose records have the main tag. */
  holders(): string[] {
    const found = new Set<string>();
    for (const runner of this.gitlab.model.runners.all.values())
      if (runner.tags.includes(MAIN_TAG)) found.add(this.owners.get(runner.id) ?? '');
    return [...found];
  }

  writeControl(who: string): void {
    this.gitlab.commitByHand(who, { [CONTROL_PATH]: fileText({ ...NO_CONTROL, ...this.control }) });
  }
}

function configOf(names: readonly string[], index: number, setup: Setup, policy: Policy): CheckerConfig {
  const cluster = names[index] ?? '';
  return checkerConfigSchema.parse({
    version: 1,
    cluster,
    fleet: [...names],
    preferred: setup.preferred === index,
    mainTags: [MAIN_TAG],
    ownTags: [`runner-${cluster.at(-1) ?? ''}`],
    gitlab: { url: 'https://gitlab.example.com' },
    statusProject: { id: PROJECT, branch: BRANCH },
    kubernetes: { server: 'https://kubernetes.default.svc', namespace: 'runners', deployments: ['runner'] },
    policy: { ...policy, minOnline: setup.clusters[index]?.minOnline ?? policy.minOnline },
    timing: DEFAULT_TIMING,
  });
}
