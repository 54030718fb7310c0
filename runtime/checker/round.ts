/** A round of the checker, as the list of its steps. Its result is one sentence. */
import { decide, type Decision } from '../core/decision/decide.ts';
import type { GroundResult } from '../core/decision/ground.ts';
import { nextLease } from '../core/decision/next-lease.ts';
import type { Facts, RollFacts, RoundFacts } from '../core/model/facts.ts';
import type { Term } from '../core/model/term.ts';
import { claim } from '../fleet/claim.ts';
import { startRound, startRun, type CheckerContext, type RoundContext } from './context.ts';
import { notifyFoundTerm, notifyTerm } from './notify.ts';
import { observe, type Taken } from './observe.ts';
import { publish } from './publish.ts';
import { reconcile, takeOff } from './reconcile.ts';
import { recount } from './recount.ts';
import { rememberCall, rememberTerm, renewLease } from './renew-lease.ts';
import { commitReport } from './report.ts';
import { rollCall } from './roll-call.ts';

export type RoundResult =
  { readonly kind: 'finished'; readonly sentence: string } | { readonly kind: 'unfinished'; readonly why: string };

/** With the facts that the decision was made from, if the round came that far. */
export type Round = RoundResult & { readonly facts?: Facts };

const unfinished = (why: string): RoundResult => ({ kind: 'unfinished', why });

export async function round(checker: CheckerContext, memory = startRun(checker)): Promise<Round> {
  const context = startRound(checker, memory);
  // 1. Observe: read everything that the decision needs.
  const observed = await observe(context);
  if (observed.kind === 'unknown') return unfinished(observed.why);
  if (observed.kind === 'taken') return giveWay(context, observed);
  // 2. Call the roll of adopted runners that GitLab does not hear, before they count as offline.
  const counted = await recount(context, observed.facts, observed.count);
  if (counted.kind === 'unknown') return unfinished(counted.why);
  const seen = counted.value;
  // 3. Renew the lease, and commit the report if it has changed.
  const { lease, ground } = nextLease(seen, context.rules);
  const renewed = await renewLease(context, seen, lease);
  if (renewed.kind === 'failed') return unfinished(renewed.why);
  const doubt = context.doubt();
  if (doubt !== undefined) return unfinished(doubt);
  await commitReport(context, seen, lease, observed.count.deployments);
  // 4. Decide. If the holder's lease lapsed, call its roll first, and decide again.
  const decided = await decideAndCall(context, seen, { ...seen, self: { ...seen.self, lease } }, ground);
  const { facts, decision } = decided;
  if (decided.exhausted !== undefined) return { ...unfinished(decided.exhausted), facts };
  // 5. Claim, and reconcile the records' tags with the newest term.
  const result = await act(context, seen, facts, decision);
  // 6. Notify people. After a claim the facts are those of the term before; the next round publishes the new one.
  if (decision.kind !== 'claim') {
    await aside(context, 'notify', () => notifyFoundTerm(context, seen));
    if (result.kind === 'finished') await aside(context, 'publish', () => publish(context, facts));
  }
  return { ...result, facts };
}

/** Another stack has this name: this one asserts nothing, and its runners take no jobs of the main tags. */
async function giveWay(context: RoundContext, { facts, why }: Taken): Promise<RoundResult> {
  const { control, term } = facts;
  const isPaused = control.kind !== 'found' || control.value.paused;
  if (term.kind !== 'term' || isPaused) return unfinished(why);
  const result = await takeOff(context, facts, term.term);
  if (result.kind === 'changed') logEdits(context, term.term, result.edits);
  return unfinished(why);
}

/** A step that no decision depends on: an unforeseen error ends this step and not the round. */
async function aside({ log }: RoundContext, step: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const why = error instanceof Error ? error.message : 'failed';
    const stack = (error instanceof Error && error.stack) || why;
    log.error('step-crashed', `unforeseen error in step ${step}: ${why}`, { step, stack });
  }
}

interface Decided {
  readonly facts: Facts;
  readonly decision: Decision;
  /** Why the roll was not called in this round. */
  readonly exhausted?: string;
}

async function decideAndCall(
  context: RoundContext,
  seen: RoundFacts,
  facts: Facts,
  ground: GroundResult,
): Promise<Decided> {
  const { rules, budget, log } = context;
  const decision = decide(facts, ground, rules);
  if (decision.kind !== 'call') return { facts, decision };
  const exhausted = budget.exhausted();
  if (exhausted !== undefined) return { facts, decision, exhausted };
  const { rival } = decision;
  log.info('roll-call-started', `calling the roll of ${rival}: ${decision.reason}`, { rival });
  const roll = await rollCall(context, facts);
  logRoll(context, rival, roll);
  const called: Facts = { ...facts, roll };
  const next = decide(called, ground, rules);
  if (next.kind !== 'claim') await rememberCall(context, seen, facts.self.lease, roll);
  return { facts: called, decision: next };
}

function logRoll({ log }: RoundContext, rival: string, roll: RollFacts): void {
  switch (roll.kind) {
    case 'called': {
      const { answered, ownAnswered } = roll;
      const counts = `${answered} of its managers and ${ownAnswered} of ours answered`;
      return log.info('roll-call-ended', `called the roll of ${rival}: ${counts}`, { rival, answered, ownAnswered });
    }
    case 'unknown':
      return log.warn('roll-call-unknown', `the roll call of ${rival} failed: ${roll.why}`, { rival });
  }
}

/** Under the term that was found, or under the one that was just claimed. */
async function act(context: RoundContext, seen: RoundFacts, facts: Facts, decision: Decision): Promise<RoundResult> {
  switch (decision.kind) {
    case 'nothing':
    case 'call':
      return finish(context, facts, 'nothing', decision.reason);
    case 'reconcile':
      if (facts.term.kind !== 'term') return finish(context, facts, 'nothing', decision.reason);
      return reconcileUnder(context, facts, facts.term.term, decision.reason);
    case 'claim': {
      const claimed = await claim(context, facts, decision, context.budget);
      if (claimed.kind === 'failed') return unfinished(claimed.why);
      const { term } = claimed;
      const { number, holder, previous, ground } = term;
      context.log.warn(
        claimed.isOwn ? 'term-claimed' : 'term-found',
        `term ${number}: ${holder} takes the main tags: ${term.reason}`,
        { term: number, holder, previous, ground },
      );
      await rememberTerm(context, seen, facts.self.lease, term);
      const result = await reconcileUnder(context, facts, term, decision.reason);
      if (claimed.isOwn) await aside(context, 'notify', () => notifyTerm(context, term));
      return result;
    }
  }
}

async function reconcileUnder(context: RoundContext, facts: Facts, term: Term, reason: string): Promise<RoundResult> {
  const result = await reconcile(context, facts, term);
  switch (result.kind) {
    case 'steady':
      return finish(context, facts, 'steady', reason);
    case 'changed':
      logEdits(context, term, result.edits);
      return finish(context, facts, 'reconciled', reason);
    case 'stopped':
      return unfinished(`the tags could not be reconciled: ${result.why}`);
  }
}

function logEdits({ log }: RoundContext, { number }: Term, edits: readonly string[]): void {
  log.warn('tags-changed', `tags changed under term ${number}`, { term: number, edits: edits.join('; ') });
}

function finish({ log }: RoundContext, { self, term: found }: Facts, did: string, reason: string): RoundResult {
  const term = found.kind === 'term' ? `term ${found.term.number} ${found.term.holder}` : `term ${found.kind}`;
  const sentence = `${self.name} ${self.online}/${self.total}, ${term}: ${did} – ${reason}`;
  log.info('round-finished', sentence, {
    online: self.online,
    total: self.total,
    ...(found.kind === 'term' && { term: found.term.number, holder: found.term.holder }),
    did,
  });
  return { kind: 'finished', sentence };
}
