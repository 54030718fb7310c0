/** A round: observe, report, decide, converge. It ends in one sentence. */
import { decide, type Decision } from '../core/decision/decide.ts';
import type { Facts, RollFacts } from '../core/model/facts.ts';
import type { Term } from '../core/model/term.ts';
import { claim } from '../fleet/claim.ts';
import { startBudget, type Budget, type CheckerContext } from './context.ts';
import { reconcile } from './reconcile.ts';
import { observe, type Observation } from './observe.ts';
import { publish, type PageMemory } from './publish.ts';
import { commitReport, stamp, stampCall, stampTerm } from './report.ts';
import { rollCall } from './roll-call.ts';
import { notifyFoundTerm, notifyTerm } from './notify.ts';

export type RoundResult =
  { readonly kind: 'finished'; readonly sentence: string } | { readonly kind: 'unfinished'; readonly why: string };

/** With what the round has decided on, where it came so far. */
export type Round = RoundResult & { readonly facts?: Facts };

/** `page` is what the run knows of the page; a round alone knows nothing of it. */
export async function round(checker: CheckerContext, page: PageMemory = { mark: undefined }): Promise<Round> {
  const budget = startBudget(checker.clock, checker.config.timing.budgetSeconds);
  // 1. Observe.
  const observed = await observe(checker);
  if (observed.kind === 'blind') return { kind: 'unfinished', why: observed.why };
  const seen = observed.observation;
  // 2. Report.
  const stamped = await stamp(checker, seen, budget);
  if (stamped.kind === 'failed') return { kind: 'unfinished', why: stamped.why };
  await commitReport(checker, seen, stamped.lease);
  // 3. Decide; a silent holder is called before it is believed to be gone.
  const { policy, timing } = checker.config;
  let facts = factsOf(checker, seen, stamped.lease);
  let decision = decide(facts, { policy, timing });
  if (decision.kind === 'call') {
    const spent = budget.exhausted();
    if (spent !== undefined) return { kind: 'unfinished', why: spent, facts };
    const { rival } = decision;
    checker.log.info('roll-call-started', `calling the roll of ${rival}: ${decision.reason}`, { rival });
    const roll = await rollCall(checker, facts, rival);
    logRoll(checker, rival, roll);
    facts = { ...facts, roll };
    decision = decide(facts, { policy, timing });
    if (decision.kind !== 'claim') await stampCall(checker, seen, stamped.lease, roll);
  }
  const result = await act(checker, seen, facts, decision, budget);
  // After a claim the facts are those of the term before; the next round shows the new one.
  if (decision.kind !== 'claim') {
    await notifyFoundTerm(checker, seen, budget);
    if (result.kind === 'finished') await publish(checker, facts, budget, page);
  }
  return { ...result, facts };
}

function factsOf(checker: CheckerContext, seen: Observation, stamped: Facts['self']['stamped']): Facts {
  const { config } = checker;
  return {
    now: seen.now,
    self: {
      name: config.cluster,
      preferred: config.preferred,
      online: seen.online,
      total: seen.total,
      ownTags: config.ownTags,
      records: seen.records,
      stamped,
    },
    rivals: seen.rivals,
    mainTags: config.mainTags,
    term: seen.term,
    control: seen.control,
  };
}

function logRoll({ log }: CheckerContext, rival: string, roll: RollFacts): void {
  switch (roll.kind) {
    case 'called': {
      const { answered, ownAnswered } = roll;
      const counts = `${answered} of its managers answered, and ${ownAnswered} of ours`;
      return log.info('roll-call-ended', `called the roll of ${rival}: ${counts}`, { rival, answered, ownAnswered });
    }
    case 'unknown':
      return log.warn('roll-call-unknown', `the roll call of ${rival} failed: ${roll.why}`, { rival });
  }
}

/** 4. Converge, under the term that was found or the one that was just claimed. */
async function act(
  checker: CheckerContext,
  seen: Observation,
  facts: Facts,
  decision: Decision,
  budget: Budget,
): Promise<RoundResult> {
  switch (decision.kind) {
    case 'nothing':
    case 'call':
      return finish(checker, seen, facts, 'nothing', decision.reason);
    case 'converge':
      if (facts.term.kind !== 'term') return finish(checker, seen, facts, 'nothing', decision.reason);
      return convergeUnder(checker, seen, facts, facts.term.term, decision.reason, budget);
    case 'claim': {
      const claimed = await claim(checker, facts, decision, budget);
      if (claimed.kind === 'failed') return { kind: 'unfinished', why: claimed.why };
      const { term } = claimed;
      const { number, holder, previous, ground } = term;
      checker.log.warn(
        claimed.isOwn ? 'term-claimed' : 'term-found',
        `term ${number}: ${holder} takes the main tags: ${term.reason}`,
        { term: number, holder, previous, ground },
      );
      await stampTerm(checker, seen, facts.self.stamped, term);
      const result = await convergeUnder(checker, seen, facts, term, decision.reason, budget);
      if (claimed.isOwn) await notifyTerm(checker, term, budget);
      return result;
    }
  }
}

async function convergeUnder(
  checker: CheckerContext,
  seen: Observation,
  facts: Facts,
  term: Term,
  reason: string,
  budget: Budget,
): Promise<RoundResult> {
  const result = await reconcile(checker, seen, term, budget);
  switch (result.kind) {
    case 'steady':
      return finish(checker, seen, facts, 'steady', reason);
    case 'changed':
      checker.log.warn('tags-changed', `tags changed under term ${term.number}`, {
        term: term.number,
        edits: result.edits.join('; '),
      });
      return finish(checker, seen, facts, 'converged', reason);
    case 'stopped':
      return { kind: 'unfinished', why: `convergence stopped: ${result.why}` };
  }
}

function finish(checker: CheckerContext, seen: Observation, facts: Facts, did: string, reason: string): RoundResult {
  const term =
    facts.term.kind === 'term' ? `term ${facts.term.term.number} ${facts.term.term.holder}` : `term ${facts.term.kind}`;
  const sentence = `${checker.config.cluster} ${seen.online}/${seen.total}, ${term}: ${did} – ${reason}`;
  checker.log.info('round-finished', sentence, {
    online: seen.online,
    total: seen.total,
    ...(facts.term.kind === 'term' && { term: facts.term.term.number, holder: facts.term.term.holder }),
    did,
  });
  return { kind: 'finished', sentence };
}
