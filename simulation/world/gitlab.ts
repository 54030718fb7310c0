/**
 * The lab's GitLab in virtual time: every call of a checker, a sidecar or a person takes time to arrive, is applied at one moment or
 * lost, and is answered later or never. Faults have the effect that the HTTP adapters would give: a read is repeated once within r,
 * a write never, and an unclear result is unknown.
 */
import { ApiError } from '../../lab/gitlab/model/errors.ts';
import type { FaultKind } from '../../lab/gitlab/model/faults.ts';
import { GitLabModel } from '../../lab/gitlab/model/gitlab.ts';
import type { Action } from '../../lab/gitlab/model/repository.ts';
import type { Runner } from '../../lab/gitlab/model/runners.ts';
import { GitLabError, type Failure } from '../../runtime/adapters/gitlab/error.ts';
import { cachedFor } from '../../runtime/adapters/gitlab/headers.ts';
import { unknown, type Read } from '../../runtime/core/model/read.ts';
import type { ManagerView, RecordView } from '../../runtime/core/model/facts.ts';
import type { Random } from '../random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { Process } from './process.ts';
import type { Watcher } from './watcher.ts';

export const START = Date.parse('2026-01-01T00:00:00Z');
/** The status project. */
export const PROJECT = 1;
export const BRANCH = 'main';
/** gitlab-runner waits this long before it repeats a read; the requester's own pause. */
const PAUSE_BEFORE_REPEAT_MS = 250;

/** How a cluster's calls are disturbed, in addition to the lab's fault switches. */
export interface Hindrance {
  /** Writes are applied this much later than they arrive (GitLab's queue); 0 for none. */
  lateMs: number;
  /** The next commits lose the race for the branch. */
  conflicts: number;
  /** GitLab refuses the cluster's tokens with 401. */
  credentialsRefused: boolean;
  /** Each call takes this much longer to arrive, and its answer too. */
  slowMs: number;
  /** A proxy answers commits itself, with this status and no body; nothing reaches GitLab. */
  swallows: 200 | 204 | undefined;
  cache: ProxyCache;
}

/** A proxy answers reads from a cache of so many seconds. */
export interface ProxyCache {
  readonly seconds: number;
  /** As a correct one does. */
  readonly sendsAge: boolean;
  /** It keeps only what has such a path; all where it is empty. */
  readonly prefix: string;
}

export const NO_CACHE: ProxyCache = { seconds: 0, sendsAge: true, prefix: '' };

const UNHINDERED: Readonly<Hindrance> = {
  lateMs: 0,
  conflicts: 0,
  credentialsRefused: false,
  slowMs: 0,
  swallows: undefined,
  cache: NO_CACHE,
};

/** The proxy's cache, by cluster and path. */
type Cache<T> = Map<string, { readonly at: number; readonly read: Read<T> }>;

export interface Call<T> {
  readonly process: Process;
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  /** r, in ms of the process's clock. */
  readonly limitMs: number;
  /** What GitLab does and answers when the call arrives. */
  readonly land: () => T;
  /** The adapter's result for an error. */
  readonly failed: (error: GitLabError) => T;
  /** Called with the answer when it arrives, and with the time when GitLab gave it. */
  readonly answered?: (answer: T, landedAt: number) => void;
}

const ofGitLab = (status: number, detail: string): Failure => ({ status, detail, isGitLabs: true });

const FAILURES: Readonly<Record<FaultKind, Failure>> = {
  maintenance: ofGitLab(503, 'GitLab Maintenance: system is in maintenance mode'),
  'read-only': ofGitLab(403, 'You cannot perform write operations on a read-only instance'),
  'html-502': { status: 502, detail: 'an HTML page, not an answer of the API' },
  'error-500': ofGitLab(500, 'Internal Server Error'),
  'error-503': { status: 503, detail: 'Service Unavailable' },
  'rate-limit': { status: 429, detail: 'Retry later' },
  'runner-limit': ofGitLab(429, 'Executing database migrations. Please retry later.'),
  'gitaly-down': ofGitLab(404, '404 Commit Not Found'),
  down: { status: 0, detail: 'the connection was refused' },
  'timeout-before': { status: 0, detail: 'no answer in time' },
  'timeout-after': { status: 0, detail: 'no answer in time' },
};
const UNAUTHORIZED = ofGitLab(401, '401 Unauthorized');
const NO_ANSWER: Failure = { status: 0, detail: 'no answer in time' };

/** Failures that the requester does not repeat: GitLab's own refusals, and a rate limit that asks to wait longer than r. */
const FINAL: ReadonlySet<FaultKind> = new Set(['rate-limit', 'read-only', 'gitaly-down']);

export class SimulatedGitLab {
  readonly model: GitLabModel;
  readonly hindrances = new Map<string, Hindrance>();
  /** When the reads in the proxy's cache were made. */
  private readonly keptAt = new WeakMap<object, number>();
  /** What the proxies of all clusters have kept. */
  readonly kept: {
    readonly records: Cache<RecordView>;
    readonly managers: Cache<readonly ManagerView[]>;
    readonly files: Cache<string>;
  } = { records: new Map(), managers: new Map(), files: new Map() };
  private readonly time: VirtualTime;
  private readonly random: Random;
  readonly watcher: Watcher;

  constructor(time: VirtualTime, random: Random, watcher: Watcher) {
    this.time = time;
    this.random = random.fork('gitlab');
    this.watcher = watcher;
    this.model = new GitLabModel({ now: () => START + time.now, random: this.random.next });
  }

  /** True time, in ms since the beginning. */
  get now(): number {
    return this.time.now;
  }

  /** GitLab's `Date`, in whole seconds; its nodes differ by up to a second. */
  private date(): number {
    return Math.floor((START + this.time.now) / 1000) + (this.random.chance(0.1) ? this.random.whole(-1, 1) : 0);
  }

  hindrance(cluster: string): Hindrance {
    let found = this.hindrances.get(cluster);
    if (!found) this.hindrances.set(cluster, (found = { ...UNHINDERED }));
    return found;
  }

  get files(): ReadonlyMap<string, string> {
    return this.model.repository(PROJECT).head(BRANCH)?.tree ?? new Map();
  }

  runner(id: number): Runner | undefined {
    return this.model.runners.all.get(id);
  }

  /** A call from its sending to its answer. */
  call<T>(call: Call<T>): Promise<T> {
    const { process, limitMs } = call;
    return new Promise((resolve) => {
      const sentAt = this.time.now;
      const deadline = sentAt + process.trueMs(limitMs);
      const answer = (at: number, value: T, landedAt: number): void => {
        this.time.at(at, () =>
          process.deliver(() => {
            call.answered?.(value, landedAt);
            resolve(value);
          }),
        );
      };
      if (call.method === 'GET') this.read(call, deadline, 1, answer);
      else this.write(call, deadline, answer);
    });
  }

  private hit(call: Pick<Call<unknown>, 'process' | 'method' | 'path'>): FaultKind | undefined {
    const { process, method, path } = call;
    return this.model.faults.hit({ method, path, token: process.cluster });
  }

  private travel(cluster: string): number {
    return this.random.between(10, 120) + this.hindrance(cluster).slowMs;
  }

  private error({ method, path }: Pick<Call<unknown>, 'method' | 'path'>, failure: Failure): GitLabError {
    return new GitLabError(`${method} ${path}`, { ...failure, at: Math.floor((START + this.time.now) / 1000) });
  }

  /** A read that may be answered by a proxy's cache, as the adapter sees it. */
  cached<T>(process: Process, path: string, cache: Cache<T>, read: () => Read<T>): Read<T> {
    const { seconds, sendsAge, prefix } = this.hindrance(process.cluster).cache;
    if (seconds === 0 || !path.startsWith(prefix)) return read();
    const key = `${process.cluster} ${path}`;
    const kept = cache.get(key);
    const age = kept ? Math.floor((this.time.now - kept.at) / 1000) : 0;
    if (!kept || age >= seconds) {
      const made = read();
      cache.set(key, { at: this.time.now, read: made });
      this.keptAt.set(made, this.time.now);
      return made;
    }
    if (sendsAge && cachedFor({ age: `${age}` }) !== undefined) return unknown('the answer comes from a cache');
    return kept.read;
  }

  private read<T>(
    call: Call<T>,
    deadline: number,
    attempt: number,
    answer: (at: number, value: T, landedAt: number) => void,
  ): void {
    const { process } = call;
    const { cluster } = process;
    const sentAt = this.time.now;
    this.time.after(this.travel(cluster), () => {
      const landedAt = this.time.now;
      const fault = this.hit(call);
      const refused = this.hindrance(cluster).credentialsRefused;
      const lastAt = attempt > 1 ? deadline : sentAt + (deadline - sentAt) / 2;
      const isLost = fault === 'timeout-before' || fault === 'timeout-after';
      const arrivesAt = isLost ? Number.POSITIVE_INFINITY : landedAt + this.travel(cluster);
      const isSilent = arrivesAt > lastAt;
      if (fault === undefined && !refused && !isSilent) {
        const value = call.land();
        const keptAt = typeof value === 'object' && value !== null ? this.keptAt.get(value) : undefined;
        return answer(arrivesAt, value, keptAt ?? landedAt);
      }
      const failure = isSilent ? NO_ANSWER : refused || fault === undefined ? UNAUTHORIZED : FAILURES[fault];
      const failed = (at: number): void => answer(at, call.failed(this.error(call, failure)), landedAt);
      const failedAt = isSilent ? lastAt : arrivesAt;
      if (refused || attempt > 1 || (fault !== undefined && FINAL.has(fault)))
        return failed(Math.min(failedAt, deadline));
      const repeatAt = failedAt + PAUSE_BEFORE_REPEAT_MS;
      if (repeatAt >= deadline) return failed(deadline);
      // The process itself repeats the read, so a dead or frozen one does not.
      this.time.at(repeatAt, () => process.deliver(() => this.read(call, deadline, attempt + 1, answer)));
    });
  }

  private write<T>(call: Call<T>, deadline: number, answer: (at: number, value: T, landedAt: number) => void): void {
    const { cluster } = call.process;
    const { lateMs } = this.hindrance(cluster);
    this.time.after(this.travel(cluster) + lateMs, () => {
      const landedAt = this.time.now;
      const fault = this.hit(call);
      const failed = (at: number, failure: Failure): void =>
        answer(Math.min(at, deadline), call.failed(this.error(call, failure)), landedAt);
      if (this.hindrance(cluster).credentialsRefused) return failed(landedAt + this.travel(cluster), UNAUTHORIZED);
      if (fault === 'timeout-before') return failed(deadline, NO_ANSWER);
      if (fault !== undefined && fault !== 'timeout-after')
        return failed(landedAt + this.travel(cluster), FAILURES[fault]);
      const value = call.land();
      const at = landedAt + this.travel(cluster);
      if (fault === 'timeout-after' || at > deadline) return failed(deadline, NO_ANSWER);
      answer(at, value, landedAt);
    });
  }

  found<T>(value: T | undefined): Read<T> {
    const at = this.date();
    return value === undefined ? { kind: 'absent', at } : { kind: 'found', value, at };
  }

  /** A change by people or other programs: applied at once. */
  editByHand(who: string, id: number, change: { tags?: string[]; note?: string | null; paused?: boolean }): void {
    const runner = this.runner(id);
    if (!runner) return;
    const before = runner.tags;
    try {
      this.model.runners.update(runner, {
        tag_list: change.tags,
        maintenance_note: change.note,
        paused: change.paused,
      });
    } catch (error) {
      // GitLab refuses it; the person does not try again.
      if (error instanceof ApiError) return;
      throw error;
    }
    if (change.tags !== undefined) this.watcher.tagsByHand(who, id, before, runner.tags);
  }

  /** Replaces, creates or (undefined) deletes files in one commit, like a person or a force push. */
  commitByHand(who: string, changes: Readonly<Record<string, string | undefined>>): void {
    const files = this.files;
    const actions = Object.entries(changes).flatMap(([path, content]): Action[] => {
      if (content === undefined) return files.has(path) ? [{ action: 'delete', file_path: path }] : [];
      return [{ action: files.has(path) ? 'update' : 'create', file_path: path, content }];
    });
    if (actions.length === 0) return;
    this.model
      .repository(PROJECT)
      .commit({ branch: BRANCH, message: `by ${who}`, actions, author: who, mayForce: true });
    this.watcher.filesByHand(who, Object.keys(changes));
  }
}
