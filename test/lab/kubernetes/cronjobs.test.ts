import assert from 'node:assert/strict';
import { startCluster, type LabCluster } from '../../../lab/kubernetes/cluster.ts';
import { isRecord, type StoredObject } from '../../../lab/kubernetes/objects.ts';
import { until } from '../until.ts';
import { cronJob, linesOf, NAMESPACE } from './workloads.ts';

const MINUTE_MS = 300;

describe('lab CronJobs', () => {
  let cluster: LabCluster;
  before(async () => {
    cluster = await startCluster({ name: 'cron', minuteMs: MINUTE_MS });
  });
  after(() => cluster.close());
  afterEach(async () => {
    for (const each of await cluster.client.list({ apiVersion: 'batch/v1', kind: 'CronJob' }))
      await cluster.client.delete({ apiVersion: 'batch/v1', kind: 'CronJob', name: each.metadata.name });
  });

  const jobs = (): Promise<readonly StoredObject[]> =>
    cluster.client.list({ apiVersion: 'batch/v1', kind: 'Job', namespace: NAMESPACE });
  const named = async (name: string): Promise<string[]> =>
    (await jobs()).map((job) => job.metadata.name).filter((each) => each.startsWith(`${name}-`));
  const conditionOf = (job: StoredObject): unknown => {
    const conditions = isRecord(job['status']) ? job['status']['conditions'] : undefined;
    const first: unknown = Array.isArray(conditions) ? conditions[0] : undefined;
    return isRecord(first) ? `${String(first['type'])} ${String(first['reason'])}` : undefined;
  };
  /** All pods that a CronJob has had, also those that are gone: they said "run". */
  const runs = (prefix: string): Set<string> => new Set(seen.filter((pod) => pod.startsWith(`${prefix}-`)));
  const seen: string[] = [];
  before(() => cluster.onLog((line) => void seen.push(line.pod)));

  it('makes a Job each minute, named after the minute, which completes', async () => {
    await cluster.client.apply(cronJob('tick', {}, 'echo run'));
    const [first = '', second = ''] = await until('two jobs', async () => {
      const names = await named('tick');
      return names.length >= 2 ? names : undefined;
    });
    // A machine that stalls for a minute skips it, like the real controller: it starts the newest due minute.
    assert.ok(Number(second.split('-')[1]) > Number(first.split('-')[1]));
    assert.ok(Math.abs(Number(first.split('-')[1]) * MINUTE_MS - Date.now()) < 10 * MINUTE_MS);
    await until('the first completed', async () => {
      const job = (await jobs()).find((each) => each.metadata.name === first);
      return job && conditionOf(job) === 'Complete CompletionsReached';
    });
  });

  it('with Replace stops a run that hangs and starts the next', async () => {
    await cluster.client.apply(
      cronJob(
        'hang',
        { concurrencyPolicy: 'Replace' },
        `trap 'echo stopped; exit 0' TERM; echo run; while :; do sleep 0.05; done`,
      ),
    );
    const [first = ''] = await until('two runs', () => (runs('hang').size >= 2 ? [...runs('hang')] : undefined));
    await until('the first was told to stop', () => linesOf(cluster, first, 'run').includes('stopped'));
    await until(
      'one is left',
      () => cluster.pods().filter((pod) => pod.name.startsWith('hang-') && !pod.terminating).length === 1,
    );
  });

  it('with Forbid starts no run while another is active', async () => {
    await cluster.client.apply(cronJob('forbid', { concurrencyPolicy: 'Forbid' }, 'echo run; exec sleep 0.8'));
    await until('a second run', () => runs('forbid').size >= 2);
    const active = cluster.pods().filter((pod) => pod.name.startsWith('forbid-') && pod.status.phase === 'Running');
    assert.equal(active.length, 1);
    assert.ok((await named('forbid')).length <= 2, 'the minutes between were skipped');
  });

  it('starts nothing while suspended, and skips the starts of missRun', async () => {
    await cluster.client.apply(cronJob('off', { suspend: true }, 'echo run'));
    await cluster.client.apply(cronJob('missed', {}, 'echo run'));
    cluster.missRun('missed', 1000);
    await cluster.client.apply(cronJob('control', {}, 'echo run'));
    await until('another one ran twice', () => runs('control').size >= 2);
    assert.equal(runs('off').size, 0);
    assert.equal(runs('missed').size, 0);
    cluster.missRun('missed', 0);
    cluster.suspendCronJob('off', false);
    await until('both run', () => runs('off').size > 0 && runs('missed').size > 0);
  });

  it('does not retry a failed run with backoffLimit 0, and keeps the history short', async () => {
    await cluster.client.apply(cronJob('fail', { failedJobsHistoryLimit: 1 }, 'echo run; exit 1'));
    await until('three runs', () => runs('fail').size >= 3);
    const failed = await until('one is kept', async () => {
      const kept = (await jobs()).filter(
        (job) => job.metadata.name.startsWith('fail-') && conditionOf(job) !== undefined,
      );
      return kept.length === 1 ? kept : undefined;
    });
    assert.ok(failed[0]);
    assert.equal(conditionOf(failed[0]), 'Failed BackoffLimitExceeded');
    const minutes = [...runs('fail')].map((pod) => pod.split('-')[1]);
    assert.equal(new Set(minutes).size, minutes.length, 'one pod a minute');
  });

  it("ends a Job at its deadline and takes a deleted CronJob's Jobs and pods with it", async () => {
    await cluster.client.apply(cronJob('slow', {}, 'echo run; exec sleep 600', { activeDeadlineSeconds: 1 }));
    await until('a Job failed by its deadline', async () =>
      (await jobs()).some(
        (job) => job.metadata.name.startsWith('slow-') && conditionOf(job) === 'Failed DeadlineExceeded',
      ),
    );
    await cluster.client.delete({ apiVersion: 'batch/v1', kind: 'CronJob', name: 'slow' }, { waitMs: 5000 });
    assert.deepEqual(await named('slow'), []);
    // Pods of removed Jobs may still be in their grace period.
    await until('its pods are gone', () => !cluster.pods().some((pod) => pod.name.startsWith('slow-')));
  });
});
