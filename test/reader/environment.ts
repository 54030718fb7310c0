/** What a reader of the docs needs first: two Kubernetes clusters with a kubeconfig context each, and a GitLab. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { LAB_POLICY, LAB_TIMING, longer } from '../../lab/demo/times.ts';
import { openAll, type Opened } from '../../lab/opened.ts';
import { startGitLab, type GitLabServer } from '../../lab/gitlab/server.ts';
import type { KubernetesAccess } from '../../lab/kubernetes/access.ts';
import { startRealCluster, type RealCluster } from '../../lab/kubernetes/real/cluster.ts';
import { serveGitLab } from '../../lab/pulumi/engines.ts';
import { bundleRunner } from '../../lab/runner/bundle.ts';
import { A, B } from '../support/stacks.ts';
import { makeOrigin } from './checkout.ts';
import { Reader } from './reader.ts';
import { keyOf } from './steps.ts';

/** Twice the times of the demo: the reader's commands are additional processes, and `hadr` calls GitLab like the checkers. */
export const TIMING = longer(LAB_TIMING, 2);

/** The group that the docs use. */
const GROUP = 'rnd';

export interface Environments {
  /** A new clone of the project and a new GitLab. */
  open(name: string): Promise<Environment>;
  /** Stops the clusters, when no later page needs them. */
  endClusters(): Promise<unknown>;
  close(): Promise<void>;
}

export interface Environment {
  /** `groupId` is the group that the docs use. */
  readonly gitlab: GitLabServer;
  readonly reader: Reader;
  /** Adds the lab's settings to both stacks' files: http, times, addresses of the API servers. */
  useLabSettings(): Promise<void>;
}

export const startEnvironments = (): Promise<Environments> => openAll(openEnvironments);

async function openEnvironments(opened: Opened): Promise<Environments> {
  const home = await mkdtemp(join(tmpdir(), 'hadr-docs-'));
  opened.onClose(() => rm(home, { recursive: true, force: true }));
  const runner = await bundleRunner(home);
  const runEveryMs = TIMING.periodSeconds * 1000;
  const clusters: RealCluster[] = [];
  let ended: Promise<unknown> | undefined;
  const endClusters = (): Promise<unknown> => (ended ??= Promise.all(clusters.map((cluster) => cluster.close())));
  opened.onClose(endClusters);
  for (const name of [A, B]) clusters.push(await startRealCluster({ name, runner, runEveryMs }));
  const origin = join(home, 'origin');
  await makeOrigin(origin);
  const open = async (name: string): Promise<Environment> => {
    const { longPollSeconds, jobReportSeconds } = TIMING;
    const server = opened.add(await startGitLab({ longPollMs: longPollSeconds * 1000, jobReportSeconds }));
    const gitlab = { ...server, groupId: server.model.access.addGroup(GROUP, 'R&D').id };
    const provider = opened.add(await serveGitLab());
    const own = join(home, name);
    await mkdir(own);
    const env = {
      KUBECONFIG: clusters.map(({ kubeconfig }) => kubeconfig).join(delimiter),
      PULUMI_DEBUG_PROVIDERS: provider.attach,
    };
    const reader = await Reader.open({ home: own, origin }, env);
    reader.replace('https://gitlab.example.com', gitlab.url);
    const useLabSettings = async (): Promise<void> => {
      for (const { name: stack, access } of clusters) await writeLabSettings(reader, stack, access);
    };
    return { gitlab, reader, useLabSettings };
  };
  return { open, endClusters, close: () => opened.close() };
}

const writeLabSettings = (reader: Reader, stack: string, { url }: KubernetesAccess): Promise<void> =>
  reader.edit(`Pulumi.${stack}.yaml`, [
    [keyOf('lab'), true],
    [keyOf('gitlab', 'allowHttp'), true],
    [keyOf('kubernetes', 'server'), url],
    [keyOf('kubernetes', 'secretSyncSeconds'), 1],
    [keyOf('timing'), TIMING],
    [keyOf('policy'), LAB_POLICY],
  ]);
