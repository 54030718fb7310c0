/** `hadr drill`: a switchover there and back, to prove that it works and to measure how long it takes. */
import * as z from 'zod';
import { isoOf } from '../../core/model/time.ts';
import { drillPath, type Drill } from '../../core/model/drill.ts';
import { fileText } from '../../core/model/stored-file.ts';
import { planSwitchover } from '../../core/outlook/plan-move.ts';
import { readFleet } from '../../fleet/read-fleet.ts';
import { waitFor } from '../../operator/wait.ts';
import { pollSeconds } from '../../operator/switch-over.ts';
import { clusterGiven, fleetToChange, type FleetAct, type FleetContext, type Usage } from '../context.ts';
import { EXIT, notKnown, notNow, Refusal, type ExitCode } from '../exit.ts';
import { present } from '../present/output.ts';
import { confirm, differenceText } from './confirm.ts';
import { moveNow, planned } from './switchover.ts';

const leg = z.strictObject({ term: z.number().int(), seconds: z.number().min(0) });

export const drillSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal('drill'),
  from: z.string(),
  to: z.string(),
  there: leg.describe('The seconds are from the request until the main tags were on the other cluster.'),
  back: leg,
  published: z.string().describe('The file in the status project.'),
});
type DrillResult = z.infer<typeof drillSchema>;

export function drill(usage: Usage): FleetAct {
  const to = clusterGiven(usage);
  return (context) => drillTo(context, to);
}

async function drillTo(context: FleetContext, to: string): Promise<ExitCode> {
  const { access, inquiry, terminal, format } = context;
  const facts = await fleetToChange(context);
  const plan = planned(planSwitchover(facts, to, access.config));
  const { from } = plan;
  await confirm(
    context,
    `${differenceText(plan)}\nand back again`,
    `Drill a switchover from ${from} to ${to} and back?`,
  );
  const there = await moveNow(context, to, from);
  access.say(`there: ${there.seconds} s, term ${there.term}`);
  const back = await wayBack(context, from, to);
  const user = await inquiry.username();
  const by = user.kind === 'found' ? user.value : 'a person';
  const at = isoOf((await readFleet(access)).now);
  const result: Drill = { version: 1, at, by, from, to, there, back };
  const path = drillPath(there.term);
  const message = `Drill: ${from} to ${to} in ${there.seconds} s, and back in ${back.seconds} s`;
  const saved = await access.project.create(path, fileText(result), message);
  if (saved.kind !== 'created' && saved.kind !== 'exists')
    throw notKnown(`${message}; the result was probably not published: ${saved.why}`);
  const data: DrillResult = { version: 1, kind: 'drill', from, to, there, back, published: path };
  present(terminal, format, data, { schema: drillSchema, text: () => `${message}; published as ${path}` });
  return EXIT.ok;
}

/** First waits until the former holder may claim again. Throws a Refusal that says where the tags are. */
async function wayBack(context: FleetContext, from: string, to: string): Promise<{ term: number; seconds: number }> {
  const { access, interrupted } = context;
  const { timing } = access.config;
  const boundSeconds = timing.leaseSeconds;
  const ready = await waitFor<true>(
    access,
    { boundSeconds, everySeconds: pollSeconds(timing), interrupted },
    (facts) => {
      const plan = planSwitchover(facts, from, access.config);
      return plan.kind === 'ready' ? { kind: 'done', value: true } : { kind: 'waits', why: plan.why };
    },
  );
  const stays = `${to} holds the main tags: move them back with hadr switchover --to ${from}.`;
  if (ready.kind === 'late') throw notNow(`switching back is not possible: ${ready.why}. ${stays}`);
  try {
    return await moveNow(context, from, to);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(error.code, `switching back failed: ${error.message} ${stays}`);
  }
}
