/** What a round has observed, as plain data. Every decision is made from this. */
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
  /** Null if it is empty, and if the token may not see it: GitLab shows no difference. */
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

/** A report as it was read. `unreadable`: the file exists, but is not valid. */
export type ReportRead = Read<Report> | { readonly kind: 'unreadable'; readonly why: string };

/** A cluster's lease, as its records show it. */
export type MemberLease = LeaseRead | { readonly kind: 'gone' } | { readonly kind: 'unknown'; readonly why: string };

/** One cluster of the fleet as its report and its records show it (member.ts makes it). */
export interface MemberFacts {
  readonly name: string;
  readonly report: ReportRead;
  /** The records that its report names or, where that is lost or unreadable, the newest term. */
  readonly records: readonly RecordFacts[];
  /** Records that the newest term knows and the report no longer names: while Pulumi replaces one, both may have the tags. */
  readonly former: readonly RecordFacts[];
  readonly lease: MemberLease;
  /** As it reports them. Where its report is lost: `minOnline` as it was before, or else the reader's own, and neither preference nor tags. */
  readonly minOnline: number;
  readonly preferred: boolean;
  readonly ownTags: readonly string[];
}

export interface SelfFacts {
  readonly name: string;
  readonly preferred: boolean;
  readonly online: number;
  readonly total: number;
  readonly ownTags: readonly string[];
  readonly records: readonly RecordFacts[];
  /** The lease that this round has put into the note. */
  readonly lease: Lease;
}

/** The newest term, found by number. */
export type TermFacts =
  | { readonly kind: 'none' }
  | { readonly kind: 'term'; readonly term: Term; readonly at: GitLabSeconds }
  /** Leases or files know the number, but its file is lost or not valid. `named` is the holder that the leases name. */
  | { readonly kind: 'damaged'; readonly number: number; readonly named: string | undefined; readonly why: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** What a roll call of the holder has shown. */
export interface CalledRoll {
  readonly kind: 'called';
  /** GitLab's time of the last read: the call was before it. */
  readonly at: GitLabSeconds;
  readonly answered: number;
  readonly ownAnswered: number;
  /** How many of the holder's managers GitLab shows with running jobs. */
  readonly busy: number;
  /** The newest contact of the holder's managers, in GitLab's seconds; 0 for none. */
  readonly contact: GitLabSeconds;
  /** The newest contact of this cluster's managers that is old enough for every living runner of the fleet to have followed; 0 for none. */
  readonly ownContact: GitLabSeconds;
}

export type RollFacts = CalledRoll | { readonly kind: 'unknown'; readonly why: string };

/** What a claim would displace: the newest term, and the cluster that it names. */
export interface Holder {
  /** The number of the newest term, 0 before the first. */
  readonly number: number;
  readonly name: string | undefined;
  /** Undefined where this cluster holds the term, where no cluster does, and where the name is not known. */
  readonly rival: MemberFacts | undefined;
}

export interface Facts {
  /** GitLab's time, the newest that this round has seen. */
  readonly now: GitLabSeconds;
  readonly self: SelfFacts;
  readonly rivals: readonly MemberFacts[];
  readonly mainTags: readonly string[];
  readonly term: TermFacts;
  /** Undefined while the newest term is unknown. */
  readonly holder: Holder | undefined;
  readonly control: Read<Control>;
  /** Only after a round has called the roll. */
  readonly roll?: RollFacts;
}

/** What only a cluster's own checker knows, before it renews its lease. */
export interface RoundSelf extends Omit<SelfFacts, 'lease'> {
  readonly report: ReportRead;
  /** The record that carries the lease. */
  readonly lowest: RecordView;
  /** The lease that this round found in its own note. */
  readonly previousLease: Lease | undefined;
  /** GitLab's time from before the pods were counted; it becomes the time of this round's lease. */
  readonly stampAt: GitLabSeconds;
  /** Since when GitLab has heard this cluster's own managers without a gap; 0 where it does not. */
  readonly heardSince: GitLabSeconds;
}

/** What a round has observed, before it renews its lease. */
export interface RoundFacts extends Omit<Facts, 'self' | 'roll'> {
  readonly self: RoundSelf;
}

export const holderOf = (term: TermFacts, rivals: readonly MemberFacts[]): Holder | undefined => {
  const named = namedBy(term);
  return named && { ...named, rival: rivals.find(({ name }) => name === named.name) };
};

function namedBy(term: TermFacts): Omit<Holder, 'rival'> | undefined {
  switch (term.kind) {
    case 'none':
      return { number: 0, name: undefined };
    case 'term':
      return { number: term.term.number, name: term.term.holder };
    case 'damaged':
      return { number: term.number, name: term.named };
    case 'unknown':
      return undefined;
  }
}

/** The fleet as people's commands and a stack read it: from outside, so every cluster is a member. */
export interface FleetFacts {
  readonly now: GitLabSeconds;
  readonly members: readonly MemberFacts[];
  readonly mainTags: readonly string[];
  readonly term: TermFacts;
  readonly control: Read<Control>;
}

/** The records of a cluster: those that its report names, gone or not, and former ones that may still exist. */
export const knownRecords = ({ records, former }: Pick<MemberFacts, 'records' | 'former'>): RecordFacts[] => [
  ...records,
  ...former.filter(({ read }) => read.kind !== 'absent'),
];

/** The record that carries a cluster's lease: the one with the lowest id. */
export const leaseRecord = (records: readonly RecordFacts[]): RecordFacts | undefined =>
  records.reduce<RecordFacts | undefined>((low, record) => (!low || record.id < low.id ? record : low), undefined);
