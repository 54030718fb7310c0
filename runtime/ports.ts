/**
 * What the use cases need from outside, as plain data. No port throws: what went wrong is part of the result. The adapters are in
 * runtime/adapters; tests and the simulation have their own.
 */
import type { Read, Known, Unknown } from './core/model/read.ts';
import type { GitLabSeconds } from './core/model/time.ts';
import type { ManagerView, RecordView } from './core/model/facts.ts';
import type { LogEvent } from './log-events.ts';

/** The clock of this process. It is never compared with the time of another machine. */
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

/** Runner records in GitLab. `absent` means: GitLab says that no record has this id. */
export interface RunnerRecords {
  read(id: number): Promise<Read<RecordView>>;
  /** All managers of a record, in no order; `absent` as for the record itself. */
  managers(id: number): Promise<Read<readonly ManagerView[]>>;
  /**
   * Changes the record, and calls the roll of its managers. `found`: it is done, and this is the record afterwards. `unknown`: it
   * may or may not be done; it is not repeated.
   */
  write(id: number, change: RecordChange): Promise<Read<RecordView>>;
}

/** The result of a commit. After any result but `created`, read the file to see what it contains. */
export type CreateResult =
  /** GitLab named the id of the commit. */
  | { readonly kind: 'created' }
  /** Nothing was written: the path exists, made by another process or by an earlier try of this one. */
  | { readonly kind: 'exists' }
  /** Nothing was written: another commit changed the branch or the file at the same time. Read, and try again. */
  | { readonly kind: 'conflict'; readonly why: string }
  /** It may or may not be written. */
  | Unknown;

export interface SavedFile {
  readonly path: string;
  readonly text: string;
  readonly exists: boolean;
}

/** The status project: small files on one branch; each write is a commit. `absent` means: the branch has no such file. */
export interface StatusProject {
  file(path: string): Promise<Read<string>>;
  /** Makes a file. Of all who make the same path exactly one gets `created`. */
  create(path: string, text: string, message: string): Promise<CreateResult>;
  /** Replaces the files that exist and makes the others, all in one commit or none. */
  save(files: readonly SavedFile[], message: string): Promise<CreateResult>;
}

/** A file's content, and the last commit that changed it. */
export interface FileVersion {
  readonly text: string;
  readonly commit: string;
}

/** The status project for people's commands and for stacks, which edit one file at the same time. */
export interface SteeredProject extends StatusProject {
  version(path: string): Promise<Read<FileVersion>>;
  /** Replaces a file; `conflict` where another commit has changed it since `commit`. */
  replace(path: string, commit: string, text: string, message: string): Promise<CreateResult>;
}

/** An issue in the status project that tells people that no cluster can hold the main tags. */
export interface Incident {
  /** Counted within the project (`iid`). */
  readonly number: number;
  readonly url: string;
}

/** The incidents of the status project. An open one means that people were notified. */
export interface Incidents {
  /** Those that are open and have the label of this program. */
  open(): Promise<Read<readonly Incident[]>>;
  raise(title: string, text: string): Promise<Read<Incident>>;
  close(number: number): Promise<Read<true>>;
}

/** A webhook that notifies people. */
export interface Notifier {
  /** Sends once. `unknown` says why it may not have arrived, without the address, which is a secret. */
  send(text: string): Promise<{ readonly kind: 'sent' } | Unknown>;
}

/** One runner Deployment of this cluster. */
export interface RunnerDeployment {
  readonly name: string;
  /** Kubernetes gives it once to one object of one cluster: a stack elsewhere cannot have it. */
  readonly uid: string;
  /** The runner record that its pods use. */
  readonly record: number;
  /** Not made by the stack: its pods have no sidecar, so Ready does not mean that the runner works. */
  readonly adopted: boolean;
  readonly desired: number;
  /** Pods that are Ready and not about to be removed. */
  readonly ready: number;
}

/** This cluster's runner pods, through the Kubernetes API. */
export interface RunnerPods {
  deployments(): Promise<Known<readonly RunnerDeployment[]>>;
}

/** The fields of a log line, for programs. `time`, `level`, `event` and `message` are keys of the line itself. */
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
  /** Its repository has no branch yet. GitLab tells it from one that cannot be read. */
  readonly isEmpty: boolean;
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

/** A member of a project, inherited or not. */
export interface ProjectMember {
  readonly username: string;
  /** The highest role (10 guest … 50 owner). */
  readonly level: number;
}

/** A group or project, by its path or numeric id. */
export interface OwnerName {
  readonly kind: 'group' | 'project';
  readonly ref: string | number;
}

/** Version and time of GitLab. */
export interface Greeting {
  readonly version: Read<string>;
  /** GitLab's time, also from an error answer; undefined without any answer. */
  readonly at: GitLabSeconds | undefined;
}

/** What only people's commands read from GitLab. Nothing here writes. */
export interface Inquiry {
  greeting(): Promise<Greeting>;
  /** Who owns the token. */
  username(): Promise<Read<string>>;
  ownToken(): Promise<Read<TokenView>>;
  tokens(owner: OwnerName): Promise<Read<readonly TokenView[]>>;
  project(ref: string | number): Promise<Read<ProjectView>>;
  branch(project: number, name: string): Promise<Read<BranchView>>;
  /** The lowest role that may push to a protected branch; undefined where no role may. */
  pushLevel(project: number, branch: string): Promise<Read<number | undefined>>;
  /** Inherited members included. */
  members(project: number): Promise<Read<readonly ProjectMember[]>>;
  /** The newest commit that changed a path; undefined if there is none. */
  lastCommit(project: number, branch: string, path: string): Promise<Read<CommitView | undefined>>;
}
