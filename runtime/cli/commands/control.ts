/** `hadr pause`, `resume`, `pin` and `unpin`: what people ask for, in control.json. The checkers do the rest. */
import * as z from 'zod';
import { isoOf, duration, moment } from '../../core/model/time.ts';
import { isRetired, type Control } from '../../core/model/control.ts';
import type { FleetFacts } from '../../core/model/facts.ts';
import { nextMove } from '../../core/outlook/next-move.ts';
import { currentHolder } from '../../core/decision/ground.ts';
import { pinnedCluster } from '../../core/decision/rivals.ts';
import { editControl } from '../../fleet/edit-control.ts';
import { clusterGiven, fleetToChange, type FleetContext } from '../context.ts';
import { EXIT, notKnown, notNow, wrongUsage, type ExitCode } from '../exit.ts';
import { present } from '../present/output.ts';
import { secondsIn } from '../present/words.ts';

export const changeSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal('change'),
  changed: z.boolean().describe('False where it said so already and nothing was written.'),
  done: z.string().describe('What was done and what follows, in a sentence.'),
});
type Change = z.infer<typeof changeSchema>;

export async function pause(desk: FleetContext): Promise<ExitCode> {
  await fleetToChange(desk);
  return edit(desk, (control) => ({ ...control, paused: true }), 'Paused', [
    'paused: nothing moves until hadr resume',
    'it was paused already',
  ]);
}

export async function resume(desk: FleetContext): Promise<ExitCode> {
  await fleetToChange(desk);
  return edit(desk, (control) => ({ ...control, paused: false }), 'Resumed', [
    'resumed: the main tags follow the stronger cluster again',
    'it was not paused',
  ]);
}

export async function pin(desk: FleetContext): Promise<ExitCode> {
  const cluster = clusterGiven(desk);
  const seconds = durationGiven(desk.given.texts.get('for'));
  const facts = await fleetToChange(desk);
  if (facts.control.kind === 'found' && isRetired(facts.control.value, cluster))
    throw notNow(
      `${cluster} is retired and would never take the main tags; take it out of retired in control.json first. Nothing was changed.`,
    );
  const until = seconds === undefined ? undefined : isoOf(facts.now + seconds);
  const when = until === undefined ? 'until hadr unpin' : `until ${moment(until)} (${duration(seconds ?? 0)})`;
  return edit(
    desk,
    (control) => ({ ...control, pin: { cluster, ...(until !== undefined && { until }) } }),
    `Pinned to ${cluster} ${until === undefined ? 'until further notice' : `until ${until}`}`,
    [`pinned to ${cluster} ${when}; ${followsOf(facts, cluster, desk)}`, `they were pinned to ${cluster} already`],
  );
}

export async function unpin(desk: FleetContext): Promise<ExitCode> {
  const facts = await fleetToChange(desk);
  const pinned = facts.control.kind === 'found' ? pinnedCluster(facts.control.value, facts.now) : undefined;
  return edit(
    desk,
    (control) => ({ ...control, pin: null }),
    `Unpinned${pinned === undefined ? '' : ` from ${pinned}`}`,
    ['unpinned: the main tags stay where they are and follow the stronger cluster again', 'they were not pinned'],
  );
}

function durationGiven(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = secondsIn(text);
  if (seconds === undefined)
    throw wrongUsage(`--for ${text} is no duration; give one like 90s, 30m, 2h or 7d. Nothing was changed.`);
  return seconds;
}

/** What the pin brings about, as the pinned cluster's own checker will decide it. */
function followsOf(facts: FleetFacts, cluster: string, { access }: FleetContext): string {
  const holder = currentHolder(facts)?.name;
  if (holder === cluster) return 'it holds them';
  const pinned: Control | undefined =
    facts.control.kind === 'found' ? { ...facts.control.value, pin: { cluster } } : undefined;
  const asked: FleetFacts = pinned ? { ...facts, control: { kind: 'found', value: pinned, at: facts.now } } : facts;
  const move = nextMove(asked, cluster, access.config);
  if (move.kind === 'claim') return 'its checker takes them in its next round';
  return `${holder ?? 'nobody'} keeps them until it can take them: ${move.reason}`;
}

/** Commits the change, and says what was done or that it was so already. */
async function edit(
  desk: FleetContext,
  change: (control: Control) => Control,
  message: string,
  [done, same]: readonly [string, string],
): Promise<ExitCode> {
  const why = desk.given.texts.get('why');
  const edited = await editControl(desk.access, change, why === undefined ? message : `${message}: ${why}`);
  if (edited.kind === 'failed')
    throw notKnown(
      `control.json was not changed, as far as is known: ${edited.why}. Look with hadr status, and run it again.`,
    );
  const result: Change = {
    version: 1,
    kind: 'change',
    changed: edited.kind === 'changed',
    done: edited.kind === 'changed' ? done : `${same}; nothing was changed`,
  };
  present(desk.terminal, desk.format, result, (data) => data.done);
  return EXIT.ok;
}
