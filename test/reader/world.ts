/** What a reader of the docs has before he begins: two Kubernetes clusters with a kubeconfig context each, and a GitLab. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { LAB_POLICY, LAB_TIMING } from '../../lab/demo/times.ts';
import { startGitLab, type GitLabServer } from '../../lab/gitlab/server.ts';
import type { KubernetesAccess } from '../../lab/kubernetes/access.ts';
import { startRealCluster, type RealCluster } from '../../lab/kubernetes/real/cluster.ts';
import { serveGitLab } from '../../lab/pulumi/engines.ts';
import { bundleRunner } from '../../lab/runner/bundle.ts';
import { timingSchema } from '../../runtime/config.ts';
import { A, B } from '../support/stacks.ts';
import { makeOrigin } from './checkout.ts';
import { Desk } from './desk.ts';
import { keyOf } from './habits.ts';

/** Half as fast as the demo: a reader at work is more processes, each of them new, and `hadr` waits for GitLab as checkers do. */
export const TIMING = timingSchema.parse(
  Object.fromEntries(Object.entries(LAB_TIMING).map(([key, seconds]) => [key, 2 * seconds])),
);

/** The group of the docs. */
const GROUP = 'rnd';

export interface World {
  /** A clone of the project, a GitLab of its own, and nothing done yet. */
  open(name: string): Promise<Office>;
  /** From now on no cluster is needed. */
  endClusters(): Promise<unknown>;
  close(): Promise<void>;
}

export interface Office {
  /** Its group is that of the docs. */
  readonly gitlab: GitLabServer;
  readonly desk: Desk;
  /** Lays what a lab needs over both stacks' files: http, its times, the API server's address. */
  layLab(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const home = await mkdtemp(join(tmpdir(), 'hadr-docs-'));
  const closing: (() => Promise<unknown> | void)[] = [() => rm(home, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const end of closing.toReversed()) await end();
  };
  try {
    const runner = await bundleRunner(home);
    const runEveryMs = TIMING.periodSeconds * 1000;
    const clusters: RealCluster[] = [];
    let ended: Promise<unknown> | undefined;
    const endClusters = (): Promise<unknown> => (ended ??= Promise.all(clusters.map((cluster) => cluster.close())));
    closing.push(endClusters);
    for (const name of [A, B]) clusters.push(await startRealCluster({ name, runner, runEveryMs }));
    const origin = join(home, 'origin');
    await makeOrigin(origin);
    const open = async (name: string): Promise<Office> => {
      const { longPollSeconds, jobReportSeconds } = TIMING;
      const server = await startGitLab({ longPollMs: longPollSeconds * 1000, jobReportSeconds });
      closing.push(() => server.close());
      const gitlab = { ...server, groupId: server.model.access.addGroup(GROUP, 'R&D').id };
      const provider = await serveGitLab();
      closing.push(() => provider.close());
      const own = join(home, name);
      await mkdir(own);
      const env = {
        KUBECONFIG: clusters.map(({ kubeconfig }) => kubeconfig).join(delimiter),
        PULUMI_DEBUG_PROVIDERS: provider.attach,
      };
      const desk = await Desk.open({ home: own, origin }, env);
      desk.replace('https://gitlab.example.com', gitlab.url);
      const layLab = async (): Promise<void> => {
        for (const { name: stack, access } of clusters) await layOver(desk, stack, access);
      };
      return { gitlab, desk, layLab };
    };
    return { open, endClusters, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const layOver = (desk: Desk, stack: string, { url }: KubernetesAccess): Promise<void> =>
  desk.amend(`Pulumi.${stack}.yaml`, [
    [keyOf('lab'), true],
    [keyOf('gitlab', 'allowHttp'), true],
    [keyOf('kubernetes', 'server'), url],
    [keyOf('kubernetes', 'secretSyncSeconds'), 1],
    [keyOf('timing'), TIMING],
    [keyOf('policy'), LAB_POLICY],
  ]);
