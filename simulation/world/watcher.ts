/** The events on GitLab's side. Trace and oracle use these, not what a checker claims. */
import type { Read } from '../../runtime/core/model/read.ts';
import type { ManagerView, RecordView } from '../../runtime/core/model/facts.ts';
import type { Known } from '../../runtime/core/model/read.ts';
import type { LogEvent } from '../../runtime/log-events.ts';
import type { LogLevel, RecordChange, RunnerDeployment, SavedFile } from '../../runtime/ports.ts';
import type { Health } from '../../runtime/sidecar/health.ts';
import type { Process } from './process.ts';

export interface Watcher {
  /** A process has sent a read of a file. */
  fileAsked(process: Process, path: string): void;
  /** A process has its answer; `landedAt` is when GitLab gave it. */
  fileRead(process: Process, path: string, answer: Read<string>, landedAt: number): void;
  recordRead(process: Process, id: number, answer: Read<RecordView>, landedAt: number): void;
  managersRead(process: Process, id: number, answer: Read<readonly ManagerView[]>, landedAt: number): void;
  podsRead(process: Process, answer: Known<readonly RunnerDeployment[]>): void;
  recordWritten(process: Process, id: number, change: RecordChange, answer: Read<RecordView>): void;
  /** A write has been applied; its sender may never know. */
  noteLanded(process: Process, id: number, note: string): void;
  tagsLanded(process: Process, id: number, before: readonly string[], after: readonly string[], sentAt: number): void;
  committed(process: Process, files: readonly SavedFile[], message: string): void;
  tagsByHand(who: string, id: number, before: readonly string[], after: readonly string[]): void;
  filesByHand(who: string, paths: readonly string[]): void;
  /** A sidecar wrote its health file. */
  healthWritten(pod: string, before: Health | undefined, health: Health): void;
  /** A checker's log. */
  said(process: Process, level: LogLevel, event: LogEvent, message: string): void;
  /** A checker ended with an error that it did not catch. */
  crashed(process: Process, error: unknown): void;
}
