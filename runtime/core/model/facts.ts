/** What a round has observed, as plain data. Everything that is decided is decided from this. */
import type { Read } from './read.ts';
import type { GitLabSeconds } from './time.ts';
import type { Control } from './control.ts';
import type { Report } from './report.ts';
import type { Term } from './term.ts';
import type { Lease, LeaseRead } from './lease.ts';

/** A runner record as GitLab shows it. */
export interface RecordView {
  readonly id: number;
  readonly tags: readonly string[];
  readonly paused: boolean;
  /** Null where it is empty and where the token may not see it: GitLab does not tell the two apart. */
  readonly note: string | null;
  readonly description: string;
  /** The last contact of any of its managers that reached Rails (gitlab-facts B); null for none. */
  readonly contactedAt: string | null;
}

export interface RecordFacts {
  readonly id: number;
  readonly read: Read<RecordView>;
}

/** A manager as `/runners/:id/managers` shows it. `contactedAt` is compared for change, and for age with GitLab's time. */
export interface ManagerView {
  readonly systemId: string;
  readonly contactedAt: string | null;
  /** GitLab shows it running jobs (`job_execution_status`); absent in older releases, then false. */
  readonly busy: boolean;
}

/** A report as it was read. `unreadable` is a file that is there and makes no sense. */
export type ReportRead = Read<Report> | { readonly kind: 'unreadable'; readonly why: string };

/** Another cluster. Its records come from its report or, where that is lost or unreadable, from the newest term. */
export interface MemberFacts {
  readonly name: string;
  readonly report: ReportRead;
  readonly records: readonly RecordFacts[];
  /** Records that the newest term knows and the report no longer names: while Pulumi replaces one, both may have the tags. */
  readonly former: readonly RecordFacts[];
}

export interface SelfFacts {
  readonly name: string;
  readonly preferred: boolean;
  readonly online: number;
  readonly total: number;
  readonly ownTags: readonly string[];
  readonly records: readonly RecordFacts[];
  /** The lease that this round has put into the note. */
  readonly stamped: Lease;
}

/** The newest term, found by number. */
export type TermFacts =
  | { readonly kind: 'none' }
  | { readonly kind: 'term'; readonly term: Term; readonly at: GitLabSeconds }
  /** Leases or files know the number, but no file says who holds it: lost, or not parseable. `named` is whom the leases name. */
  | { readonly kind: 'damaged'; readonly number: number; readonly named: string | undefined; readonly why: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** What a roll call of the holder has shown. */
export type RollFacts =
  | {
      readonly kind: 'called';
      /** GitLab's time of the last read: the call was before it. */
      readonly at: GitLabSeconds;
      readonly answered: number;
      readonly ownAnswered: number;
      /** The newest contact of the holder's managers, in GitLab's seconds; 0 for none. */
      readonly contact: GitLabSeconds;
      /** The newest of this cluster's own that is so old that every living runner of the fleet had time to follow; 0 for none. */
      readonly ownContact: GitLabSeconds;
    }
  | { readonly kind: 'unknown'; readonly why: string };

export interface Facts {
  /** GitLab's time, the newest that this round has seen. */
  readonly now: GitLabSeconds;
  readonly self: SelfFacts;
  readonly rivals: readonly MemberFacts[];
  readonly mainTags: readonly string[];
  readonly term: TermFacts;
  readonly control: Read<Control>;
  /** Only after a round has decided to call. */
  readonly roll?: RollFacts;
}

/** The fleet as people's commands and a stack read it: from outside its clusters, so all of them are members. */
export interface FleetFacts {
  readonly now: GitLabSeconds;
  readonly members: readonly MemberFacts[];
  readonly mainTags: readonly string[];
  readonly term: TermFacts;
  readonly control: Read<Control>;
}

/** The record that carries a cluster's lease: the one with the lowest id. */
export const leaseRecord = (records: readonly RecordFacts[]): RecordFacts | undefined =>
  records.reduce<RecordFacts | undefined>((low, record) => (!low || record.id < low.id ? record : low), undefined);

/** A rival's lease, or what else its records say. */
export type MemberLease = LeaseRead | { readonly kind: 'gone' } | { readonly kind: 'unknown'; readonly why: string };
