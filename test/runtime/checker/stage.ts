/**
 * The checker as its users run it: the stack's own manifests and bundle, as Jobs of the lab's cluster, against the lab's
 * GitLab over HTTP. Cluster B's runs are at the test's hand; A is there as its record, its note and its files.
 */
import assert from 'node:assert/strict';
import * as http from 'node:http';
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as z from 'zod';
import { bundle, ENTRIES } from '../../../infra/bundle/bundle.ts';
import { Checker } from '../../../infra/checker/checker.ts';
import { namesOf, PROJECT } from '../../../infra/names.ts';
import { SecretSync } from '../../../infra/kubernetes/secret-sync.ts';
import { loadSettings } from '../../../infra/settings/settings.ts';
import type { Token } from '../../../infra/gitlab/tokens.ts';
import { openAll, type Opened } from '../../../lab/opened.ts';
import { startGitLab, type GitLabServer } from '../../../lab/gitlab/server.ts';
import { startCluster, type LabCluster } from '../../../lab/kubernetes/cluster.ts';
import { LabEngine } from '../../../lab/pulumi/lab-engine.ts';
import { KubernetesLabProvider } from '../../../lab/pulumi/kubernetes-provider.ts';
import { systemClock } from '../../../runtime/adapters/process/clock.ts';
import { RECORD_ANNOTATION } from '../../../runtime/config.ts';
import { isoOf } from '../../../runtime/core/model/time.ts';
import { fileText } from '../../../runtime/core/model/stored-file.ts';
import { reportPath, type Report } from '../../../runtime/core/model/report.ts';
import { termPath, type Term } from '../../../runtime/core/model/term.ts';
import { formatLease, type Lease } from '../../../runtime/core/model/lease.ts';
import { emptyMemory } from '../../../runtime/core/decision/memory.ts';
import { until } from '../../lab/until.ts';
import { onLoopback } from '../../../lab/loopback.ts';

export const A = 'cluster-a';
export const B = 'cluster-b';
type Name = typeof A | typeof B;

const NAMESPACE = 'default';
const LEASE_SECONDS = 60;
const NAMES = namesOf(B);
export const CHECKERS = 'app.kubernetes.io/component=checker';

/** One round a run, and time enough for it on a busy machine. */
const TIMING = {
  roundSeconds: 8,
  endMarginSeconds: 1,
  periodSeconds: 9,
  startLagSeconds: 5,
  requestSeconds: 3,
  rollCallSeconds: 3,
  checkIntervalSeconds: 1,
  unhealthyIntervalSeconds: 2,
  leaseSeconds: LEASE_SECONDS,
};

export interface Tokens {
  readonly fleet: string;
  readonly status: string;
}

export interface Ended {
  readonly code: number;
  /** The termination message. */
  readonly said: string;
  readonly log: string;
  /** What the Job says of itself: Complete or Failed. */
  readonly job: string;
}

export interface Stage {
  readonly gitlab: GitLabServer;
  readonly cluster: LabCluster;
  /** The id of the status project. */
  readonly project: number;
  readonly records: Readonly<Record<Name, number>>;
  /** B's stack, as Pulumi keeps its config. */
  readonly config: Readonly<Record<string, string>>;
  /** What the webhook was sent. */
  readonly messages: readonly string[];
  /** Tokens that may do what they must. */
  readonly tokens: Tokens;
  token(kind: 'group' | 'project', scopes: readonly string[], level: number, expiresAt?: string): string;
  /** What `pulumi up` does for the checker, with these tokens. */
  apply(tokens: Tokens): Promise<void>;
  /** As it was: A holds term 1 and says in a fresh stamp that none of its runners is online; B has been in touch for long. */
  reset(): void;
  /** B has never been here: its record has no lease, so a run begins with the preflight. */
  forget(): void;
  /** A run of the CronJob, from its start to the end of its Job. */
  run(): Promise<Ended>;
  tagsOf(name: Name): string[];
  terms(): string[];
  close(): Promise<void>;
}

export const startStage = (): Promise<Stage> => openAll(openStage);

async function openStage(opened: Opened): Promise<Stage> {
  const code = await bundle(ENTRIES.checker);
  const gitlab = opened.add(await startGitLab({ longPollMs: 0 }));
  const { access } = gitlab.model;
  const project = access.addProject(gitlab.groupId, 'status', 'status').id;
  access.projects.get(project)?.protectedBranches.set('main', { allowForcePush: false, pushLevel: 30, mergeLevel: 30 });
  const records = { [A]: await newRecord(gitlab, 'runner-a'), [B]: await newRecord(gitlab, 'runner-b') };
  // A minute of an hour: no run but those that the test starts.
  const cluster = opened.add(await startCluster({ name: 'process', minuteMs: 3_600_000 }));
  const token: Stage['token'] = (kind, scopes, level, expiresAt = '2999-01-01') => {
    const id = kind === 'group' ? gitlab.groupId : project;
    return access.addToken({ kind, id }, `${kind} ${level}`, scopes, level, expiresAt).value;
  };
  const { url: webhookUrl, messages } = await startWebhook(opened);
  const tokens = { fleet: token('group', ['manage_runner'], 50), status: token('project', ['api'], 30) };
  const config = configOf(gitlab.url, cluster.access.url, project, webhookUrl);
  const stage: Stage = {
    gitlab,
    cluster,
    project,
    records,
    config,
    messages,
    tokens,
    token,
    apply: applierOf(code, cluster, project, config),
    reset: () => reset(gitlab, project, records),
    forget: () => {
      const record = gitlab.model.runners.all.get(records[B]);
      if (record) record.note = 'ask the platform team';
    },
    run: () => run(cluster),
    tagsOf: (name) => [...(gitlab.model.runners.all.get(records[name])?.tags ?? [])].sort(),
    terms: () =>
      [...(gitlab.model.repository(project).head('main')?.tree.keys() ?? [])].filter((p) => p.startsWith('terms/')),
    close: () => opened.close(),
  };
  await cluster.client.apply(runners(records[B]));
  await stage.apply(tokens);
  await until('the runner pod is ready', () => cluster.pods().some((pod) => pod.ready));
  return stage;
}

async function startWebhook(opened: Opened): Promise<{ readonly url: string; readonly messages: readonly string[] }> {
  const messages: string[] = [];
  const webhook = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => void (body += chunk.toString()));
    request.on('end', () => {
      messages.push(body);
      response.end('ok');
    });
  });
  opened.onClose(() => {
    webhook.close();
    webhook.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${await onLoopback(webhook)}/webhook-secret`, messages };
}

/** One engine for all: it keeps the state of the stack between two `up`. */
function applierOf(code: string, cluster: LabCluster, project: number, config: Stage['config']): Stage['apply'] {
  const engine = new LabEngine([new KubernetesLabProvider(cluster.access)]);
  return async (given) => {
    await engine.up({ project: PROJECT, stack: B, values: config, secrets: {} }, async () => {
      new Checker(
        'checker',
        {
          settings: loadSettings(),
          code,
          statusProjectId: pulumi.output(project),
          deployments: [{ namespace: NAMESPACE, name: NAMES.runner }],
          tokens: { fleet: tokenOf(given.fleet), sidecar: tokenOf('glpat-not-used'), status: tokenOf(given.status) },
          sync: new SecretSync(0, systemClock),
        },
        { provider: new k8s.Provider('kubernetes', {}) },
      );
      return {};
    });
  };
}

const tokenOf = (value: string): Token => ({
  value: pulumi.secret(value),
  expiry: pulumi.output({ expiresOn: '2999-01-01', madeBy: 'people' as const }),
});

async function newRecord(gitlab: GitLabServer, tag: string): Promise<number> {
  const response = await fetch(`${gitlab.url}/api/v4/user/runners`, {
    method: 'POST',
    headers: { 'private-token': gitlab.adminToken, 'content-type': 'application/json' },
    body: JSON.stringify({
      runner_type: 'group_type',
      group_id: gitlab.groupId,
      tag_list: [tag],
      run_untagged: false,
    }),
  });
  return z.object({ id: z.number() }).parse(await response.json()).id;
}

/** Stands for B's runners: all that the checker sees of them is that they are ready. */
function runners(record: number) {
  const labels = { runner: B };
  const container = { name: 'runner', image: 'lab', command: ['sleep', '600'] };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: NAMES.runner, namespace: NAMESPACE, annotations: { [RECORD_ANNOTATION]: String(record) } },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, containers: [container] },
      },
    },
  };
}

/** The stack's config as Pulumi keeps it. */
function configOf(gitlabUrl: string, server: string, project: number, webhook: string): Record<string, string> {
  const values = {
    fleet: [A, B],
    mainTags: ['rnd-runner'],
    ownTags: ['runner-b'],
    lab: true,
    gitlab: { url: gitlabUrl, group: 'platform', allowHttp: true },
    statusProject: { path: project },
    kubernetes: { context: 'lab', server, namespace: NAMESPACE },
    // A single stamp of A is believed: a run has a single round.
    policy: { confirm: 1 },
    timing: TIMING,
    monitoring: { enabled: true },
    notify: { webhook },
  };
  const texts = Object.entries(values).map(([key, value]): [string, string] => [key, JSON.stringify(value)]);
  const all = [...texts, ['gitlabToken', 'glpat-provisioning']];
  return Object.fromEntries(all.map(([key = '', text = '']) => [`${PROJECT}:${key}`, text]));
}

function reset({ model }: GitLabServer, project: number, records: Readonly<Record<Name, number>>): void {
  const now = Math.floor(Date.now() / 1000);
  const set = (name: Name, tags: string[], online: number): void => {
    const lease: Lease = {
      cluster: name,
      online,
      total: 1,
      holder: A,
      term: 1,
      at: now - 1,
      inTouchSince: now - 10 * LEASE_SECONDS,
      heardSince: now - 10 * LEASE_SECONDS,
      wanted: undefined,
      rivals: [],
      memory: emptyMemory(1),
    };
    const record = model.runners.all.get(records[name]);
    assert.ok(record);
    record.tags = tags;
    record.note = `ask the platform team\n${formatLease(lease)}`;
    // GitLab has just heard its runners.
    model.runners.heartbeat(record, 'r_0000stage000', () => model.access.id());
  };
  set(A, ['rnd-runner', 'runner-a', 'arm64'], 0);
  set(B, ['runner-b', 'ssd'], 1);
  const report: Report = {
    version: 1,
    cluster: A,
    summary: 'Online 0 / Total 1',
    online: 0,
    total: 1,
    minOnline: 1,
    preferred: false,
    records: [records[A]],
    ownTags: ['runner-a'],
    mainTags: ['rnd-runner'],
    holder: A,
    term: 1,
  };
  const term: Term = {
    version: 1,
    number: 1,
    holder: A,
    previous: 'nobody',
    at: isoOf(now - LEASE_SECONDS),
    ground: 'first',
    reason: 'no cluster has held the main tags yet',
    records: { [A]: [records[A]], [B]: [records[B]] },
    evidence: {},
  };
  const create = (file_path: string, content: string) => ({ action: 'create' as const, file_path, content });
  model.repositories.delete(project);
  model.repository(project).commit({
    branch: 'main',
    message: 'as it was',
    author: 'test',
    mayForce: false,
    actions: [create(reportPath(A), fileText(report)), create(termPath(1), fileText(term))],
  });
}

const jobStatus = z
  .object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) })
  .default({ conditions: [] });

async function run(cluster: LabCluster): Promise<Ended> {
  const before = new Set(cluster.pods(CHECKERS).map((pod) => pod.name));
  cluster.startRun(NAMES.checker);
  const pod = await until('the run has ended', () =>
    cluster.pods(CHECKERS).find((each) => !before.has(each.name) && /Succeeded|Failed/.test(each.status.phase)),
  );
  const ended = pod.status.containerStatuses[0]?.state.terminated;
  assert.ok(ended);
  const log = cluster.logs(NAMESPACE, pod.name, 'checker').map((line) => line.line);
  const ref = { apiVersion: 'batch/v1', kind: 'Job', namespace: NAMESPACE, name: pod.labels['job-name'] ?? '' };
  const job = await until('its Job has ended', async () => {
    const { conditions } = jobStatus.parse((await cluster.client.get(ref))?.['status']);
    return conditions.find((each) => each.status === 'True')?.type;
  });
  return { code: ended.exitCode, said: ended.message ?? '', log: log.join('\n'), job };
}
