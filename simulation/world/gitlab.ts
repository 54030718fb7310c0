/**
 * The lab's GitLab in virtual time, as the ports of a checker or a sidecar see it: every call travels, is applied at one
 * moment or lost, and is answered later or never. What the faults do to a call is what the HTTP adapters make of it: a read
 * is repeated once within r, a write never, and what stays unclear is unknown.
 */
import { ApiError } from '../../lab/gitlab/model/errors.ts';
import type { FaultKind } from '../../lab/gitlab/model/faults.ts';
import { GitLabModel } from '../../lab/gitlab/model/gitlab.ts';
import type { Action } from '../../lab/gitlab/model/repository.ts';
import type { Manager, Runner } from '../../lab/gitlab/model/runners.ts';
import { unknown, type Read } from '../../runtime/core/model/read.ts';
import type { ManagerView, RecordView } from '../../runtime/core/model/facts.ts';
import type { CreateResult, RecordChange, RunnerRecords, SavedFile, StatusProject } from '../../runtime/ports.ts';
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

/** How a call of a cluster is hindered beyond what the lab's fault switches do. */
export interface Hindrance {
  /** Writes are applied this much later than they arrive (GitLab's queue); 0 for none. */
  lateMs: number;
  /** The next commits lose the race for the branch. */
  conflicts: number;
  /** GitLab refuses the cluster's tokens with 401. */
  credentialsRefused: boolean;
}

export interface Call<T> {
  readonly process: Process;
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  /** r, in ms of the process's clock. */
  readonly limitMs: number;
  /** What GitLab does and says at the moment when the call lands. */
  readonly land: () => T;
  readonly lost: (why: string) => T;
  /** Called at the moment of the answer, with what it was and when it landed. */
  readonly answered?: (answer: T, landedAt: number) => void;
}

const FAILURES: Readonly<Record<FaultKind, string>> = {
  maintenance: '503 GitLab Maintenance: system is in maintenance mode',
  'read-only': '403 You cannot perform write operations on a read-only instance',
  'html-502': '502 an HTML page, not an answer of the API',
  'error-500': '500 Internal Server Error',
  'error-503': '503 Service Unavailable',
  'rate-limit': '429 Retry later',
  'runner-limit': '429 Executing database migrations. Please retry later.',
  'gitaly-down': '404 Commit Not Found',
  down: 'the connection was refused',
  'timeout-before': 'no answer in time',
  'timeout-after': 'no answer in time',
};

export class SimulatedGitLab {
  readonly model: GitLabModel;
  readonly hindrances = new Map<string, Hindrance>();
  private readonly time: VirtualTime;
  private readonly random: Random;
  private readonly watcher: Watcher;

  constructor(time: VirtualTime, random: Random, watcher: Watcher) {
    this.time = time;
    this.random = random.fork('gitlab');
    this.watcher = watcher;
    this.model = new GitLabModel({ now: () => START + time.now, random: this.random.next });
  }

  /** GitLab's `Date`, in whole seconds; its nodes differ by up to a second. */
  private date(): number {
    return Math.floor((START + this.time.now) / 1000) + (this.random.chance(0.1) ? this.random.whole(-1, 1) : 0);
  }

  hindrance(cluster: string): Hindrance {
    let found = this.hindrances.get(cluster);
    if (!found) this.hindrances.set(cluster, (found = { lateMs: 0, conflicts: 0, credentialsRefused: false }));
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

  private travel(): number {
    return this.random.between(10, 120);
  }

  private read<T>(
    call: Call<T>,
    deadline: number,
    attempt: number,
    answer: (at: number, value: T, landedAt: number) => void,
  ): void {
    const { process } = call;
    const sentAt = this.time.now;
    this.time.after(this.travel(), () => {
      const landedAt = this.time.now;
      const fault = this.hit(call);
      const refused = this.hindrance(process.cluster).credentialsRefused;
      if (fault === undefined && !refused) return answer(landedAt + this.travel(), call.land(), landedAt);
      const why = refused ? '401 Unauthorized' : fault === undefined ? '' : FAILURES[fault];
      const isSilence = fault === 'timeout-before' || fault === 'timeout-after';
      const isFinal = refused || fault === 'rate-limit' || fault === 'read-only' || attempt > 1;
      const failedAt = isSilence
        ? attempt > 1
          ? deadline
          : sentAt + (deadline - sentAt) / 2
        : landedAt + this.travel();
      if (isFinal) return answer(Math.min(failedAt, deadline), call.lost(why), landedAt);
      const repeatAt = failedAt + PAUSE_BEFORE_REPEAT_MS;
      if (repeatAt >= deadline) return answer(deadline, call.lost(why), landedAt);
      // The repetition is the process's own: it does not come from the dead or the frozen.
      this.time.at(repeatAt, () => process.deliver(() => this.read(call, deadline, attempt + 1, answer)));
    });
  }

  private write<T>(call: Call<T>, deadline: number, answer: (at: number, value: T, landedAt: number) => void): void {
    const { process } = call;
    const { lateMs } = this.hindrance(process.cluster);
    this.time.after(this.travel() + lateMs, () => {
      const landedAt = this.time.now;
      const fault = this.hit(call);
      if (this.hindrance(process.cluster).credentialsRefused)
        return answer(Math.min(landedAt + this.travel(), deadline), call.lost('401 Unauthorized'), landedAt);
      if (fault !== undefined && fault !== 'timeout-after') {
        const at = fault === 'timeout-before' ? deadline : Math.min(landedAt + this.travel(), deadline);
        return answer(at, call.lost(FAILURES[fault]), landedAt);
      }
      const value = call.land();
      const at = landedAt + this.travel();
      if (fault === 'timeout-after' || at > deadline) return answer(deadline, call.lost('no answer in time'), landedAt);
      answer(at, value, landedAt);
    });
  }

  private viewOf(runner: Runner): RecordView {
    return {
      id: runner.id,
      tags: runner.tags,
      paused: runner.paused,
      note: runner.note,
      description: runner.description,
      contactedAt: this.contactOf(runner),
    };
  }

  private contactOf({ contact }: Runner | Manager): string | null {
    const at = this.model.runners.contactedAt(contact);
    return at === undefined ? null : new Date(at).toISOString();
  }

  found<T>(value: T | undefined): Read<T> {
    const at = this.date();
    return value === undefined ? { kind: 'absent', at } : { kind: 'found', value, at };
  }

  private managersOf(runner: Runner): readonly ManagerView[] {
    return [...runner.managers.values()].map((manager) => ({
      systemId: manager.systemId,
      contactedAt: this.contactOf(manager),
      busy: this.model.jobs.runsOn(runner.id, manager.systemId),
    }));
  }

  records(process: Process, requestSeconds: number): RunnerRecords {
    const limitMs = requestSeconds * 1000;
    return {
      read: (id) =>
        this.call<Read<RecordView>>({
          process,
          method: 'GET',
          path: `/runners/${id}`,
          limitMs,
          land: () => {
            const runner = this.runner(id);
            return this.found(runner && this.viewOf(runner));
          },
          lost: unknown,
          answered: (answer, landedAt) => this.watcher.recordRead(process, id, answer, landedAt),
        }),
      managers: (id) =>
        this.call<Read<readonly ManagerView[]>>({
          process,
          method: 'GET',
          path: `/runners/${id}/managers`,
          limitMs,
          land: () => {
            const runner = this.runner(id);
            return this.found(runner && this.managersOf(runner));
          },
          lost: unknown,
          answered: (answer, landedAt) => this.watcher.managersRead(process, id, answer, landedAt),
        }),
      write: (id, change) => {
        const sentAt = this.time.now;
        return this.call<Read<RecordView>>({
          process,
          method: 'PUT',
          path: `/runners/${id}`,
          limitMs,
          land: () => this.edit(process, id, change, sentAt),
          lost: unknown,
          answered: (answer) => this.watcher.recordWritten(process, id, change, answer),
        });
      },
    };
  }

  private edit(process: Process, id: number, change: RecordChange, sentAt: number): Read<RecordView> {
    const runner = this.runner(id);
    if (!runner) return this.found<RecordView>(undefined);
    const before = runner.tags;
    try {
      this.model.runners.update(runner, {
        tag_list: change.tags,
        maintenance_note: change.note,
        description: change.description,
      });
    } catch (error) {
      if (error instanceof ApiError) return unknown(`400 ${JSON.stringify(error.body)}`);
      throw error;
    }
    if (change.note !== undefined) this.watcher.noteLanded(process, id, change.note);
    if (change.tags !== undefined) this.watcher.tagsLanded(process, id, before, runner.tags, sentAt);
    return this.found(this.viewOf(runner));
  }

  project(process: Process, requestSeconds: number): StatusProject {
    const limitMs = requestSeconds * 1000;
    const commit = (files: readonly SavedFile[], message: string): Promise<CreateResult> =>
      this.call<CreateResult>({
        process,
        method: 'POST',
        path: `/projects/${PROJECT}/repository/commits`,
        limitMs,
        land: () => this.commit(process, files, message),
        lost: unknown,
      });
    return {
      readable: () =>
        this.call<Read<true>>({
          process,
          method: 'GET',
          path: `/projects/${PROJECT}`,
          limitMs,
          land: () => this.found<true>(true),
          lost: unknown,
        }),
      file: (path) => {
        this.watcher.fileAsked(process, path);
        return this.call<Read<string>>({
          process,
          method: 'GET',
          path: `/projects/${PROJECT}/repository/files/${path}`,
          limitMs,
          land: () => this.found(this.files.get(path)),
          lost: unknown,
          answered: (answer, landedAt) => this.watcher.fileRead(process, path, answer, landedAt),
        });
      },
      create: (path, text, message) => commit([{ path, text, exists: false }], message),
      save: commit,
    };
  }

  private commit(process: Process, files: readonly SavedFile[], message: string): CreateResult {
    const hindrance = this.hindrance(process.cluster);
    if (hindrance.conflicts > 0) {
      hindrance.conflicts -= 1;
      return { kind: 'conflict', why: '400 Could not update refs/heads/main' };
    }
    try {
      this.model.repository(PROJECT).commit({
        branch: BRANCH,
        message,
        actions: files.map(({ path, text, exists }) => ({
          action: exists ? ('update' as const) : ('create' as const),
          file_path: path,
          content: text,
        })),
        author: process.cluster,
        mayForce: false,
      });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const why = `400 ${JSON.stringify(error.body)}`;
      return /already exists/.test(why) ? { kind: 'exists' } : { kind: 'conflict', why };
    }
    this.watcher.committed(process, files, message);
    return { kind: 'created' };
  }

  /** People and programs other than ours: a change that lands at once. */
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
      // GitLab refuses it; the person tries no further.
      if (error instanceof ApiError) return;
      throw error;
    }
    if (change.tags !== undefined) this.watcher.tagsByHand(who, id, before, runner.tags);
  }

  /** Replaces, makes or (undefined) deletes files by hand: one commit, as a person or a force push would leave it. */
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
