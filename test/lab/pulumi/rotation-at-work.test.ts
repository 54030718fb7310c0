/**
 * A rotation under a cluster at work: real processes, whose tokens are files that a kubelet brings, late. Judged from GitLab's side:
 * a call with a token that was revoked too early is a 401, and the round that made it is lost.
 */
import assert from 'node:assert/strict';
import { namesOf } from '../../../infra/names.ts';
import { program } from '../../../infra/program.ts';
import { LAB_POLICY, LAB_TIMING } from '../../../lab/demo/times.ts';
import type { GitLabEvent } from '../../../lab/gitlab/model/gitlab.ts';
import { startGitLab, type GitLabServer } from '../../../lab/gitlab/server.ts';
import { startCluster, type LabCluster } from '../../../lab/kubernetes/cluster.ts';
import { parseLogLine } from '../../../lab/log-line.ts';
import { labEngine } from '../../../lab/pulumi/engines.ts';
import type { LabEngine } from '../../../lab/pulumi/lab-engine.ts';
import { stackConfig } from '../../../infra/render/stack-config.ts';
import { bundleRunner } from '../../../lab/runner/bundle.ts';
import { A, ROOT } from '../../support/stacks.ts';
import { until } from '../until.ts';
import { closedAfter, temporaryFolder } from '../../support/closed-after.ts';

/** How late the kubelet is, and how long Pulumi waits for it. */
const REFRESH_MS = 4000;
const SECRET_SYNC_SECONDS = 6;
const REPLICAS = 2;
/** Settings by which a token made today ends in so many days, whatever day it is. */
const daysLeft = (days: number) => ({ lifetimeDays: days, rotateBeforeDays: days - 1 });
const NAMES = Object.values(namesOf(A).tokens);

describe('a rotation of tokens while checker and sidecars run', function () {
  this.timeout(90_000);
  const opened = closedAfter();
  let gitlab: GitLabServer;
  let cluster: LabCluster;
  let engine: LabEngine;
  const lines: string[] = [];

  const up = async (tokens: object) => {
    const over = {
      gitlab: { url: gitlab.url, group: 'platform', allowHttp: true },
      statusProject: { path: 'platform/runner-status' },
      kubernetes: { server: cluster.access.url, secretSyncSeconds: SECRET_SYNC_SECONDS },
      runner: { replicas: REPLICAS, concurrent: 1, graceSeconds: 30 },
      timing: LAB_TIMING,
      policy: LAB_POLICY,
      lab: true,
      tokens,
    };
    const config = await stackConfig(ROOT, A, over, { gitlabToken: gitlab.adminToken });
    return engine.up(config, program);
  };

  /** Ends when, from now on, GitLab has served each token this often: a sidecar looks with two calls, a round makes more. */
  const served = async (what: string, times: number): Promise<void> => {
    const counts = new Map(NAMES.map((name) => [name, 0]));
    const stop = gitlab.model.onEvent((event) => {
      const count = event.kind === 'request' && event.status < 300 ? counts.get(event.token) : undefined;
      if (event.kind === 'request' && count !== undefined) counts.set(event.token, count + 1);
    });
    await until(what, () => [...counts.values()].every((count) => count >= times), 30_000);
    stop();
  };

  before(async () => {
    const folder = await temporaryFolder(opened, 'rotation');
    const { longPollSeconds, jobReportSeconds, periodSeconds } = LAB_TIMING;
    gitlab = opened.add(await startGitLab({ longPollMs: longPollSeconds * 1000, jobReportSeconds }));
    const runner = await bundleRunner(folder);
    cluster = opened.add(
      await startCluster({ name: A, minuteMs: periodSeconds * 1000, runner, volumeRefreshMs: REFRESH_MS }),
    );
    cluster.onLog(({ container, line }) => void lines.push(`${container}: ${line}`));
    engine = opened.add(labEngine({ gitlab, kubernetes: cluster.access }));
    await up(daysLeft(364));
  });

  it('lets every round of the checker and every read of a sidecar succeed', async () => {
    await served('checker and sidecars are at work', 2);
    const old = [...gitlab.model.access.tokens.values()].filter(({ name }) => NAMES.includes(name));
    assert.equal(old.length, 3);
    const refused: GitLabEvent[] = [];
    const stop = gitlab.model.onEvent((event) => {
      if (event.kind === 'request' && event.status === 401) refused.push(event);
    });
    const seen = lines.length;

    const { changes } = await up(daysLeft(100));
    assert.equal(changes.replaced.length, 3);
    for (const { name, revoked } of old) assert.ok(revoked, name);
    await served('each part works with its new token', 4 * REPLICAS);
    stop();

    assert.deepEqual(refused, []);
    const during = lines.slice(seen);
    assert.ok(
      during.some((line) => parseLogLine(line.slice('checker: '.length))?.fields['did'] === 'steady'),
      'no round was finished',
    );
  });
});
