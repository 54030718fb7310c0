/**
 * The simulation's fleet as unit tests use it: production checkers and sidecars against the lab's GitLab model, in virtual
 * time. A test injects faults, lets time pass, and looks at records, files, notifications and warnings.
 */
import assert from 'node:assert/strict';
import type { Fault } from '../../lab/gitlab/model/faults.ts';
import type { Issue } from '../../lab/gitlab/model/issues.ts';
import type { Runner } from '../../lab/gitlab/model/runners.ts';
import type { CheckerContext } from '../../runtime/checker/context.ts';
import { round, type Round } from '../../runtime/checker/round.ts';
import { run } from '../../runtime/checker/run.ts';
import type { CheckerConfig, Policy } from '../../runtime/config.ts';
import type { Known } from '../../runtime/core/model/read.ts';
import { PAGE_PATH } from '../../runtime/core/page/page.ts';
import type { Expiries } from '../../runtime/expiries.ts';
import type { Member } from '../../runtime/fleet/access.ts';
import type { LogEvent } from '../../runtime/log-events.ts';
import type { LogFields, Notifier, RunnerRecords, StatusProject } from '../../runtime/ports.ts';
import { randomOf } from '../../simulation/random.ts';
import type { Cluster } from '../../simulation/world/cluster.ts';
import { Fleet } from '../../simulation/world/fleet.ts';
import { projectOf, recordsOf } from '../../simulation/world/gitlab-ports.ts';
import { PROJECT, START } from '../../simulation/world/gitlab.ts';
import { Process } from '../../simulation/world/process.ts';
import type { Watcher } from '../../simulation/world/watcher.ts';

export const A = 'cluster-a';
export const B = 'cluster-b';
export const C = 'cluster-c';
export const MINUTE = 60;
export const HOUR = 3600;

/** Stands for the cluster of what runs outside of the clusters. */
const OPERATOR = 'operator';

/** How far time goes on at once while somebody waits for an end that has no time of its own. */
const STEP_MS = 50;
/** Virtual time in which whatever a test waits for must have ended. */
const PATIENCE_MS = 4 * HOUR * 1000;

export interface FleetOptions {
  readonly clusters?: 2 | 3;
  /** Of each cluster. */
  readonly pods?: number;
  readonly policy?: Partial<Policy>;
  /** Cluster A, unless no cluster is. */
  readonly preferred?: 'none';
  /** The runners were there before HADR, and have no sidecars. */
  readonly adopted?: true;
}

export interface Warning {
  readonly cluster: string;
  readonly event: LogEvent;
  readonly fields: LogFields;
}

/** Just started: no checker has run yet. */
export class SimulatedFleet {
  readonly world: Fleet;
  /** What the webhook was sent. */
  readonly messages: string[] = [];
  /** What checkers logged as warnings. */
  readonly warnings: Warning[] = [];
  /** What checkers and operators committed. */
  readonly commits: string[] = [];
  /** Takes a message, after it was added to `messages`. */
  webhook: Notifier['send'] = async () => ({ kind: 'sent' });
  /** Called before each call of a checker or operator. It may throw, change the fleet, or end the checker by its answer. */
  beforeCall: (cluster: string, call: string) => 'kill' | void = () => undefined;
  /** When the tokens of a cluster end, where a test says so. */
  readonly expiries = new Map<string, Known<Expiries>>();
  private pending = 0;
  private isDriving = false;
  private endOutage: (() => void) | undefined;

  constructor({ clusters = 2, pods = 2, policy = {}, preferred, adopted }: FleetOptions = {}) {
    const setup = {
      clusters: Array.from({ length: clusters }, () => ({ pods, capacity: 1 })),
      preferred: preferred === 'none' ? undefined : 0,
      policy,
      ...(adopted && { adopted }),
    };
    this.world = new Fleet(setup, randomOf('unit tests'), this.watcher(), (checker) => run(this.intercepted(checker)));
  }

  /** Virtual time in ms since 1970. */
  get ms(): number {
    return START + this.world.time.now;
  }

  get names(): string[] {
    return this.world.clusters.map(({ name }) => name);
  }

  cluster(name: string): Cluster {
    return this.world.cluster(name);
  }

  config(name = A): CheckerConfig {
    return this.cluster(name).config;
  }

  recordId(name: string): number {
    return this.cluster(name).record;
  }

  /** The record of a cluster, open to changes by hand that GitLab's runners do not notice. */
  record(name: string): Runner {
    const found = this.world.gitlab.runner(this.recordId(name));
    assert.ok(found, `${name} has no record`);
    return found;
  }

  /** The clusters whose record has the main tag. */
  holders(): string[] {
    return this.world.holders();
  }

  get files(): ReadonlyMap<string, string> {
    return this.world.gitlab.files;
  }

  file(path: string): string {
    return this.files.get(path) ?? '';
  }

  /** A commit by hand; undefined deletes a file. */
  edit(changes: Readonly<Record<string, string | undefined>>): void {
    this.world.gitlab.commitByHand('a person', changes);
  }

  control(control: object): void {
    this.edit({ 'control.json': JSON.stringify({ version: 1, ...control }) });
  }

  get newestTerm(): number {
    return Math.max(0, ...[...this.files.keys()].map((path) => Number(/^terms\/(\d+)\.json$/.exec(path)?.[1] ?? 0)));
  }

  get incidents(): readonly Issue[] {
    return this.world.gitlab.model.issues(PROJECT).all;
  }

  /** Lets time pass until `until` holds, for this many seconds at most. True if it held. */
  async run(seconds: number, until: () => boolean = () => false): Promise<boolean> {
    const { time } = this.world;
    const end = time.now + seconds * 1000;
    while (!until()) {
      if (!(time.now < end)) return false;
      await time.run(Math.min(end, time.now + 1000));
    }
    return true;
  }

  /** Lets time pass until a work in virtual time has ended. */
  during<T>(work: Promise<T>): Promise<T> {
    const { time } = this.world;
    this.pending += 1;
    if (!this.isDriving) void this.drive();
    const limit = new Promise<never>((_, reject) => {
      const event = time.after(PATIENCE_MS, () => reject(new Error('it did not end within hours of virtual time')));
      const end = (): void => {
        this.pending -= 1;
        event.act = undefined;
      };
      work.then(end, end);
    });
    return Promise.race([work, limit]);
  }

  private async drive(): Promise<void> {
    this.isDriving = true;
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    for (await turn(); this.pending > 0; await turn()) await this.world.time.run(this.world.time.now + STEP_MS);
    this.isDriving = false;
  }

  /** GitLab answers nothing, or not the calls that the fault names, until it recovers. */
  outage(fault: Fault = { kind: 'down' }): void {
    const { faults } = this.world.gitlab.model;
    faults.add(fault);
    this.endOutage = () => faults.remove(fault);
  }

  recover(): void {
    this.endOutage?.();
    this.endOutage = undefined;
  }

  /** The whole cluster stops at once, its checker included. */
  kill(name: string): void {
    this.cluster(name).die();
  }

  revive(name: string): void {
    this.cluster(name).comeBack();
  }

  /** The CronJob of a cluster starts no run, and the one under way is killed. */
  stopChecker(name: string): void {
    this.cluster(name).cron.missed = true;
    this.killChecker(name);
  }

  startChecker(name: string): void {
    this.cluster(name).cron.missed = false;
  }

  /** The CronJob's run under way ends between two of its calls; the next one comes with the next minute. */
  killChecker(name: string): void {
    for (const process of this.cluster(name).checkers) process.kill();
  }

  /** The runners of a cluster crash-loop, but for this many. */
  keepOnline(name: string, count: number): void {
    for (const [index, pod] of this.cluster(name).pods.entries()) {
      pod.crashLoops = index >= count;
      if (pod.crashLoops && pod.manager.state !== 'dead') pod.endRunner();
    }
  }

  /** Every slot of its runners has a job for so long. */
  fill(name: string, seconds: number): void {
    for (const pod of this.cluster(name).pods) pod.manager.run(seconds * 1000);
  }

  /** A checker beside the CronJob's. */
  checker(name: string): CheckerContext {
    return this.intercepted(this.cluster(name).newChecker());
  }

  /** One round of a checker beside the CronJob's. */
  round(name: string): Promise<Round> {
    return this.during(round(this.checker(name)));
  }

  /** Somebody outside of the clusters: a person's command, or the stack of `cluster` that leaves or joins. */
  operator(cluster = A, lines: string[] = []): Member {
    const { world } = this;
    const { requestSeconds } = this.config().timing;
    const process = new Process(world.time, world.nextId(), OPERATOR, 'command');
    const records = recordsOf(world.gitlab, process, requestSeconds);
    const project = projectOf(world.gitlab, process, requestSeconds);
    return {
      config: this.config(cluster),
      records: this.seenRecords(OPERATOR, records),
      project: {
        ...this.seenProject(OPERATOR, project),
        version: (path) => this.seen(OPERATOR, `version ${path}`, () => project.version(path)),
        replace: (path, ...rest) => this.seen(OPERATOR, `replace ${path}`, () => project.replace(path, ...rest)),
      },
      clock: process.clock,
      say: (line) => void lines.push(line),
    };
  }

  private async seen<T>(cluster: string, name: string, act: () => Promise<T>): Promise<T> {
    await Promise.resolve();
    if (this.beforeCall(cluster, name) !== 'kill') return act();
    this.killChecker(cluster);
    return new Promise<never>(() => undefined);
  }

  private seenRecords(cluster: string, records: RunnerRecords): RunnerRecords {
    return {
      read: (id) => this.seen(cluster, `read ${id}`, () => records.read(id)),
      managers: (id) => this.seen(cluster, `managers ${id}`, () => records.managers(id)),
      write: (id, change) =>
        this.seen(cluster, `write ${id} ${Object.keys(change).join()}`, () => records.write(id, change)),
    };
  }

  private seenProject(cluster: string, project: StatusProject): StatusProject {
    return {
      file: (path) => this.seen(cluster, `file ${path}`, () => project.file(path)),
      create: (path, ...rest) => this.seen(cluster, `create ${path}`, () => project.create(path, ...rest)),
      save: (files, message) =>
        this.seen(cluster, `save ${files.map(({ path }) => path).join()}`, () => project.save(files, message)),
    };
  }

  /** A checker whose calls, warnings and notifications the test sees. */
  private intercepted(checker: CheckerContext): CheckerContext {
    const { cluster } = checker.config;
    const { incidents, pods, log } = checker;
    return {
      ...checker,
      expiries: this.expiries.get(cluster) ?? checker.expiries,
      records: this.seenRecords(cluster, checker.records),
      project: this.seenProject(cluster, checker.project),
      incidents: {
        open: () => this.seen(cluster, 'incidents', () => incidents.open()),
        raise: (title, text) => this.seen(cluster, 'raise', () => incidents.raise(title, text)),
        close: (number) => this.seen(cluster, `close ${number}`, () => incidents.close(number)),
      },
      notifier: {
        send: (text) => {
          this.messages.push(text);
          return this.webhook(text);
        },
      },
      pods: { deployments: () => this.seen(cluster, 'pods', () => pods.deployments()) },
      log: {
        ...log,
        warn: (event, message, fields = {}) => {
          this.warnings.push({ cluster, event, fields });
          log.warn(event, message, fields);
        },
      },
    };
  }

  private watcher(): Watcher {
    const ignored = (): void => undefined;
    return {
      fileAsked: ignored,
      fileRead: ignored,
      recordRead: ignored,
      managersRead: ignored,
      podsRead: ignored,
      recordWritten: ignored,
      noteLanded: ignored,
      tagsLanded: ignored,
      committed: (_process, _files, message) => void this.commits.push(message),
      tagsByHand: ignored,
      filesByHand: ignored,
      healthWritten: ignored,
      said: ignored,
      crashed: (process, error) => {
        throw new Error(`${process.name} ended with an error that it did not catch`, { cause: error });
      },
    };
  }
}

/** A fleet in which A holds the main tag by term 1, all clusters have reported, and each could take the tag. */
export async function settledFleet(options: FleetOptions = {}): Promise<SimulatedFleet> {
  const fleet = new SimulatedFleet(options);
  const isReported = (): boolean =>
    fleet.names.every((name) => fleet.file(`status/${name}.json`).includes('"term": 1'));
  const isSettled = await fleet.run(
    5 * MINUTE,
    () => fleet.holders().join() === A && fleet.files.has(PAGE_PATH) && isReported(),
  );
  assert.ok(isSettled, `the fleet did not settle: ${fleet.holders().join()} of term ${fleet.newestTerm}`);
  await fleet.run(2 * MINUTE);
  return fleet;
}
