/** `hadr failover --force`: claims a term without evidence, after showing the risks. */
import { readFleet } from '../../fleet/read-fleet.ts';
import { force } from '../../operator/force.ts';
import { planForced } from '../../core/outlook/plan-move.ts';
import { clusterGiven, fleetToChange, type FleetAct, type FleetContext, type Usage } from '../context.ts';
import { EXIT, notKnown, notNow, wrongUsage, type ExitCode } from '../exit.ts';
import { present } from '../present/output.ts';
import { confirm, differenceText, whyOf } from './confirm.ts';
import { MOVE_VIEW, type MoveResult } from './move-result.ts';
import { planned } from './switchover.ts';

export function failover(usage: Usage): FleetAct {
  const to = clusterGiven(usage);
  if (!usage.given.flags.has('force'))
    throw wrongUsage(
      'the checkers fail over by themselves when the evidence is there (see hadr status); give --force to claim without that evidence. Nothing was changed.',
    );
  return (context) => forceTo(context, to);
}

async function forceTo(context: FleetContext, to: string): Promise<ExitCode> {
  const { access, inquiry, config } = context;
  const plan = planned(planForced(await fleetToChange(context), to, access.config));
  const risks = plan.risks.map((risk) => `  ! ${risk}`).join('\n');
  await confirm(
    context,
    `${differenceText(plan)}\n${risks}`,
    `Force ${config.mainTags.join(', ')} from ${plan.from} to ${to} with term ${plan.number}?`,
  );
  const user = await inquiry.username();
  const reason = `${user.kind === 'found' ? user.value : 'a person'} forced this term${whyOf(context)}`;
  const now = planned(planForced(await readFleet(access), to, access.config));
  const forced = await force(access, now, reason, Math.random, context.interrupted);
  switch (forced.kind) {
    case 'not-claimed':
      throw notKnown(`the term was probably not claimed: ${forced.why}. See hadr status.`);
    case 'undone':
      throw notNow(
        `term ${forced.term} named ${to}, but ${forced.holder} has taken the main tags since (term ${forced.by}): hadr explain ${forced.by} shows why. To keep them on ${to}, use hadr pin.`,
      );
    case 'late':
      throw notKnown(
        `term ${forced.term} names ${to} and is valid, but the tags have not followed: ${forced.why}. The next round of any checker moves them; see hadr status.`,
      );
    case 'done': {
      const seconds = Math.round(forced.seconds * 10) / 10;
      const result: MoveResult = { version: 1, kind: 'move', from: now.from, to, term: forced.term, seconds };
      present(context.terminal, context.format, result, MOVE_VIEW);
      return EXIT.ok;
    }
  }
}
