/**
 * Two stacks with one name. Both would write the same report, and the other clusters would see one or the other in turn. The name
 * belongs to the stack in the report: while a record of that report has a lease of this name, a stack with other Deployments and
 * other records gives way. Then it writes nothing, except that it removes the main tags from its own records.
 *
 * Not a second stack: a record that Pulumi replaces (the Deployment stays), another run of this cluster (the same records), a report
 * that another person wrote (its records have no lease of this name), and a destroyed stack (its records are gone).
 *
 * People may empty the note with the lease, and the report may be lost or overwritten. So a stack without a fresh lease also
 * checks the records that the term and the reports of other clusters remember as this cluster's, unless they remember its own.
 * A record without a lease counts if two files name it: one wrong file must not stop a cluster.
 *
 *   the report            this cluster's lease   gives way to
 *   -------------------   --------------------   ------------------------------------------------------------------
 *   of this stack         any                    none
 *   of another stack      fresh                  a record in the report, unless this cluster is in touch for longer
 *   of another stack      old, none              a record in the report, or a remembered one
 *   lost, unknown         fresh                  none: this cluster was here before
 *   lost, unknown         old, none              a remembered record
 */
import type { MemberFacts, RecordFacts, ReportRead, TermFacts } from '../core/model/facts.ts';
import { leaseIn, type LeaseRead } from '../core/model/lease.ts';
import type { Known } from '../core/model/read.ts';
import type { Report } from '../core/model/report.ts';
import { recordsIn } from '../core/model/term.ts';
import { isFresh } from '../core/decision/rivals.ts';
import { readRecords, rememberedIn, type FleetPorts } from '../fleet/read-members.ts';
import type { RunnerDeployment } from '../ports.ts';
import type { Timing } from '../timing.ts';

/** What distinguishes this stack from another one of its name. */
export interface OwnStack {
  readonly name: string;
  readonly deployments: readonly Pick<RunnerDeployment, 'uid' | 'record'>[];
  readonly timing: Timing;
}

/** What a round has read about the name. */
export interface NameFacts {
  readonly report: ReportRead;
  readonly term: TermFacts;
  readonly rivals: readonly MemberFacts[];
}

/** The records in the report of this name, if another stack wrote it; none if this stack did. */
export const recordsOfTwin = (stack: OwnStack, report: ReportRead): readonly number[] =>
  report.kind === 'found' && isOfTwin(stack, report.value) ? report.value.records : [];

function isOfTwin({ deployments }: OwnStack, { records, deployments: uids }: Report): boolean {
  // Reports of earlier releases do not show which stack wrote them.
  if (uids === undefined) return false;
  return !deployments.some(({ uid, record }) => uids.includes(uid) || records.includes(record));
}

/**
 * Why this stack gives way to one of these records, or undefined. Unknown if one of them cannot be read. A record without a lease
 * counts if it `isNamed`.
 */
export function giveWay(
  stack: OwnStack,
  own: LeaseRead,
  records: readonly RecordFacts[],
  isNamed: (id: number) => boolean = () => false,
): Known<string | undefined> {
  for (const { id, read } of records) {
    // All checkers may edit each record of the fleet: a record that this token may not read is not in the fleet.
    if (read.kind === 'unknown' && !read.forbidden)
      return { kind: 'unknown', why: `record ${id} may be of another stack named ${stack.name}: ${read.why}` };
    if (read.kind !== 'found') continue;
    // Its age does not matter, nor a date in the future.
    const theirs = leaseIn(read.value.note ?? '', stack.name);
    if (!theirs && !isNamed(id)) continue;
    const isFirst = theirs && isFresh(own, stack.timing) && own.lease.inTouchSince < theirs.inTouchSince;
    if (!isFirst) return { kind: 'known', value: sentence(stack, id) };
  }
  return NO_TWIN;
}

const NO_TWIN: Known<undefined> = { kind: 'known', value: undefined };

/** The same in a round. `others` are the records of `recordsOfTwin`. */
export async function findTwin(
  ports: Pick<FleetPorts, 'records'>,
  stack: OwnStack,
  own: LeaseRead,
  others: readonly RecordFacts[],
  { report, term, rivals }: NameFacts,
): Promise<Known<string | undefined>> {
  if (report.kind === 'found' && !isOfTwin(stack, report.value)) return NO_TWIN;
  if (isFresh(own, stack.timing)) return giveWay(stack, own, others);
  const memories = [
    term.kind === 'term' ? recordsIn(term.term, stack.name) : [],
    ...rivals.map((rival) => rememberedIn([rival.report], stack.name)),
  ];
  const remembered = memories.flat();
  const isRemembered = stack.deployments.some(({ record }) => remembered.includes(record));
  const files = [others.map(({ id }) => id), ...memories];
  const isNamed = (id: number): boolean => files.filter((ids) => ids.includes(id)).length > 1;
  const strange = isRemembered ? [] : remembered.filter((id) => !others.some((other) => other.id === id));
  const twin = giveWay(stack, own, [...others, ...(await readRecords(ports, strange))], isNamed);
  if (report.kind !== 'unknown' || isRemembered || twin.kind === 'unknown' || twin.value !== undefined) return twin;
  return { kind: 'unknown', why: `another stack may be named ${stack.name}: ${report.why}` };
}

function sentence({ name, deployments }: OwnStack, theirs: number): string {
  const ours = deployments.map(({ record }) => record).join(', ');
  return (
    `two stacks are named ${name}: this one has runner record ${ours}, another one has runner record ${theirs} and was first; rename ` +
    `this stack (pulumi stack rename), set its new name in fleet of every stack, and run pulumi up; if the other stack no ` +
    `longer exists, delete record ${theirs} in GitLab`
  );
}
