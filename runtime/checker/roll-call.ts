/**
 * Calls the roll of a holder whose lease lapsed: reads its managers, makes GitLab answer their polls by a write that changes
 * nothing, waits c and reads again. This cluster calls its own roll too: if its own runners do not answer either, the result
 * proves nothing.
 */
import type { Facts, RecordView, RollFacts } from '../core/model/facts.ts';
import { lapseSeconds } from '../core/decision/decide.ts';
import {
  answered,
  busyManagers,
  contactBefore,
  lastRead,
  newestContact,
  type RollReads,
} from '../core/decision/roll.ts';
import { awakeAfterSeconds, vouchSeconds } from '../timing.ts';
import type { Rules } from '../core/model/rules.ts';
import type { RoundContext } from './context.ts';

/** The records of a cluster that exist; one that is gone has no managers to answer. */
const living = (records: Facts['self']['records']): RecordView[] =>
  records.flatMap((record) => (record.read.kind === 'found' ? [record.read.value] : []));

type Called =
  | { readonly kind: 'called'; readonly reads: readonly RollReads[] }
  | { readonly kind: 'unknown'; readonly why: string };

export async function rollCall(context: RoundContext, facts: Facts): Promise<RollFacts> {
  const { rules, clock } = context;
  const rival = facts.holder?.rival;
  if (!rival) return { kind: 'unknown', why: `${facts.holder?.name ?? 'the holder'} is not a known cluster` };
  const wait = (): Promise<void> => clock.sleep(rules.timing.rollCallSeconds * 1000);
  const [theirs, ours] = await Promise.all([
    // While Pulumi replaces a record, older pods live on under the one that the report no longer names.
    callRecords(context, living([...rival.records, ...rival.former]), wait),
    callRecords(context, living(facts.self.records), wait),
  ]);
  if (theirs.kind === 'unknown') return theirs;
  if (ours.kind === 'unknown') return ours;
  const sum = (reads: readonly RollReads[], busy: number | undefined): number =>
    reads.reduce((count, read) => count + answered(read, busy), 0);
  return {
    kind: 'called',
    at: lastRead([...theirs.reads, ...ours.reads], facts.now),
    answered: sum(theirs.reads, vouchFor(facts, rules)),
    ownAnswered: sum(ours.reads, undefined),
    busy: busyManagers(theirs.reads),
    contact: newestContact(theirs.reads),
    ownContact: contactBefore(ours.reads, awakeAfterSeconds(rules.timing)),
  };
}

/**
 * How young the last contact of a manager with running jobs must be to count as an answer; undefined once jobs no longer count.
 * While GitLab has not heard this cluster's own managers for that long either, jobs may have had no chance to report.
 */
function vouchFor(facts: Facts, { timing, policy }: Rules): number | undefined {
  if (lapseSeconds(facts, timing) > policy.busyMaxSeconds) return undefined;
  const { heardSince } = facts.self.lease;
  const isHeard = heardSince !== 0 && facts.now - heardSince >= vouchSeconds(timing);
  return isHeard ? vouchSeconds(timing) : Number.POSITIVE_INFINITY;
}

async function callRecords(
  { records: runners }: RoundContext,
  records: readonly RecordView[],
  wait: () => Promise<void>,
): Promise<Called> {
  const before = await Promise.all(records.map((record) => runners.managers(record.id)));
  const calls = await Promise.all(
    records.map((record) => runners.write(record.id, { description: record.description })),
  );
  for (const call of calls) if (call.kind === 'unknown') return call;
  await wait();
  const after = await Promise.all(records.map((record) => runners.managers(record.id)));
  const reads: RollReads[] = [];
  for (const [index, record] of records.entries()) {
    const [first, call, second] = [before[index], calls[index], after[index]];
    if (!first || !call || !second) return { kind: 'unknown', why: `record ${record.id} was not called` };
    if (first.kind === 'unknown') return first;
    if (second.kind === 'unknown') return second;
    // Deleted meanwhile: no manager can answer under it.
    if (first.kind === 'absent' || call.kind !== 'found' || second.kind === 'absent') continue;
    reads.push({ before: first.value, after: second.value, at: second.at, paused: call.value.paused });
  }
  return { kind: 'called', reads };
}
