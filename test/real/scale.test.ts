/** A thousand runner pods on a real API server: the calls, time and memory of a checker's run. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { bundle, ENTRIES } from '../../infra/bundle/bundle.ts';
import { namesOf } from '../../infra/names.ts';
import { resources } from '../../infra/kubernetes/pod-security.ts';
import { startGitLab, type GitLabServer } from '../../lab/gitlab/server.ts';
import { KubernetesApi } from '../../lab/kubernetes/access.ts';
import { timestamp, storedSchema } from '../../lab/kubernetes/objects.ts';
import { podView } from '../../lab/kubernetes/pods.ts';
import { startControlPlane, type ControlPlane } from '../../lab/kubernetes/real/control-plane.ts';
import { podListSchema } from '../../lab/kubernetes/real/pod-list.ts';
import { keepNode } from '../../lab/kubernetes/real/registration.ts';
import { labEngine } from '../../lab/pulumi/engines.ts';
import { stackConfig } from '../../infra/render/stack-config.ts';
import { EXPIRIES_FILE } from '../../runtime/expiries.ts';
import { parseLease } from '../../runtime/core/model/lease.ts';
import { until } from '../lab/until.ts';
import { A, deployed, NAMESPACE, ROOT, shipped } from '../support/stacks.ts';
import { accountAccess } from './account.ts';
import { closedAfter, temporaryFolder } from '../support/closed-after.ts';

const PODS = 1000;
/** Nodes without processes: the test writes the status that a kubelet would report. */
const NODES = ['hollow-1', 'hollow-2', 'hollow-3', 'hollow-4', 'hollow-5'];
const NAMES = namesOf(A);
const DEPLOYMENT = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${NAMES.runner}`;
const PODS_OF = `/api/v1/namespaces/${NAMESPACE}/pods`;
const SELECTOR = encodeURIComponent('app.kubernetes.io/component=runner');
const AT_ONCE = 16;
/** Enough for two rounds of the default times. */
const PERIOD_SECONDS = 32;

describe('a thousand runner pods', function () {
  this.timeout(300_000);
  const opened = closedAfter();
  let gitlab: GitLabServer;
  let plane: ControlPlane;
  let admin: KubernetesApi;
  let folder: string;

  const get = async (ref: { readonly apiVersion: string; readonly kind: string; readonly name: string }) => {
    const root = ref.apiVersion === 'v1' ? '/api/v1' : `/apis/${ref.apiVersion}`;
    const found = await admin.call('GET', `${root}/namespaces/${NAMESPACE}/${ref.kind.toLowerCase()}s/${ref.name}`);
    return found && storedSchema.parse(found);
  };

  before(async () => {
    folder = await temporaryFolder(opened, 'scale');
    gitlab = opened.add(await startGitLab());
    plane = opened.add(
      await startControlPlane({
        cluster: A,
        node: 'no-kubelet',
        folder: join(folder, 'control-plane'),
        onError: (error) => void process.stderr.write(`${String(error)}\n`),
      }),
    );
    admin = opened.add(new KubernetesApi(plane.admin));
    const reach = { gitlab, kubernetes: plane.admin };
    const over = {
      gitlab: { url: gitlab.url, group: 'platform', allowHttp: true },
      statusProject: { path: 'platform/runner-status' },
      kubernetes: { server: plane.admin.url, namespace: NAMESPACE },
      timing: { periodSeconds: PERIOD_SECONDS },
      lab: true,
    };
    await labEngine(reach).up(await stackConfig(ROOT, A, over, { gitlabToken: gitlab.adminToken }), shipped);
    for (const node of NODES)
      opened.onClose(await keepNode(admin, { name: node }, (error) => assert.fail(String(error))));
  });

  /** Sets the pods that have a node to ready. */
  const makeReady = async (): Promise<number> => {
    const { items } = podListSchema.parse(await admin.call('GET', `${PODS_OF}?labelSelector=${SELECTOR}`));
    const bound = items.filter(({ spec }) => spec.nodeName !== undefined);
    const unready = bound.filter(({ metadata, status }) => !podView(metadata, status).ready);
    const waiting = unready[Symbol.iterator]();
    const condition = (type: string) => ({ type, status: 'True', lastTransitionTime: timestamp(Date.now()) });
    const status = {
      phase: 'Running',
      conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map(condition),
    };
    const worker = async (): Promise<void> => {
      for (const { metadata } of waiting) await admin.call('PATCH', `${PODS_OF}/${metadata.name}/status`, { status });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return bound.length;
  };

  it('are created by the real controllers and scheduler', async () => {
    await admin.call('PATCH', DEPLOYMENT, { spec: { replicas: PODS } });
    await until('all are bound and ready', async () => (await makeReady()) === PODS, 200_000);
    const counts = z.looseObject({ status: z.looseObject({ readyReplicas: z.number().default(0) }) });
    await until(
      'the Deployment counts them',
      async () => counts.parse(await admin.call('GET', DEPLOYMENT)).status.readyReplicas === PODS,
      60_000,
    );
  });

  it('cost a checker one read and ten pages per round, no watch, and less memory than its limit', async () => {
    const record = [...gitlab.model.runners.all.values()].find(({ description }) => description === NAMES.record);
    assert.ok(record);
    for (let manager = 0; manager < PODS; manager += 1)
      gitlab.model.runners.heartbeat(record, `r_${String(manager)}`, () => gitlab.model.access.id());

    const { code, errors, mostBytes } = await runChecker();
    assert.equal(code, 0, errors);
    assert.doesNotMatch(errors, /round not finished/);
    const line = record.note?.split('\n').find((each) => parseLease(each) !== undefined) ?? '';
    const { online, total } = parseLease(line) ?? {};
    assert.deepEqual({ online, total }, { online: PODS, total: PODS }, record.note ?? 'no note');

    // Preflight and two rounds.
    const query = 'labelSelector=…&limit=100';
    const look = [
      `get ${DEPLOYMENT}`,
      `list ${PODS_OF}?${query}`,
      ...Array.from({ length: 9 }, () => `list ${PODS_OF}?${query}&continue=…`),
    ];
    assert.deepEqual(await callsOf(NAMES.checker), [...look, ...look, ...look]);
    const limit = Number.parseInt(resources.checker.limits.memory) * 1024 * 1024;
    assert.ok(mostBytes < limit, `${Math.round(mostBytes / 1024 / 1024)} MiB at most`);
  });

  /** The shipped bundle as a process, with the config and tokens that the stack made. */
  async function runChecker(): Promise<{ code: number; errors: string; mostBytes: number }> {
    const files = async (name: string, content: Readonly<Record<string, string>>): Promise<string> => {
      await mkdir(join(folder, name));
      for (const [file, written] of Object.entries(content)) await writeFile(join(folder, name, file), written);
      return join(folder, name);
    };
    const { config, expiries, tokens } = await deployed(A, { get });
    const account = await accountAccess({ api: admin, access: plane.admin }, NAMESPACE, NAMES.checker);
    const peak = join(folder, 'peak');
    // In KiB (Node's documentation, process.resourceUsage).
    const measure = `process.once('exit', () => require('node:fs').writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS)))`;
    const code = await files('code', { 'checker.cjs': await bundle(ENTRIES.checker), 'measure.cjs': measure });
    const [, ...options] = (await command()).slice(0, -1);
    const child = spawn(
      process.execPath,
      [...options, '--require', join(code, 'measure.cjs'), join(code, 'checker.cjs')],
      {
        env: {
          HADR_CONFIG: join(await files('config', { 'checker.json': JSON.stringify(config) }), 'checker.json'),
          HADR_TOKENS: await files('tokens', { ...tokens, [EXPIRIES_FILE]: JSON.stringify(expiries) }),
          HADR_SERVICE_ACCOUNT: await files('account', { token: account.token, 'ca.crt': account.ca ?? '' }),
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    const [errors, [exit]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    return { code: Number(exit), errors, mostBytes: Number(await readFile(peak, 'utf8')) * 1024 };
  }

  /** The command of the CronJob's container: node, its options, and the bundle. */
  async function command(): Promise<readonly string[]> {
    const container = z.object({ command: z.array(z.string()) });
    const template = z.object({
      spec: z.object({ template: z.object({ spec: z.object({ containers: z.tuple([container]) }) }) }),
    });
    const cronJob = z.object({ spec: z.object({ jobTemplate: template }) });
    const found = cronJob.parse(await get({ apiVersion: 'batch/v1', kind: 'CronJob', name: NAMES.checker }));
    return found.spec.jobTemplate.spec.template.spec.containers[0].command;
  }

  /** The API server's audit log of an account's calls, in their order. */
  async function callsOf(account: string): Promise<string[]> {
    const event = z.object({ verb: z.string(), requestURI: z.string(), user: z.object({ username: z.string() }) });
    const lines = (await readFile(plane.auditLog, 'utf8')).trim().split('\n');
    return lines
      .map((line) => event.parse(JSON.parse(line)))
      .filter(({ user }) => user.username.endsWith(`:${account}`))
      .map(({ verb, requestURI }) => `${verb} ${requestURI.replace(/(labelSelector|continue)=[^&]+/g, '$1=…')}`);
  }
});
