/**
 * What a term records of its decision: the facts and rules themselves, without what no decision reads. So a term tells all of
 * its own story and none of its predecessors'.
 */
import type { Rules } from './decide.ts';
import type { Facts, RecordFacts, TermFacts } from '../model/facts.ts';
import { leaseLines } from '../model/lease.ts';

/** The ground of a term that a person has forced. It is none that a decision ever has. */
export const FORCED = 'forced';

export interface DecisionRecord extends Rules {
  readonly facts: Facts;
}

/** What goes into the term's file. People's lines in a note, descriptions and the displaced term's own evidence stay out. */
export function decisionRecord(facts: Facts, { policy, timing }: Rules): DecisionRecord {
  const { self, rivals } = facts;
  return {
    facts: {
      ...facts,
      term: withoutEvidence(facts.term),
      self: { ...self, records: self.records.map(compact) },
      rivals: rivals.map((rival) => ({
        ...rival,
        records: rival.records.map(compact),
        former: rival.former.map(compact),
      })),
    },
    policy,
    timing,
  };
}

const withoutEvidence = (term: TermFacts): TermFacts =>
  term.kind === 'term' ? { ...term, term: { ...term.term, evidence: null } } : term;

function compact(record: RecordFacts): RecordFacts {
  if (record.read.kind !== 'found') return record;
  const { value } = record.read;
  const note = value.note === null ? null : leaseLines(value.note).join('\n');
  return { ...record, read: { ...record.read, value: { ...value, note, description: '' } } };
}
