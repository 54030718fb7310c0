/** What a move will change, for the person who must say yes. */
import type { FleetFacts } from '../../core/model/facts.ts';
import type { Move } from '../../core/outlook/plan-move.ts';
import type { FleetContext } from '../context.ts';
import { notNow, wrongUsage } from '../exit.ts';
import { table } from '../present/table.ts';
import { duration } from '../../core/model/time.ts';

/** `cluster-a  record 11  -rnd-runner` */
export const differenceText = ({ edits }: Move): string =>
  table(edits.map(({ cluster, record, difference }) => [`  ${cluster}`, `record ${record}`, difference]));

/** Shows the text and asks, unless --yes is given. Throws a Refusal for a no, and without a terminal. */
export async function confirm(context: FleetContext, text: string, question: string): Promise<void> {
  const { terminal, given } = context;
  terminal.err(`${text}\n`);
  if (given.flags.has('yes')) return;
  const answer = await terminal.ask(question);
  if (answer === undefined)
    throw wrongUsage(
      `hadr ${given.command} asks for confirmation, but there is no terminal; give --yes. Nothing was changed.`,
    );
  if (!answer) throw notNow('nothing was changed');
}

/** The commit message's tail. */
export const whyOf = ({ given }: FleetContext): string => {
  const why = given.texts.get('why');
  return why === undefined ? '' : `: ${why}`;
};

/** Says when the tags will move back automatically, if the rules do that. */
export function returnText(fleet: FleetFacts, from: string, { config }: FleetContext): string | undefined {
  const { failback, failbackAfterSeconds } = config.policy;
  const report = fleet.members.find(({ name }) => name === from)?.report;
  if (failback !== 'automatic' || report?.kind !== 'found' || !report.value.preferred) return undefined;
  return `${from} is preferred and failback is automatic: it takes the tags back after ${duration(failbackAfterSeconds)}, unless you pin them.`;
}
