/**
 * Two stacks of one name. Each would write the one report of that name, and the other clusters would see now the one and now the
 * other. The name is the stack's that the report speaks of: while a record that it names has a lease of that name, a stack with other
 * Deployments and other records gives way. It writes nothing but one thing: it takes the main tags off its own records.
 *
 * No twin is: a record that Pulumi replaces (the Deployment stays), another run of this cluster (the same records), a report that a
 * stranger wrote (the record that it names has no lease of this name), and a stack that is gone (so are its records).
 *
 *   the report            this cluster's lease   gives way to a record with a lease of this name
 *   -------------------   --------------------   ------------------------------------------------------------------
 *   of another stack      any                    that the report names, unless this cluster is in touch for longer
 *   lost, unknown         fresh                  none: this cluster was here before
 *   lost, unknown         old, none              that the term or another cluster remembers as this cluster's
 */
import type { MemberFacts, RecordFacts, ReportRead, TermFacts } from '../core/model/facts.ts';
import { leaseLines, parseLease, type LeaseRead } from '../core/model/lease.ts';
import type { Known } from '../core/model/read.ts';
import { recordsIn } from '../core/model/term.ts';
import { isFresh } from '../core/decision/rivals.ts';
import { readRecords, rememberedIn, type FleetPorts } from '../fleet/read-members.ts';
import type { RunnerDeployment } from '../ports.ts';
import type { Timing } from '../timing.ts';

/** This stack, as far as two stacks differ. */
export interface OwnStack {
  readonly name: string;
  readonly deployments: readonly Pick<RunnerDeployment, 'uid' | 'record'>[];
  readonly timing: Timing;
}

/** What a round has read of the name, beside the report. */
export interface NameFacts {
  readonly report: ReportRead;
  readonly term: TermFacts;
  readonly rivals: readonly MemberFacts[];
}

/** The records that the report of this name gives, where another stack wrote it; none where this one did. */
export function recordsOfTwin({ deployments }: OwnStack, report: ReportRead): readonly number[] {
  if (report.kind !== 'found') return [];
  const { records, deployments: uids } = report.value;
  // Earlier releases do not tell whose the report is.
  if (uids === undefined) return [];
  return deployments.some(({ uid, record }) => uids.includes(uid) || records.includes(record)) ? [] : records;
}

/** Why this stack gives way to one of these records, or undefined. Unknown where one of them gives no answer. */
export function giveWay(stack: OwnStack, own: LeaseRead, records: readonly RecordFacts[]): Known<string | undefined> {
  for (const { id, read } of records) {
    // All checkers may edit each record of the fleet: one that this token may not read is not of it.
    if (read.kind === 'unknown' && !read.forbidden)
      return { kind: 'unknown', why: `record ${id} may be of another stack named ${stack.name}: ${read.why}` };
    if (read.kind !== 'found') continue;
    // However old it is, and even if it is dated ahead.
    const theirs = leaseLines(read.value.note ?? '')
      .map(parseLease)
      .findLast((lease) => lease?.cluster === stack.name);
    if (!theirs) continue;
    const isFirst = isFresh(own, stack.timing) && own.lease.inTouchSince < theirs.inTouchSince;
    if (!isFirst) return { kind: 'known', value: sentence(stack, id) };
  }
  return { kind: 'known', value: undefined };
}

/** The same in a round. `others` are what `recordsOfTwin` gave. */
export async function findTwin(
  ports: Pick<FleetPorts, 'records'>,
  stack: OwnStack,
  own: LeaseRead,
  others: readonly RecordFacts[],
  { report, term, rivals }: NameFacts,
): Promise<Known<string | undefined>> {
  if (report.kind === 'found') return giveWay(stack, own, others);
  if (isFresh(own, stack.timing)) return { kind: 'known', value: undefined };
  const reports = rivals.map((rival) => rival.report);
  const remembered = [
    ...(term.kind === 'term' ? recordsIn(term.term, stack.name) : []),
    ...rememberedIn(reports, stack.name),
  ];
  const ours = stack.deployments.map(({ record }) => record);
  const strange = remembered.filter((id) => !ours.includes(id));
  const twin = giveWay(stack, own, await readRecords(ports, strange));
  const isKnown = report.kind !== 'unknown' || strange.length < remembered.length;
  if (isKnown || twin.kind === 'unknown' || twin.value !== undefined) return twin;
  return { kind: 'unknown', why: `another stack may be named ${stack.name}: ${report.why}` };
}

function sentence({ name, deployments }: OwnStack, theirs: number): string {
  const ours = deployments.map(({ record }) => record).join(', ');
  return (
    `two stacks are named ${name}: this one has runner record ${ours}, another one has runner record ${theirs} and came first; rename ` +
    `this stack (pulumi stack rename), put its new name into fleet of every stack, and run pulumi up; if the other stack does not ` +
    `exist any more, delete record ${theirs} in GitLab`
  );
}
