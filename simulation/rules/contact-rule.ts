/**
 * What is often built instead of this project: a script for each cluster that trusts GitLab's runner status, and moves the tag when
 * GitLab has not heard from the holder's runners for too long. It gets every advantage: it knows all records at once, does nothing
 * on a failed read, and removes the tag before it adds it.
 */
import type { CheckerContext } from '../../runtime/checker/context.ts';
import type { RecordView } from '../../runtime/core/model/facts.ts';
import type { CheckerProgram } from '../world/cluster.ts';

interface Seen {
  readonly cluster: string;
  readonly record: RecordView;
  readonly isOnline: boolean;
}

export function contactRule(offlineAfterSeconds: number): CheckerProgram {
  return async (checker, owners) => {
    const { clock, config } = checker;
    const { roundSeconds, periodSeconds, endMarginSeconds } = config.timing;
    const last = clock.now() + (periodSeconds - endMarginSeconds) * 1000;
    for (let next = clock.now(); next < last;) {
      next = clock.now() + roundSeconds * 1000;
      const seen = await look(checker, owners, offlineAfterSeconds);
      if (seen) await converge(checker, seen);
      if (next < last) await clock.sleep(next - clock.now());
    }
  };
}

/** All records, or undefined if any of them could not be read. */
async function look(
  { records }: CheckerContext,
  owners: ReadonlyMap<number, string>,
  offlineAfterSeconds: number,
): Promise<Seen[] | undefined> {
  const reads = await Promise.all(
    [...owners].map(async ([id, cluster]) => ({ cluster, read: await records.read(id) })),
  );
  const seen: Seen[] = [];
  for (const { cluster, read } of reads) {
    if (read.kind === 'unknown') return undefined;
    if (read.kind === 'absent') continue;
    const { contactedAt, paused } = read.value;
    const isOnline = !paused && contactedAt !== null && read.at - Date.parse(contactedAt) / 1000 <= offlineAfterSeconds;
    seen.push({ cluster, record: read.value, isOnline });
  }
  return seen;
}

/** The holder keeps the tag while it is online. Otherwise the first cluster that is online gets it, the preferred one first. */
function chosen({ config }: CheckerContext, seen: readonly Seen[]): string | undefined {
  const has = ({ record }: Seen): boolean => config.mainTags.some((tag) => record.tags.includes(tag));
  const ranked = seen
    .filter(({ isOnline }) => isOnline)
    .toSorted((a, b) => Number(has(b)) - Number(has(a)) || (a.cluster < b.cluster ? -1 : 1));
  return ranked[0]?.cluster;
}

async function converge(checker: CheckerContext, seen: readonly Seen[]): Promise<void> {
  const { config, pods, records } = checker;
  const holder = chosen(checker, seen);
  const deployments = await pods.deployments();
  if (deployments.kind === 'unknown') return;
  const ready = deployments.value.reduce((sum, deployment) => sum + deployment.ready, 0);
  const own = new Set(deployments.value.map(({ record }) => record));
  const isMine = holder === config.cluster && ready >= config.policy.minOnline;
  for (const { cluster, record } of seen) {
    const without = record.tags.filter((tag) => !config.mainTags.includes(tag));
    const isOff = without.length === record.tags.length;
    // It removes the tags of others when it must hold them, and its own when it must not.
    const mayStrip = isMine
      ? !own.has(record.id)
      : cluster === config.cluster && holder !== undefined && holder !== cluster;
    if (isOff || !mayStrip) continue;
    const written = await records.write(record.id, { tags: without });
    if (written.kind === 'unknown') return;
  }
  if (!isMine) return;
  for (const { record } of seen.filter((candidate) => own.has(candidate.record.id)))
    if (!config.mainTags.every((tag) => record.tags.includes(tag)))
      await records.write(record.id, { tags: [...new Set([...record.tags, ...config.mainTags])] });
}
