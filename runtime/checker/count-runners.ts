/**
 * Counts this cluster's runners. That GitLab hears fewer adopted ones than pods are ready may only mean that nobody has called
 * them: the checker was away, or GitLab took no stamps. So a count below what the cluster asserts is believed only after
 * a call of the roll in this very round; one that stands is called by each stamp anyway.
 */
import { countOf, type Count, type ManagersByRecord, type Unheard } from '../core/decision/count.ts';
import type { Known } from '../core/model/read.ts';
import type { RecordFacts } from '../core/model/facts.ts';
import type { LeaseRead } from '../core/model/lease.ts';
import { isFresh } from '../core/decision/rivals.ts';
import type { RunnerDeployment } from '../ports.ts';
import type { Timing } from '../timing.ts';
import type { CheckerContext } from './context.ts';

/** Of a cluster's own runners alone it asks nothing. */
export async function readManagers(
  checker: Pick<CheckerContext, 'records'>,
  deployments: readonly Pick<RunnerDeployment, 'record' | 'adopted'>[],
): Promise<ManagersByRecord> {
  const ids = new Set(deployments.filter(({ adopted }) => adopted).map(({ record }) => record));
  return new Map(await Promise.all([...ids].map(async (id) => [id, await checker.records.managers(id)] as const)));
}

/** Whether the count falls below what the lease in the cluster's own note asserts, by silence alone. */
export function isFall(counted: Known<Count>, lease: LeaseRead, timing: Timing): boolean {
  if (counted.kind === 'unknown' || counted.value.unheard.length === 0) return false;
  return !isFresh(lease, timing) || counted.value.online < lease.lease.online;
}

/** Calls the roll of those that GitLab does not hear, and counts again. */
export async function countCalled(
  checker: CheckerContext,
  deployments: readonly RunnerDeployment[],
  records: readonly RecordFacts[],
  unheard: readonly Unheard[],
  busySeconds: number,
): Promise<Known<Count>> {
  const { timing } = checker.config;
  const called = await callRoll(checker, unheard, records);
  if (called.kind === 'unknown') return called;
  await checker.clock.sleep(timing.rollCallSeconds * 1000);
  const counted = countOf(deployments, records, await readManagers(checker, deployments), timing, busySeconds);
  if (counted.kind === 'known') warnUnheard(checker, counted.value.unheard);
  return counted;
}

async function callRoll(
  checker: CheckerContext,
  unheard: readonly Unheard[],
  records: readonly RecordFacts[],
): Promise<Known<true>> {
  const calls = await Promise.all(
    unheard.map(async ({ record }) => {
      const read = records.find(({ id }) => id === record)?.read;
      return read?.kind === 'found'
        ? checker.records.write(record, { description: read.value.description })
        : undefined;
    }),
  );
  for (const call of calls)
    if (call?.kind === 'unknown')
      return { kind: 'unknown', why: `own adopted runners could not be called: ${call.why}` };
  return { kind: 'known', value: true };
}

function warnUnheard({ log, config }: CheckerContext, unheard: readonly Unheard[]): void {
  for (const { name, record, ready, heard } of unheard)
    log.warn(
      'managers-not-polling',
      `${ready} pods of Deployment ${name} are Ready, but GitLab sees ${heard} managers of record ${record}: the others did not ask ` +
        `for jobs within ${config.timing.rollCallSeconds} s; check their log, their token and their check_interval`,
      { record, ready, heard },
    );
}
