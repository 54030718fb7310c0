/** One cluster of the fleet, made from its report and its records: each lease is parsed once, here. */
import { unknown, type Unknown } from './read.ts';
import { leaseRecord, type MemberFacts, type MemberLease, type RecordFacts } from './facts.ts';
import { leaseFrom } from './lease.ts';

/** The first record that cannot be read, as the reason of an unknown. */
export function unknownRecord(name: string, records: readonly RecordFacts[]): Unknown | undefined {
  for (const { id, read } of records)
    if (read.kind === 'unknown') return unknown(`record ${id} of ${name}: ${read.why}`);
  return undefined;
}

/** The lease on the lowest record that still exists. One record that cannot be read makes the lease unknown. */
export function memberLease(name: string, records: readonly RecordFacts[]): MemberLease {
  const failed = unknownRecord(name, records);
  if (failed) return failed;
  const living = leaseRecord(records.filter((record) => record.read.kind === 'found'));
  if (!living || living.read.kind !== 'found') return { kind: 'gone' };
  return leaseFrom(living.read.value.note, name, living.read.at);
}

/** A report that names only records that are gone does not hide a former one that is still there. */
function leaseOf(name: string, records: readonly RecordFacts[], former: readonly RecordFacts[]): MemberLease {
  const lease = memberLease(name, records);
  return lease.kind === 'gone' && former.length > 0 ? memberLease(name, former) : lease;
}

/** `minOnline` applies to a cluster whose report is lost. */
export function memberOf(
  { name, report, records, former }: Pick<MemberFacts, 'name' | 'report' | 'records' | 'former'>,
  minOnline: number,
): MemberFacts {
  const own = report.kind === 'found' ? report.value : { minOnline, preferred: false, ownTags: [] };
  return {
    name,
    report,
    records,
    former,
    lease: leaseOf(name, records, former),
    minOnline: own.minOnline,
    preferred: own.preferred,
    ownTags: own.ownTags,
  };
}
