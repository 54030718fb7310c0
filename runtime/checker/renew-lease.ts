/** Renews this cluster's lease: writes it into the maintenance note of the cluster's lowest record. Each write calls the roll. */
import { emptyMemory } from '../core/decision/memory.ts';
import type { RollFacts, RoundFacts } from '../core/model/facts.ts';
import { noteWithLease, type Lease } from '../core/model/lease.ts';
import type { Term } from '../core/model/term.ts';
import type { RoundContext } from './context.ts';

export type Renewed = { readonly kind: 'renewed' } | { readonly kind: 'failed'; readonly why: string };

const failed = (why: string): Renewed => ({ kind: 'failed', why });

/** Writes the lease, and calls the roll of this cluster's other records by a write that changes nothing. */
export async function renewLease(context: RoundContext, { self }: RoundFacts, lease: Lease): Promise<Renewed> {
  const spent = context.budget.exhausted();
  if (spent !== undefined) return failed(spent);
  const { lowest } = self;
  const note = noteWithLease(lowest.note, lease);
  if (note === undefined)
    return failed(
      `the maintenance note of record ${lowest.id} has no room for the lease (GitLab allows 1024 characters); shorten the other lines of the note to at most 600 characters`,
    );
  const others = self.records.flatMap(({ id, read }) =>
    id !== lowest.id && read.kind === 'found' ? [read.value] : [],
  );
  const [written] = await Promise.all([
    context.records.write(lowest.id, { note }),
    ...others.map(({ id, description }) => context.records.write(id, { description })),
  ]);
  switch (written.kind) {
    case 'unknown':
      return failed(`the lease could not be written to record ${lowest.id}: ${written.why}`);
    case 'absent':
      return failed(`own record ${lowest.id} does not exist`);
    case 'found':
      return { kind: 'renewed' };
  }
}

/**
 * Writes into the lease that the holder did not answer the roll call, if this was the first one. If this write is lost, a
 * challenger whose own runners are all busy needs another call.
 */
export function rememberCall(context: RoundContext, facts: RoundFacts, lease: Lease, roll: RollFacts): Promise<void> {
  if (roll.kind === 'unknown' || roll.answered > 0 || lease.memory.calledAt !== 0) return Promise.resolve();
  return writeAgain(context, facts, { ...lease, memory: { ...lease.memory, calledAt: roll.at } });
}

/**
 * Writes a term that was just claimed into the lease at once: until then only its file knows the number, and the loss of the
 * file would let the number be given again. If this write fails, the next round's lease has the number.
 */
export function rememberTerm(context: RoundContext, facts: RoundFacts, lease: Lease, term: Term): Promise<void> {
  const { holder, number } = term;
  return writeAgain(context, facts, { ...lease, holder, term: number, memory: emptyMemory(number) });
}

/** The lease of this round once more, with what the round has learned since. */
async function writeAgain({ records }: RoundContext, { self }: RoundFacts, lease: Lease): Promise<void> {
  const note = noteWithLease(self.lowest.note, lease);
  if (note !== undefined) await records.write(self.lowest.id, { note });
}
