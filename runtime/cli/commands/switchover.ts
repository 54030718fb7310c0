/** `hadr switchover`: shows what changes, asks, sets a pin, and waits until the tags have moved. */
import { readFleet } from '../../fleet/read-fleet.ts';
import { switchOver, type SwitchedOver } from '../../operator/switch-over.ts';
import { planSwitchover, type Blocked, type Move } from '../../core/outlook/plan-move.ts';
import type { FleetFacts } from '../../core/model/facts.ts';
import { clusterGiven, fleetToChange, type FleetAct, type FleetContext, type Usage } from '../context.ts';
import { EXIT, notKnown, notNow, type ExitCode, type Refusal } from '../exit.ts';
import { present } from '../present/output.ts';
import { confirm, differenceText, returnText, whyOf } from './confirm.ts';
import { MOVE_VIEW, type MoveResult } from './move-result.ts';

export function switchover(usage: Usage): FleetAct {
  const to = clusterGiven(usage);
  return (context) => switchTo(context, to);
}

async function switchTo(context: FleetContext, to: string): Promise<ExitCode> {
  const facts = await fleetToChange(context);
  const plan = planned(planSwitchover(facts, to, context.access.config));
  const tags = context.config.mainTags.join(', ');
  const returns = returnText(facts, plan.from, context);
  await confirm(
    context,
    `${differenceText(plan)}${returns === undefined ? '' : `\n${returns}`}`,
    `Move ${tags} from ${plan.from} to ${to}?`,
  );
  const done = await moveNow(context, to, plan.from);
  const result: MoveResult = { version: 1, kind: 'move', from: plan.from, to, term: done.term, seconds: done.seconds };
  present(context.terminal, context.format, result, MOVE_VIEW);
  return EXIT.ok;
}

/** The plan, or a Refusal that says why it is not possible. */
export function planned<T extends { readonly kind: 'ready' }>(plan: T | Blocked): T {
  if (plan.kind === 'ready') return plan;
  throw refusalOf(plan);
}

const refusalOf = ({ by, why }: Blocked): Refusal =>
  (by === 'unknown' ? notKnown : notNow)(`${why}. Nothing was changed.`);

/** Reads the fleet again, because the answer may have taken minutes, and switches over. Throws a Refusal if it does not. */
export async function moveNow(
  context: FleetContext,
  to: string,
  from: string,
): Promise<{ readonly term: number; readonly seconds: number }> {
  const { access, interrupted } = context;
  const now: FleetFacts = await readFleet(access);
  const plan: Move = planned(planSwitchover(now, to, access.config));
  if (plan.from !== from)
    throw notNow(`${plan.from} took the main tags meanwhile; see hadr status. Nothing was changed.`);
  const message = `Pinned to ${to} for a switchover from ${from}${whyOf(context)}`;
  const moved = await switchOver(access, { from, to, now: now.now, message }, interrupted);
  return finished(moved, to, interrupted.aborted);
}

function finished(moved: SwitchedOver, to: string, isInterrupted: boolean): { term: number; seconds: number } {
  switch (moved.kind) {
    case 'done':
      if (moved.left !== undefined)
        throw notKnown(`${to} holds the main tags (term ${moved.term}), but ${moved.left}; see hadr status`);
      return { term: moved.term, seconds: Math.round(moved.seconds * 10) / 10 };
    case 'not-asked':
      throw notKnown(
        `the pin for the switchover was probably not written: ${moved.why}. See hadr status, and run the command again.`,
      );
    case 'late': {
      const how = isInterrupted ? 'you interrupted the wait' : 'the switchover did not finish in time';
      const left = moved.left ?? 'the pin was removed';
      throw (moved.left === undefined ? notNow : notKnown)(`${how}: ${moved.why}; ${left}. See hadr status.`);
    }
  }
}
