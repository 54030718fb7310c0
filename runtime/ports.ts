/**
 * What the use cases need of the world, named by need, plain data in and out. No port throws: what went wrong is part of the
 * answer. The adapters are in gitlab/, kubernetes/ and process/; tests and the simulation bring their own.
 */
import type { Read, Known, Unknown } from './core/model/read.ts';
import type { GitLabSeconds } from './core/model/time.ts';
import type { ManagerView, RecordView } from './core/model/facts.ts';
import type { LogEvent } from './log-events.ts';

/** Time that only goes forward, and waiting. Never compared with any other machine's time. */
export interface Clock {
  /** Milliseconds from an arbitrary start; monotonic. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** What a write to a record may change; a key that is absent is not sent. */
export interface RecordChange {
  /** Replaces the whole list, as GitLab does. */
  readonly tags?: readonly string[];
  readonly note?: string;
  readonly description?: string;
}

/** Runner records in GitLab. */
export interface RunnerRecords {
  read(id: number): Promise<Read<RecordView>>;
  /** All managers of a record: GitLab gives the whole list in one answer. */
  managers(id: number): Promise<Read<readonly ManagerView[]>>;
  /**
   * One PUT, never repeated: the reply is the read-back, `unknown` means that it may or may not have been applied.
   * Every successful write calls the roll of the record's managers.
   */
  write(id: number, change: RecordChange): Promise<Read<RecordView>>;
}

export type CreateResult =
  | { readonly kind: 'created' }
  /** The path exists already: somebody was first, perhaps an earlier try of ours. */
  | { readonly kind: 'exists' }
  /** The branch moved meanwhile; nothing was written. Look, and try again. */
  | { readonly kind: 'conflict'; readonly why: string }
  /** May or may not have been applied. */
  | Unknown;

export interface SavedFile {
  readonly path: string;
  readonly text: string;
  readonly exists: boolean;
}

/** The status project: small files on one branch, each write a commit. */
export interface StatusProject {
  /** The project itself: proof that it can be read, where no term's file can be the proof. */
  readable(): Promise<Read<true>>;
  file(path: string): Promise<Read<string>>;
  /** Atomic: of all creators of a path exactly one gets `created`. */
  create(path: string, text: string, message: string): Promise<CreateResult>;
  /** One commit that replaces the files that were found, and makes those for which `exists` is false: all of them or none. */
  save(files: readonly SavedFile[], message: string): Promise<CreateResult>;
}

/** A file as it stands, and the last commit that touched it. */
export interface FileVersion {
  readonly text: string;
  readonly commit: string;
}

/** The status project for who steers: people and stacks edit one file at the same time, so a write depends on what was read. */
export interface SteeredProject extends StatusProject {
  version(path: string): Promise<Read<FileVersion>>;
  /** Replaces a file; `conflict`, and nothing is written, where another commit has touched it since `commit`. */
  replace(path: string, commit: string, text: string, message: string): Promise<CreateResult>;
}

/** An issue in the status project that tells people that no cluster is eligible. */
export interface Incident {
  /** Counted within the project (`iid`). */
  readonly number: number;
  readonly url: string;
}

/** The incidents of the status project: whether one is open is what a checker remembers of having told people. */
export interface Incidents {
  /** Those that are open and bear our label. */
  open(): Promise<Read<readonly Incident[]>>;
  raise(title: string, text: string): Promise<Read<Incident>>;
  close(number: number): Promise<Read<true>>;
}

/** Where people are told what has happened, once. */
export interface Notifier {
  /** One try; `unknown` says why it may not have arrived, without the address: that is a secret. */
  send(text: string): Promise<{ readonly kind: 'sent' } | Unknown>;
}

/** One runner Deployment of this cluster. */
export interface RunnerDeployment {
  readonly name: string;
  /** The runner record that its pods serve. */
  readonly record: number;
  /** Not made by the stack: no sidecar is in its pods, so Ready alone says little. */
  readonly adopted: boolean;
  readonly desired: number;
  /** Pods that are Ready and not about to go. */
  readonly ready: number;
}

/** This cluster's runner pods, through the Kubernetes API. */
export interface RunnerPods {
  deployments(): Promise<Known<readonly RunnerDeployment[]>>;
}

/** What a line says beside its message, for programs. `time`, `level`, `event` and `message` are keys of the line itself. */
export type LogFields = Readonly<Record<string, string | number | boolean>>;

export type LogLevel = 'info' | 'warn' | 'error';

/** One line each. Programs use `event` and the fields; the message is for people. */
export type Log = Readonly<Record<LogLevel, (event: LogEvent, message: string, fields?: LogFields) => void>>;

/** An access token as GitLab lists it; its value is never shown again. */
export interface TokenView {
  readonly name: string;
  readonly scopes: readonly string[];
  /** The role of a group's or project's token (10 guest … 50 owner); undefined for a person's. */
  readonly level: number | undefined;
  /** A date; the token ends at its midnight UTC. Null: never. */
  readonly expiresAt: string | null;
  readonly active: boolean;
}

export interface ProjectView {
  readonly id: number;
  readonly url: string;
}

export interface CommitView {
  readonly at: GitLabSeconds;
  readonly author: string;
  readonly title: string;
}

export interface BranchView {
  readonly protected: boolean;
  /** This token may commit to it. */
  readonly mayPush: boolean;
}

/** A group or project, by its path or numeric id. */
export interface OwnerName {
  readonly kind: 'group' | 'project';
  readonly ref: string | number;
}

/** What GitLab says of itself. */
export interface Greeting {
  readonly version: Read<string>;
  /** GitLab's time, wherever anything answers at all: a refusal too shows that it is there and has a clock. */
  readonly at: GitLabSeconds | undefined;
}

/** What only people's commands ask of GitLab, beside the fleet itself. Nothing here writes. */
export interface Inquiry {
  greeting(): Promise<Greeting>;
  /** Who owns the token. */
  username(): Promise<Read<string>>;
  ownToken(): Promise<Read<TokenView>>;
  tokens(owner: OwnerName): Promise<Read<readonly TokenView[]>>;
  project(ref: string | number): Promise<Read<ProjectView>>;
  branch(project: number, name: string): Promise<Read<BranchView>>;
  /** The newest commit that touched a path, undefined where none did. */
  lastCommit(project: number, branch: string, path: string): Promise<Read<CommitView | undefined>>;
}
