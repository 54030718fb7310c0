/**
 * A fleet in virtual time, at the ports of the checker: GitLab's habits that the protocol stands on, and clusters that can be
 * hurt. No timers and no network: a test of hours takes milliseconds.
 */
import { DEFAULT_TIMING } from '../../runtime/timing.ts';
import { policySchema, type CheckerConfig, type Policy } from '../../runtime/config.ts';
import { type Expiries } from '../../runtime/expiries.ts';
import { unknown, type Read, type Known } from '../../runtime/core/model/read.ts';
import type { ManagerView, RecordView } from '../../runtime/core/model/facts.ts';
import type { CheckerContext } from '../../runtime/checker/context.ts';
import type { LogEvent } from '../../runtime/log-events.ts';
import { round, type RoundResult } from '../../runtime/checker/round.ts';
import type {
  LogFields,
  CreateResult,
  Incidents,
  Notifier,
  RecordChange,
  SavedFile,
  SteeredProject,
} from '../../runtime/ports.ts';
import { LASTING } from '../../simulation/world/expiries.ts';
import { keptIncidents, type KeptIncident } from './incidents.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
/** How long after a tick a living idle manager's poll reaches Rails. */
const POLL_MS = 3000;

interface WorldRecord {
  id: number;
  cluster: string;
  tags: string[];
  paused: boolean;
  note: string | null;
  description: string;
  tickedAt: number;
}

export interface WorldCluster {
  readonly name: string;
  readonly record: number;
  readonly config: CheckerConfig;
  desired: number;
  ready: number;
  /** Its pods have no sidecar: one whose runner hangs is Ready all the same. */
  adopted: boolean;
  /** So many of the ready pods ask for no jobs. */
  hung: number;
  /** The processes: a dead cluster has none, a full one does not poll. */
  alive: boolean;
  busy: boolean;
  checkerAlive: boolean;
  expiries: Known<Expiries>;
}

export interface TagChange {
  readonly at: number;
  readonly record: number;
  readonly tags: readonly string[];
}

/** Tests write files without commits: here what a file says tells its commit. */
const commitOf = (text = ''): string => `commit of ${text}`;

/** Thrown out of a port to end a checker between two of its calls, as a kill would. */
export class Crash extends Error {}

export interface Warning {
  readonly cluster: string;
  readonly event: LogEvent;
  readonly message: string;
  readonly fields: LogFields;
}

export class World {
  ms = START;
  /** GitLab gives no answer to anybody. */
  down = false;
  readonly clusters = new Map<string, WorldCluster>();
  readonly records = new Map<number, WorldRecord>();
  readonly files = new Map<string, string>();
  readonly commits: string[] = [];
  readonly changes: TagChange[] = [];
  /** What checkers logged as warnings. */
  readonly warnings: Warning[] = [];
  readonly incidents: KeptIncident[] = [];
  /** What the webhook was sent. */
  readonly messages: string[] = [];
  /** Takes a message; may say that it did not. */
  webhook: (text: string) => ReturnType<Notifier['send']> = async () => ({ kind: 'sent' });
  /** Called before each call of a checker; may throw `Crash` or change the world. */
  beforeCall: (cluster: string, call: string) => void = () => undefined;

  constructor(names: readonly string[], overrides: { policy?: Partial<Policy>; preferred?: string } = {}) {
    for (const [index, name] of names.entries()) {
      const record = 10 + index;
      const own = `runner-${name.at(-1) ?? ''}`;
      this.records.set(record, {
        id: record,
        cluster: name,
        tags: [own],
        paused: false,
        note: 'ask the platform team',
        description: name,
        tickedAt: START,
      });
      const config: CheckerConfig = {
        version: 1,
        cluster: name,
        fleet: [...names],
        preferred: name === overrides.preferred,
        mainTags: ['rnd-runner'],
        ownTags: [own],
        gitlab: { url: 'https://gitlab.example.com', allowHttp: false },
        statusProject: { id: 1, branch: 'main' },
        kubernetes: {
          server: 'https://kubernetes.default.svc',
          namespace: 'runners',
          deployments: ['runner'],
          adopted: [],
        },
        log: { format: 'text' },
        policy: { ...policySchema.parse({}), ...overrides.policy },
        timing: { ...DEFAULT_TIMING },
      };
      this.clusters.set(name, {
        name,
        record,
        config,
        desired: 2,
        ready: 2,
        adopted: false,
        hung: 0,
        alive: true,
        busy: false,
        checkerAlive: true,
        expiries: LASTING,
      });
    }
  }

  cluster(name: string): WorldCluster {
    const found = this.clusters.get(name);
    if (!found) throw new Error(`no cluster ${name}`);
    return found;
  }

  record(name: string): WorldRecord {
    return this.recordById(this.cluster(name).record);
  }

  private recordById(id: number): WorldRecord {
    const found = this.records.get(id);
    if (!found) throw new Error(`no record ${id}`);
    return found;
  }

  /** The whole cluster, its checker included. */
  kill(name: string): void {
    Object.assign(this.cluster(name), { alive: false, checkerAlive: false, ready: 0 });
  }

  revive(name: string): void {
    const cluster = this.cluster(name);
    Object.assign(cluster, { alive: true, checkerAlive: true, ready: cluster.desired });
  }

  /** The clusters whose record has the main tag. */
  holders(): string[] {
    return [...this.records.values()].filter((r) => r.tags.includes('rnd-runner')).map((r) => r.cluster);
  }

  get newestTerm(): number {
    return Math.max(0, ...[...this.files.keys()].map((path) => Number(/^terms\/(\d+)\.json$/.exec(path)?.[1] ?? 0)));
  }

  private at = (): number => Math.floor(this.ms / 1000);

  private answer<T>(value: T | undefined): Read<T> {
    if (this.down) return unknown('GitLab is down');
    return value === undefined ? { kind: 'absent', at: this.at() } : { kind: 'found', value, at: this.at() };
  }

  private view = (record: WorldRecord): RecordView => ({
    id: record.id,
    tags: [...record.tags],
    paused: record.paused,
    note: record.note,
    description: record.description,
    contactedAt: this.contactOf(record, this.cluster(record.cluster), 0),
  });

  private managersOf(record: WorldRecord): ManagerView[] {
    const cluster = this.cluster(record.cluster);
    return Array.from({ length: cluster.desired }, (_, index) => ({
      systemId: `r_${record.id}${index}`,
      contactedAt: this.contactOf(record, cluster, index),
      busy: cluster.busy && cluster.alive,
    }));
  }

  /** An idle manager is heard of only after a tick; a full one only by its jobs, once a minute. */
  private contactOf(record: WorldRecord, cluster: WorldCluster, index: number): string {
    if (!cluster.alive) return new Date(START).toISOString();
    if (cluster.busy) return new Date(Math.floor(this.ms / 60_000) * 60_000).toISOString();
    const heard = index < cluster.ready - cluster.hung && this.ms >= record.tickedAt + POLL_MS;
    return new Date(heard ? record.tickedAt + POLL_MS : START).toISOString();
  }

  checker(name: string): CheckerContext & { readonly project: SteeredProject } {
    const cluster = this.cluster(name);
    const call = async <T>(what: string, act: () => T | Promise<T>): Promise<T> => {
      await Promise.resolve();
      this.beforeCall(name, what);
      return act();
    };
    const log = (message: string): void => void message;
    const kept = keptIncidents(this.incidents);
    const incidents: Incidents = {
      open: () => call('incidents', () => (this.down ? unknown('GitLab is down') : kept.open())),
      raise: (title, text) => call('raise', () => (this.down ? unknown('GitLab is down') : kept.raise(title, text))),
      close: (number) => call(`close ${number}`, () => (this.down ? unknown('GitLab is down') : kept.close(number))),
    };
    return {
      config: cluster.config,
      expiries: cluster.expiries,
      records: {
        read: (id) =>
          call(`read ${id}`, () => {
            const record = this.records.get(id);
            return this.answer(record && this.view(record));
          }),
        managers: (id) =>
          call(`managers ${id}`, () => {
            const record = this.records.get(id);
            return this.answer<readonly ManagerView[]>(record && this.managersOf(record));
          }),
        write: (id, change) => call(`write ${id} ${Object.keys(change).join()}`, () => this.write(id, change)),
      },
      project: {
        file: (path) => call(`file ${path}`, () => this.answer(this.files.get(path))),
        create: (path, text, message) =>
          call(`create ${path}`, () => this.commit([{ path, text, exists: false }], message)),
        save: (files, message) =>
          call(`save ${files.map(({ path }) => path).join()}`, () => this.commit(files, message)),
        version: (path) =>
          call(`version ${path}`, () => {
            const text = this.files.get(path);
            return this.answer(text === undefined ? undefined : { text, commit: commitOf(text) });
          }),
        replace: (path, commit, text, message) =>
          call(`replace ${path}`, () =>
            commit === commitOf(this.files.get(path))
              ? this.commit([{ path, text, exists: true }], message)
              : { kind: 'conflict' as const, why: 'the file has changed' },
          ),
      },
      incidents,
      notifier: {
        send: (text) => {
          this.messages.push(text);
          return this.webhook(text);
        },
      },
      pods: {
        deployments: () =>
          call('pods', () => ({
            kind: 'known' as const,
            value: [
              {
                name: 'runner',
                record: cluster.record,
                adopted: cluster.adopted,
                desired: cluster.desired,
                ready: cluster.ready,
              },
            ],
          })),
      },
      clock: {
        now: () => this.ms,
        sleep: (ms) => {
          const until = this.ms + ms;
          return Promise.resolve().then(() => void (this.ms = Math.max(this.ms, until)));
        },
      },
      random: () => 0.5,
      log: {
        info: log,
        warn: (event, message, fields = {}) => void this.warnings.push({ cluster: name, event, message, fields }),
        error: log,
      },
    };
  }

  private write(id: number, change: RecordChange): Read<RecordView> {
    const record = this.records.get(id);
    if (this.down || !record) return this.answer<RecordView>(undefined);
    if (change.tags) {
      record.tags = [...change.tags];
      this.changes.push({ at: this.ms, record: id, tags: record.tags });
    }
    if (change.note !== undefined) record.note = change.note;
    if (change.description !== undefined) record.description = change.description;
    record.tickedAt = this.ms;
    return this.answer(this.view(record));
  }

  private commit(files: readonly SavedFile[], message: string): CreateResult {
    if (this.down) return { kind: 'unknown', why: 'GitLab is down' };
    if (files.some(({ path, exists }) => !exists && this.files.has(path))) return { kind: 'exists' };
    for (const { path, text } of files) this.files.set(path, text);
    this.commits.push(message);
    return { kind: 'created' };
  }

  /** One round of one cluster; a crash ends it as a kill would. */
  async round(name: string): Promise<RoundResult | { kind: 'crashed' }> {
    try {
      return await round(this.checker(name));
    } catch (error) {
      if (error instanceof Crash) return { kind: 'crashed' };
      throw error;
    }
  }

  /** Lets every living checker take its rounds for this many seconds, or until `until` holds. True if it held. */
  async run(seconds: number, until: () => boolean = () => false): Promise<boolean> {
    const end = this.ms + seconds * 1000;
    while (this.ms < end) {
      const start = this.ms;
      for (const cluster of this.clusters.values()) {
        if (cluster.checkerAlive) await this.round(cluster.name);
        if (until()) return true;
      }
      this.ms = Math.max(this.ms, start + 15_000);
    }
    return until();
  }
}
