/**
 * From two helm releases to HADR in charge and back, as docs/adoption.md leads through it: real processes, the shipped program,
 * and Deployments and records that were there before and must be there after, as they were.
 */
import assert from 'node:assert/strict';
import { program } from '../../../infra/program.ts';
import { stackConfig } from '../../../infra/render/stack-config.ts';
import { LAB_POLICY, LAB_TIMING } from '../../../lab/demo/times.ts';
import type { Runner } from '../../../lab/gitlab/model/runners.ts';
import { startGitLab, type GitLabServer } from '../../../lab/gitlab/server.ts';
import { startCluster, type LabCluster } from '../../../lab/kubernetes/cluster.ts';
import { parseLogLine, type LogLineParts } from '../../../lab/log-line.ts';
import { labEngine } from '../../../lab/pulumi/engines.ts';
import type { LabEngine } from '../../../lab/pulumi/lab-engine.ts';
import type { StackConfig } from '../../../lab/pulumi/engine.ts';
import { bundleRunner } from '../../../lab/runner/bundle.ts';
import { adoptedDetectionSeconds, bounds } from '../../../runtime/timing.ts';
import { handMadeRecord, HELM_DEPLOYMENT, HELM_NAMESPACE, HELM_RELEASE, helmInstall } from '../../support/helm.ts';
import { A, B, MAIN_TAG, ROOT } from '../../support/stacks.ts';
import { until } from '../until.ts';
import { closedAfter, temporaryFolder } from '../../support/closed-after.ts';

const REPLICAS = 2;
const DETECTION = adoptedDetectionSeconds(LAB_TIMING);
const FAINTED = bounds({ ...LAB_TIMING, detectionSeconds: DETECTION }, LAB_POLICY.confirm).unhealthySeconds;

interface Member {
  readonly name: string;
  readonly cluster: LabCluster;
  readonly engine: LabEngine;
  readonly config: StackConfig;
  readonly record: Runner;
}

describe('runners of two helm releases', function () {
  this.timeout(120_000);
  const opened = closedAfter();
  let gitlab: GitLabServer;
  let a: Member;
  let b: Member;
  const lines: { readonly cluster: string; readonly line: LogLineParts | undefined }[] = [];
  /** The most clusters that had the main tag at one moment, and the fewest. */
  const seen = { most: 0, fewest: 2 };

  const holders = () => [a, b].filter(({ record }) => record.tags.includes(MAIN_TAG)).map(({ name }) => name);
  const lease = ({ record }: Member) =>
    /(\d+\/\d+) online, holder ([-a-z]+)/
      .exec(record.note ?? '')
      ?.slice(1)
      .join() ?? '';
  const specOf = async ({ cluster }: Member) => (await cluster.client.get(HELM_DEPLOYMENT))?.['spec'];

  const member = async (name: string, tags: readonly string[], runner: string): Promise<Member> => {
    const cluster = opened.add(await startCluster({ name, minuteMs: LAB_TIMING.periodSeconds * 1000, runner }));
    cluster.onLog(
      ({ container, line }) =>
        void (container === 'checker' && lines.push({ cluster: name, line: parseLogLine(line) })),
    );
    const { id, token } = await handMadeRecord(gitlab, tags);
    await helmInstall(cluster.client, { url: gitlab.url, token, replicas: REPLICAS });
    const record = gitlab.model.runners.all.get(id);
    assert.ok(record);
    const over = {
      gitlab: { url: gitlab.url, group: 'platform', allowHttp: true },
      statusProject: { path: 'platform/runner-status' },
      kubernetes: { server: cluster.access.url },
      adopt: [{ namespace: HELM_NAMESPACE, deployment: HELM_RELEASE, record: id }],
      timing: LAB_TIMING,
      policy: LAB_POLICY,
      lab: true,
    };
    const engine = opened.add(labEngine({ gitlab, kubernetes: cluster.access }));
    const config = await stackConfig(ROOT, name, over, { gitlabToken: gitlab.adminToken });
    return { name, cluster, engine, config, record };
  };

  before(async () => {
    const folder = await temporaryFolder(opened, 'adoption');
    const { longPollSeconds, jobReportSeconds } = LAB_TIMING;
    gitlab = opened.add(await startGitLab({ longPollMs: longPollSeconds * 1000, jobReportSeconds }));
    const runner = await bundleRunner(folder);
    a = await member(A, [MAIN_TAG, 'runner-a', 'arm64'], runner);
    b = await member(B, ['runner-b'], runner);
    await until('all runners poll', () => [a, b].every(({ record }) => record.managers.size === REPLICAS), 20_000);
    gitlab.model.onEvent((event) => {
      if (event.kind !== 'tags') return;
      seen.most = Math.max(seen.most, holders().length);
      seen.fewest = Math.min(seen.fewest, holders().length);
    });
  });

  it('are adopted unchanged, and the holder keeps its main tag', async () => {
    const before = [await specOf(a), await specOf(b)];
    const runners = [...gitlab.model.runners.all.keys()];
    await a.engine.up(a.config, program);
    await until('cluster-a is in charge', () => lease(a) === `${REPLICAS}/${REPLICAS},${A}`, 40_000);
    await b.engine.up(b.config, program);
    await until('cluster-b stands by', () => lease(b) === `${REPLICAS}/${REPLICAS},${A}`, 40_000);

    assert.deepEqual(holders(), [A]);
    assert.deepEqual([...a.record.tags].sort(), ['arm64', MAIN_TAG, 'runner-a'], 'people’s own tag is kept');
    assert.deepEqual([await specOf(a), await specOf(b)], before);
    assert.deepEqual([...gitlab.model.runners.all.keys()], runners, 'no record was made');
    assert.deepEqual([seen.most, seen.fewest], [0, 2], 'no tag was moved');
  });

  it('lose the main tag when their processes hang in Ready pods', async () => {
    const pods = a.cluster.pods(`app=${HELM_RELEASE}`);
    assert.equal(pods.length, REPLICAS);
    for (const { name } of pods) a.cluster.freezePod(name);
    await until('the tag is with cluster-b', () => holders().join() === B, FAINTED * 1000);
    assert.ok(
      a.cluster.pods(`app=${HELM_RELEASE}`).every(({ ready }) => ready),
      'Kubernetes saw nothing of it',
    );
    assert.ok(
      lines.some(
        ({ cluster, line }) => cluster === A && line?.event === 'managers-not-polling' && line.fields['heard'] === '0',
      ),
      'the checker does not say why',
    );
    assert.ok(seen.most <= 1);
    for (const { name } of pods) a.cluster.unfreezePod(name);
    await until('cluster-a is whole again', () => lease(a) === `${REPLICAS}/${REPLICAS},${B}`, 40_000);
    assert.deepEqual(holders(), [B], 'equal strength moves nothing');
  });

  it('stay unchanged when the stacks are destroyed, with the tag on the cluster that took over', async () => {
    const before = [await specOf(a), await specOf(b)];
    await a.engine.destroy(a.config, program, { excludeProtected: true });
    assert.deepEqual([await specOf(a), await specOf(b)], before);
    assert.deepEqual(holders(), [B]);
    assert.deepEqual([...a.record.tags].sort(), ['arm64', 'runner-a']);
    assert.equal(a.cluster.pods(`app=${HELM_RELEASE}`).filter(({ ready }) => ready).length, REPLICAS);
    await assert.rejects(
      b.engine.destroy(b.config, program),
      /cluster-b holds rnd-runner and no other cluster can take over/,
    );
    assert.deepEqual(holders(), [B]);
  });
});
