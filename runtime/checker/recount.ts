/**
 * The second step of a round, for adopted runners only. If GitLab hears fewer of them than pods are ready, their roll may just not
 * have been called: the checker did not run, or GitLab took no writes. So a count below that of the cluster's lease is used only
 * after a roll call in the same round. A count that stays low is checked anyway: each renewal of the lease calls the roll.
 */
import { countOf, type Unheard } from '../core/decision/count.ts';
import { isFresh } from '../core/decision/rivals.ts';
import type { RecordFacts, RoundFacts } from '../core/model/facts.ts';
import type { Known } from '../core/model/read.ts';
import type { RoundContext } from './context.ts';
import { readManagers, type OwnCount } from './observe.ts';

/** The facts with a count that the lease may show: as it was observed, or counted again after a roll call. */
export async function recount(context: RoundContext, facts: RoundFacts, count: OwnCount): Promise<Known<RoundFacts>> {
  const { timing } = context.config;
  if (!isFall(context, count)) return { kind: 'known', value: facts };
  const { deployments, unheard, withinSeconds } = count;
  const { records } = facts.self;
  const called = await callRoll(context, unheard, records);
  if (called.kind === 'unknown') return unknownRunners(called.why);
  await context.clock.sleep(timing.rollCallSeconds * 1000);
  const counted = countOf(deployments, records, await readManagers(context, deployments), withinSeconds);
  if (counted.kind === 'unknown') return unknownRunners(counted.why);
  warn(context, counted.value.unheard);
  const { online, total } = counted.value;
  return { kind: 'known', value: { ...facts, self: { ...facts.self, online, total } } };
}

const unknownRunners = (why: string): Known<never> => ({
  kind: 'unknown',
  why: `this cluster's runners cannot be counted: ${why}`,
});

/** Whether the count falls below that of the lease in the cluster's own note, because GitLab does not hear some managers. */
function isFall({ config }: RoundContext, { online, unheard, lease }: OwnCount): boolean {
  if (unheard.length === 0) return false;
  return !isFresh(lease, config.timing) || online < lease.lease.online;
}

async function callRoll(
  context: RoundContext,
  unheard: readonly Unheard[],
  records: readonly RecordFacts[],
): Promise<Known<true>> {
  const calls = await Promise.all(
    unheard.map(async ({ record }) => {
      const read = records.find(({ id }) => id === record)?.read;
      return read?.kind === 'found'
        ? context.records.write(record, { description: read.value.description })
        : undefined;
    }),
  );
  for (const call of calls)
    if (call?.kind === 'unknown')
      return { kind: 'unknown', why: `the roll call of its adopted runners failed: ${call.why}` };
  return { kind: 'known', value: true };
}

function warn({ log, config }: RoundContext, unheard: readonly Unheard[]): void {
  for (const { name, record, ready, heard } of unheard)
    log.warn(
      'managers-not-polling',
      `${ready} pods of Deployment ${name} are Ready, but GitLab sees ${heard} managers of record ${record}: the others did not ask ` +
        `for jobs within ${config.timing.rollCallSeconds} s; check their log, their token and their check_interval`,
      { record, ready, heard },
    );
}
