/**
 * Runner records and their managers: contact in two layers, the queue key and Workhorse's short circuit (gitlab-facts A4, B).
 * So the last contact of a healthy idle runner may be an hour old, and a write to its record makes it poll Rails.
 */
import { badRequest } from './errors.ts';

export interface RunnerTimes {
  readonly onlineMs: number;
  readonly staleMs: number;
  readonly queueTtlMs: number;
  readonly columnMinMs: number;
  readonly columnMaxMs: number;
}

const MINUTE = 60_000;
export const GITLAB_TIMES: RunnerTimes = Object.freeze({
  onlineMs: 120 * MINUTE,
  staleMs: 7 * 24 * 60 * MINUTE,
  queueTtlMs: 60 * MINUTE,
  columnMinMs: 40 * MINUTE,
  columnMaxMs: 55 * MINUTE,
});

/** Last contact in Redis, which the API shows, and in the database's column, which is rarely written. */
export interface Contact {
  redis: number | undefined;
  column: number | undefined;
}

export interface Manager {
  readonly id: number;
  readonly systemId: string;
  readonly createdAt: number;
  readonly contact: Contact;
  info: RunnerInfo;
}

/** What a manager says of itself when it asks for a job or is verified. */
export interface RunnerInfo {
  readonly version: string | null;
  readonly revision: string | null;
  readonly platform: string | null;
  readonly architecture: string | null;
}

const NO_INFO: RunnerInfo = { version: null, revision: null, platform: null, architecture: null };

export type RunnerType = 'instance_type' | 'group_type' | 'project_type';

export interface Runner {
  readonly id: number;
  token: string;
  readonly type: RunnerType;
  readonly groupId: number | undefined;
  readonly projectId: number | undefined;
  readonly createdAt: number;
  readonly createdBy: number;
  description: string;
  tags: string[];
  paused: boolean;
  runUntagged: boolean;
  locked: boolean;
  accessLevel: string;
  maximumTimeout: number | null;
  note: string | null;
  readonly contact: Contact;
  readonly managers: Map<string, Manager>;
}

export interface RunnerChange {
  readonly tag_list?: readonly string[] | undefined;
  readonly description?: string | undefined;
  readonly paused?: boolean | undefined;
  readonly run_untagged?: boolean | undefined;
  readonly locked?: boolean | undefined;
  readonly access_level?: string | undefined;
  readonly maximum_timeout?: number | null | undefined;
  readonly maintenance_note?: string | null | undefined;
}

const TAG_LIMIT = 50;

export class Runners {
  readonly all = new Map<number, Runner>();
  private readonly byToken = new Map<string, Runner>();
  /** runner:build_queue:<token> */
  private readonly queue = new Map<string, { value: string; until: number }>();
  /** Workhorse's key watcher: polls that it holds until the queue's value changes. */
  private readonly held = new Map<string, Set<() => void>>();
  readonly times: RunnerTimes;
  private ticks = 0;
  /** The contacts of records and managers that asked for a job at least once: their creation is finished. */
  private readonly finished = new WeakSet<Contact>();
  /** While the instance is in maintenance, contact is not recorded. */
  frozen = false;
  private readonly now: () => number;
  private readonly random: () => number;

  constructor(now: () => number, random: () => number, times: RunnerTimes) {
    this.now = now;
    this.random = random;
    this.times = times;
  }

  add(runner: Runner): void {
    this.validate(runner);
    this.all.set(runner.id, runner);
    this.byToken.set(runner.token, runner);
  }

  remove(runner: Runner): void {
    this.all.delete(runner.id);
    this.byToken.delete(runner.token);
  }

  resetToken(runner: Runner, token: string): void {
    this.byToken.delete(runner.token);
    runner.token = token;
    this.byToken.set(token, runner);
  }

  withToken(token: string): Runner | undefined {
    return this.byToken.get(token);
  }

  private validate(runner: Runner): void {
    const tags: string[] = [];
    if (runner.tags.length === 0 && !runner.runUntagged)
      tags.push('can not be empty when runner is not allowed to pick untagged jobs');
    if (runner.tags.length > TAG_LIMIT)
      tags.push(`Too many tags specified. Please limit the number of tags to ${TAG_LIMIT}`);
    const message: Record<string, string[]> = {};
    if (tags.length > 0) message['tags_list'] = tags;
    if (runner.maximumTimeout !== null && runner.maximumTimeout < 600)
      message['maximum_timeout'] = ['needs to be at least 10 minutes'];
    if ((runner.note ?? '').length > 1024) message['maintenance_note'] = ['is too long (maximum is 1024 characters)'];
    if (Object.keys(message).length > 0) throw badRequest(message);
  }

  /** A full replacement of what is given; last writer wins, and every success ticks the queue, even one that changes nothing. */
  update(runner: Runner, change: RunnerChange): void {
    const next: Runner = {
      ...runner,
      tags: change.tag_list === undefined ? runner.tags : normalTags(change.tag_list),
      description: change.description ?? runner.description,
      paused: change.paused ?? runner.paused,
      runUntagged: change.run_untagged ?? runner.runUntagged,
      locked: change.locked ?? runner.locked,
      accessLevel: change.access_level ?? runner.accessLevel,
      maximumTimeout: change.maximum_timeout === undefined ? runner.maximumTimeout : change.maximum_timeout,
      note: change.maintenance_note === undefined ? runner.note : change.maintenance_note,
    };
    this.validate(next);
    Object.assign(runner, next);
    this.tick(runner);
  }

  tick(runner: Runner): void {
    this.ticks += 1;
    this.queue.set(runner.token, { value: `q${this.ticks}`, until: this.now() + this.times.queueTtlMs });
    const waiting = this.held.get(runner.token);
    if (!waiting) return;
    this.held.delete(runner.token);
    for (const changed of waiting) changed();
  }

  /** Calls `changed` once, at the next tick of this token's queue; the result cancels that. */
  hold(token: string, changed: () => void): () => void {
    const waiting = this.held.get(token) ?? new Set();
    this.held.set(token, waiting.add(changed));
    return () => waiting.delete(changed);
  }

  /** The queue's value; set only if absent, so reads never extend it. */
  ensureQueue(runner: Runner): string {
    const live = this.queueValue(runner.token);
    if (live !== undefined) return live;
    this.tick(runner);
    return this.queueValue(runner.token) ?? '';
  }

  queueValue(token: string): string | undefined {
    const entry = this.queue.get(token);
    return entry && entry.until > this.now() ? entry.value : undefined;
  }

  /** True where Workhorse answers a poll itself: nothing changed since the runner's last poll, so Rails does not see it. */
  shortCircuits(token: string | undefined, lastUpdate: string | undefined): boolean {
    if (!token || !lastUpdate) return false;
    return this.queueValue(token) === lastUpdate;
  }

  /** A contact that also finishes the creation of record and manager: a poll, or the report of a job. */
  heartbeat(runner: Runner, systemId: string | undefined, newId: () => number, info?: RunnerInfo): Manager {
    const manager = this.verified(runner, systemId, newId, info);
    for (const { contact } of [runner, manager]) this.finished.add(contact);
    return manager;
  }

  /** A contact that leaves a new record or manager `never_contacted`. */
  verified(runner: Runner, systemId: string | undefined, newId: () => number, info?: RunnerInfo): Manager {
    const id = systemId ?? '<legacy>';
    let manager = runner.managers.get(id);
    if (!manager) {
      const contact = { redis: undefined, column: undefined };
      manager = { id: newId(), systemId: id, createdAt: this.now(), contact, info: NO_INFO };
      runner.managers.set(id, manager);
    }
    manager.info = info ?? manager.info;
    if (!this.frozen) {
      this.touch(runner.contact);
      this.touch(manager.contact);
    }
    return manager;
  }

  private touch(contact: Contact): void {
    const now = this.now();
    contact.redis = now;
    const { columnMinMs, columnMaxMs } = this.times;
    const every = columnMinMs + this.random() * (columnMaxMs - columnMinMs);
    if (contact.column === undefined || now - contact.column > every) contact.column = now;
  }

  /** Redis is lost: what the API shows falls back to the database's old column, and every queue key is gone. */
  loseRedis(): void {
    this.queue.clear();
    for (const runner of this.all.values()) {
      runner.contact.redis = undefined;
      for (const manager of runner.managers.values()) manager.contact.redis = undefined;
    }
  }

  contactedAt(contact: Contact): number | undefined {
    return contact.redis ?? contact.column;
  }

  isOnline(contact: Contact): boolean {
    const at = this.contactedAt(contact);
    return at !== undefined && this.now() - at < this.times.onlineMs;
  }

  /** stale, then never_contacted, then – for records only – paused, then online or offline. */
  status(of: Runner | Manager): string {
    const contacted = this.contactedAt(of.contact);
    if (this.now() - Math.max(of.createdAt, contacted ?? 0) >= this.times.staleMs) return 'stale';
    if (contacted === undefined || !this.finished.has(of.contact)) return 'never_contacted';
    if ('paused' in of && of.paused) return 'paused';
    return this.isOnline(of.contact) ? 'online' : 'offline';
  }
}

/** Trimmed, without empties or repetition; an array or GitLab's comma list. */
export function normalTags(tags: readonly string[] | string): string[] {
  const list = typeof tags === 'string' ? tags.split(',') : tags.flatMap((tag) => tag.split(','));
  return [...new Set(list.map((tag) => tag.trim()).filter((tag) => tag !== ''))];
}
