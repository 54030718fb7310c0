/**
 * The second step of a round, for adopted runners only. That GitLab hears fewer of them than pods are ready may only mean that
 * their roll was not called: the checker was away, or GitLab took no stamps. So a count below what the cluster's lease
 * asserts is believed only after a call of the roll in this very round. A lower count that stands is called by each stamp anyway.
 */
import { countOf, type Unheard } from '../core/decision/count.ts';
import { isFresh } from '../core/decision/rivals.ts';
import type { RecordFacts, RoundFacts } from '../core/model/facts.ts';
import type { Known } from '../core/model/read.ts';
import type { RoundContext } from './context.ts';
import { readManagers, type OwnCount } from './observe.ts';

/** The facts with a count that may be asserted: as it was observed, or made again after a call of the roll. */
export async function recount(context: RoundContext, facts: RoundFacts, count: OwnCount): Promise<Known<RoundFacts>> {
  const { timing } = context.config;
  if (!isFall(context, count)) return { kind: 'known', value: facts };
  const { deployments, unheard, busySeconds } = count;
  const { records } = facts.self;
  const called = await callRoll(context, unheard, records);
  if (called.kind === 'unknown') return unknownRunners(called.why);
  await context.clock.sleep(timing.rollCallSeconds * 1000);
  const counted = countOf(deployments, records, await readManagers(context, deployments), timing, busySeconds);
  if (counted.kind === 'unknown') return unknownRunners(counted.why);
  warn(context, counted.value.unheard);
  const { online, total } = counted.value;
  return { kind: 'known', value: { ...facts, self: { ...facts.self, online, total } } };
}

const unknownRunners = (why: string): Known<never> => ({ kind: 'unknown', why: `own runners are unknown: ${why}` });

/** Whether the count falls below what the lease in the cluster's own note asserts, only because managers are not heard. */
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
      return { kind: 'unknown', why: `own adopted runners could not be called: ${call.why}` };
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
