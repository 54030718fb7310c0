/**
 * Both shipped stacks on a GitLab and two Kubernetes APIs of the lab, under either engine. Nothing runs in these clusters;
 * where a test needs a checker, it runs the production one in this process, with the config and tokens that the stack made.
 */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { namesOf } from '../../infra/names.ts';
import { program } from '../../infra/program.ts';
import { LAB_POLICY, LAB_TIMING } from '../../lab/demo/times.ts';
import type { Runner } from '../../lab/gitlab/model/runners.ts';
import { openAll, type Opened } from '../../lab/opened.ts';
import { startGitLab, type GitLabServer, type ServerOptions } from '../../lab/gitlab/server.ts';
import { serveApi } from '../../lab/kubernetes/api.ts';
import { clusterClient, type ClusterClient } from '../../lab/kubernetes/client.ts';
import { namespaces } from '../../lab/kubernetes/controllers/housekeeping.ts';
import { Identity } from '../../lab/kubernetes/identity.ts';
import { Store } from '../../lab/kubernetes/store.ts';
import type { Engine, Program, StackConfig } from '../../lab/pulumi/engine.ts';
import type { Reach } from '../../lab/pulumi/engines.ts';
import { stackConfig } from '../../infra/render/stack-config.ts';
import { checkerConfigSchema } from '../../runtime/config.ts';
import { EXPIRIES_FILE, expiriesSchema } from '../../runtime/expiries.ts';
import { parseControl, type Control } from '../../runtime/core/model/control.ts';
import { parseTerm, termPath, type Term } from '../../runtime/core/model/term.ts';
import { connectGitLab } from '../../runtime/adapters/gitlab/connect.ts';
import { incidentsOf } from '../../runtime/adapters/gitlab/incidents.ts';
import { systemClock } from '../../runtime/adapters/process/clock.ts';
import { round } from '../../runtime/checker/round.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const A = 'cluster-a';
export const B = 'cluster-b';
export const MAIN_TAG = 'rnd-runner';
export const NAMESPACE = 'gitlab-runner';
/** No kubelet is behind these APIs; it is there to be seen. */
export const SECRET_SYNC_SECONDS = 1;

export interface Stack {
  readonly name: string;
  readonly api: ClusterClient;
  readonly engine: Engine;
  readonly token: string;
  /** The shipped config with the lab's laid over it, and `over` over that. */
  config(over?: Readonly<Record<string, unknown>>): Promise<StackConfig>;
  up(over?: Readonly<Record<string, unknown>>, wrapped?: Program): ReturnType<Engine['up']>;
  destroy(options?: Parameters<Engine['destroy']>[2]): Promise<void>;
  /** Its runner record in GitLab. */
  record(): Runner | undefined;
  /** Lets its checker take rounds until the answer is called. All of its runners are online, and GitLab hears them. */
  check(): () => Promise<void>;
}

export interface Stacks {
  readonly gitlab: GitLabServer;
  readonly a: Stack;
  readonly b: Stack;
  holders(): string[];
  newestTerm(): Term | undefined;
  control(): Control | undefined;
  commits(): readonly string[];
  close(): Promise<void>;
}

const BUNDLES = { checker: '/* checker */', sidecar: '/* sidecar */' };
/** The program as it ships, without the time that bundling takes, as if run at another time. */
export const shippedAt =
  (now: () => number): Program =>
  () =>
    program(() => Promise.resolve(BUNDLES), now);
export const shipped = shippedAt(Date.now);

export type StacksOptions = Pick<ServerOptions, 'edition'>;

export const startStacks = (
  engineFor: (reach: Reach) => Promise<Engine> | Engine,
  options: StacksOptions = {},
): Promise<Stacks> => openAll((opened) => openStacks(opened, engineFor, options));

async function openStacks(
  opened: Opened,
  engineFor: (reach: Reach) => Promise<Engine> | Engine,
  options: StacksOptions,
): Promise<Stacks> {
  const gitlab = opened.add(await startGitLab({ longPollMs: 0, ...options }));
  const messages: string[] = [];
  gitlab.model.onEvent((event) => void (event.kind === 'commit' && messages.push(event.message)));
  const start = async (name: string): Promise<Stack> => {
    const store = new Store();
    const identity = new Identity(store);
    const api = opened.add(await serveApi(store, identity));
    const controller = namespaces(store, 'no authority');
    opened.onClose(() => controller.stop());
    const kubernetes = { url: api.url, token: identity.adminToken };
    const engine = await engineFor({ gitlab, kubernetes });
    return stackOf(
      name,
      gitlab,
      clusterClient(store, () => true),
      engine,
      kubernetes,
    );
  };
  const [a, b] = [await start(A), await start(B)];
  const tree = (): ReadonlyMap<string, string> => {
    const project = [...gitlab.model.access.projects.values()].find(({ path }) => path.endsWith('/runner-status'));
    return (project && gitlab.model.repository(project.id).head('main')?.tree) ?? new Map<string, string>();
  };
  return {
    gitlab,
    a,
    b,
    holders: () => [a, b].filter((stack) => stack.record()?.tags.includes(MAIN_TAG)).map((stack) => stack.name),
    newestTerm: () => {
      const number = [...tree().keys()].filter((path) => path.startsWith('terms/')).length;
      const text = tree().get(termPath(number));
      const parsed = text === undefined ? undefined : parseTerm(number, text);
      return parsed?.ok ? parsed.value : undefined;
    },
    control: () => {
      const text = tree().get('control.json');
      const parsed = text === undefined ? undefined : parseControl(text);
      return parsed?.ok ? parsed.value : undefined;
    },
    commits: () => messages,
    close: () => opened.close(),
  };
}

function stackOf(
  name: string,
  gitlab: GitLabServer,
  api: ClusterClient,
  engine: Engine,
  kubernetes: Reach['kubernetes'],
): Stack {
  let last: StackConfig | undefined;
  const config = (over: Readonly<Record<string, unknown>> = {}): Promise<StackConfig> =>
    stackConfig(
      ROOT,
      name,
      {
        gitlab: { url: gitlab.url, group: 'platform', allowHttp: true },
        statusProject: { path: 'platform/runner-status' },
        kubernetes: { server: kubernetes.url, namespace: NAMESPACE, secretSyncSeconds: SECRET_SYNC_SECONDS },
        timing: LAB_TIMING,
        policy: LAB_POLICY,
        lab: true,
        ...over,
      },
      { gitlabToken: gitlab.adminToken },
    );
  const record = (): Runner | undefined =>
    [...gitlab.model.runners.all.values()].find((runner) => runner.description.endsWith(name));
  return {
    name,
    api,
    engine,
    token: kubernetes.token,
    config,
    up: async (over, wrapped = shipped) => engine.up((last = await config(over)), wrapped),
    destroy: async (options) => engine.destroy(last ?? (await config()), shipped, options),
    record,
    check: () => startChecker(name, gitlab, api, record),
  };
}

const cronJob = z.object({
  spec: z.object({
    jobTemplate: z.object({ spec: z.object({ template: z.object({ spec: z.object({ volumes: z.unknown() }) }) }) }),
  }),
});
const withData = z.object({ data: z.record(z.string(), z.string()) });

function startChecker(
  name: string,
  gitlab: GitLabServer,
  api: ClusterClient,
  record: () => Runner | undefined,
): () => Promise<void> {
  let stopped = false;
  const rounds = async (): Promise<void> => {
    const { config, expiries, tokens } = await deployed(name, api);
    const connect = (token: string) =>
      connectGitLab({
        url: config.gitlab.url,
        token: () => Promise.resolve(token),
        requestSeconds: config.timing.requestSeconds,
        clock: systemClock,
      });
    const [fleet, status] = [connect(tokens.fleet), connect(tokens.status)];
    const silent = (): void => undefined;
    while (!stopped) {
      const own = record();
      // A poll of its runner, for a cluster whose runners GitLab does not hear never claims.
      if (own) gitlab.model.runners.heartbeat(own, 'r_lab', () => gitlab.model.access.id());
      const deployments = [
        { name: namesOf(name).runner, uid: name, record: own?.id ?? 0, adopted: false, desired: 2, ready: 2 },
      ];
      await round({
        config,
        expiries: { kind: 'known', value: expiries },
        records: fleet.records,
        project: status.project(config.statusProject.id, config.statusProject.branch),
        incidents: incidentsOf(status.resource, config.statusProject.id),
        notifier: undefined,
        pods: { deployments: () => Promise.resolve({ kind: 'known', value: deployments }) },
        clock: systemClock,
        random: Math.random,
        log: { info: silent, warn: silent, error: silent },
      });
      await systemClock.sleep(config.timing.roundSeconds * 1000);
    }
    for (const connection of [fleet, status]) connection.close();
  };
  const running = rounds();
  return () => {
    stopped = true;
    return running;
  };
}

/** What the CronJob's pod would find in its volumes. */
export async function deployed(name: string, api: Pick<ClusterClient, 'get'>) {
  const job = await api.get({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    namespace: NAMESPACE,
    name: namesOf(name).checker,
  });
  const volumes = JSON.stringify(cronJob.parse(job).spec.jobTemplate.spec.template.spec.volumes);
  const read = async (kind: 'ConfigMap' | 'Secret', prefix: string): Promise<Record<string, string>> => {
    const found = new RegExp(`"(${prefix}-[a-z0-9]+)"`).exec(volumes)?.[1];
    assert.ok(found, `no ${prefix} among ${volumes}`);
    return withData.parse(await api.get({ apiVersion: 'v1', kind, namespace: NAMESPACE, name: found })).data;
  };
  const [config, tokens] = [await read('ConfigMap', 'checker-config'), await read('Secret', 'checker-tokens')];
  const decode = (text = ''): string => Buffer.from(text, 'base64').toString('utf8');
  return {
    config: checkerConfigSchema.parse(JSON.parse(config['checker.json'] ?? '')),
    expiries: expiriesSchema.parse(JSON.parse(decode(tokens[EXPIRIES_FILE]))),
    tokens: { fleet: decode(tokens['fleet']), status: decode(tokens['status']) },
  };
}
