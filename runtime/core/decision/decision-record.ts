/**
 * What a term records of its decision: the facts and the rules, without what no decision reads. So each term can be explained
 * from its own file. The stored form is that of the first release, so that every release can replay the terms of every other.
 */
import type { Facts, MemberFacts, RecordFacts, TermFacts } from '../model/facts.ts';
import { leaseLines, STORED_UNHEALTHY, storedGround, type Lease } from '../model/lease.ts';
import type { Rules } from '../model/rules.ts';

/** The ground of a term that a person has forced. No decision ever has it. */
export const FORCED = 'forced';

export interface DecisionRecord extends Rules {
  readonly facts: Facts;
}

/** What goes into the term's file. Left out: people's lines in a note, descriptions, and the record of the term before. */
export function decisionRecord(facts: Facts, { policy, timing }: Rules): object {
  const { now, self, rivals, mainTags, term, control, roll } = facts;
  const { name, preferred, online, total, ownTags, records, lease } = self;
  return {
    facts: {
      now,
      self: { name, preferred, online, total, ownTags, records: records.map(compact), stamped: storedLease(lease) },
      rivals: rivals.map(storedMember),
      mainTags,
      term: withoutEvidence(term),
      control,
      ...(roll && { roll }),
    },
    policy,
    timing,
  };
}

function storedLease({ memory: { unhealthy, ground, ...memory }, ...lease }: Lease): object {
  return { ...lease, memory: { ...memory, [STORED_UNHEALTHY]: unhealthy, ground: storedGround(ground) } };
}

const storedMember = ({ name, report, records, former, minOnline }: MemberFacts): object => ({
  name,
  report,
  records: records.map(compact),
  former: former.map(compact),
  minOnline,
});

const withoutEvidence = (term: TermFacts): TermFacts =>
  term.kind === 'term' ? { ...term, term: { ...term.term, evidence: null } } : term;

function compact(record: RecordFacts): RecordFacts {
  if (record.read.kind !== 'found') return record;
  const { value } = record.read;
  const note = value.note === null ? null : leaseLines(value.note).join('\n');
  return { ...record, read: { ...record.read, value: { ...value, note, description: '' } } };
}
