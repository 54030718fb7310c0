/** `hadr pin` and `hadr unpin`. */
import { duration, isoOf, moment } from '../../core/model/time.ts';
import { isRetired, type Control } from '../../core/model/control.ts';
import { holderOf, type FleetFacts } from '../../core/model/facts.ts';
import { nextMove } from '../../core/outlook/next-move.ts';
import { pinnedCluster } from '../../core/decision/rivals.ts';
import { clusterGiven, fleetToChange, type FleetAct, type FleetContext, type Usage } from '../context.ts';
import { notNow, wrongUsage, type ExitCode } from '../exit.ts';
import { secondsIn } from '../present/duration.ts';
import { change } from './change.ts';

export function pin(usage: Usage): FleetAct {
  const cluster = clusterGiven(usage);
  const seconds = durationGiven(usage.given.texts.get('for'));
  return (context) => pinTo(context, cluster, seconds);
}

async function pinTo(context: FleetContext, cluster: string, seconds: number | undefined): Promise<ExitCode> {
  const facts = await fleetToChange(context);
  if (facts.control.kind === 'found' && isRetired(facts.control.value, cluster))
    throw notNow(
      `${cluster} is retired and would never take the main tags; remove it from retired in control.json first. Nothing was changed.`,
    );
  const until = seconds === undefined ? undefined : isoOf(facts.now + seconds);
  const when = until === undefined ? 'until hadr unpin' : `until ${moment(until)} (${duration(seconds ?? 0)})`;
  return change(
    context,
    (control) => ({ ...control, pin: { cluster, ...(until !== undefined && { until }) } }),
    `Pinned to ${cluster} ${until === undefined ? 'until further notice' : `until ${until}`}`,
    [
      `pinned to ${cluster} ${when}; ${followsOf(facts, cluster, context)}`,
      `the main tags were already pinned to ${cluster}`,
    ],
  );
}

export async function unpin(context: FleetContext): Promise<ExitCode> {
  const facts = await fleetToChange(context);
  const pinned = facts.control.kind === 'found' ? pinnedCluster(facts.control.value, facts.now) : undefined;
  return change(
    context,
    (control) => ({ ...control, pin: null }),
    `Unpinned${pinned === undefined ? '' : ` from ${pinned}`}`,
    [
      'unpinned: the main tags stay where they are and follow the stronger cluster again',
      'the main tags were not pinned',
    ],
  );
}

function durationGiven(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = secondsIn(text);
  if (seconds === undefined)
    throw wrongUsage(`--for ${text} is not a duration; give one like 90s, 30m, 2h or 7d. Nothing was changed.`);
  return seconds;
}

/** What the pin brings about, as the pinned cluster's own checker will decide it. */
function followsOf(facts: FleetFacts, cluster: string, { access }: FleetContext): string {
  const holder = holderOf(facts.term, facts.members)?.name;
  if (holder === cluster) return 'it holds the main tags';
  const pinned: Control | undefined =
    facts.control.kind === 'found' ? { ...facts.control.value, pin: { cluster } } : undefined;
  const asked: FleetFacts = pinned ? { ...facts, control: { kind: 'found', value: pinned, at: facts.now } } : facts;
  const move = nextMove(asked, cluster, access.config);
  if (move.kind === 'claim') return 'its checker takes the main tags in its next round';
  return `${holder ?? 'no cluster'} keeps the main tags until ${cluster} can take them: ${move.reason}`;
}
