/** The port RunnerPods over the Kubernetes API: for each Deployment itself and its pods, page by page. */
import * as https from 'node:https';
import * as http from 'node:http';
import * as z from 'zod';
import { RECORD_ANNOTATION, type Adopted } from '../../config.ts';
import { unknown, type Known } from '../../core/model/read.ts';
import type { RunnerDeployment, RunnerPods } from '../../ports.ts';

export interface KubernetesOptions {
  readonly server: string;
  readonly namespace: string;
  /** Those of `namespace` that the stack made. */
  readonly deployments: readonly string[];
  readonly adopted: readonly Adopted[];
  readonly timeoutMs: number;
  /** Read before every call: Kubernetes rotates the token in its file. */
  readonly token: () => Promise<string>;
  /** The certificate authority of the API server, as PEM. */
  readonly ca: () => Promise<string>;
}

/** Pods on one page: 100 pods are about 1 MB of JSON in memory. */
const PAGE = 100;

const deploymentSchema = z.object({
  metadata: z.object({ uid: z.string(), annotations: z.record(z.string(), z.string()).default({}) }),
  spec: z.object({
    replicas: z.number().default(1),
    selector: z.object({
      matchLabels: z.record(z.string(), z.string()).default({}),
      matchExpressions: z.array(z.unknown()).default([]),
    }),
  }),
});

const podSchema = z.object({
  metadata: z.object({ deletionTimestamp: z.string().nullish() }),
  status: z
    .object({
      phase: z.string().optional(),
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
    })
    .default({ conditions: [] }),
});

const podListSchema = z.object({
  metadata: z.object({ continue: z.string().optional() }).default({}),
  items: z.array(podSchema),
});

/** A pod in one of these phases never runs again, whatever its Ready condition says: a node shutdown leaves Failed and Ready. */
const ENDED = ['Failed', 'Succeeded'];

/** Whether a pod can take jobs now: not one that is Ready but terminating, ended, or about to be evicted. */
function isOnline({ metadata, status }: z.infer<typeof podSchema>): boolean {
  const is = (type: string): boolean =>
    status.conditions.some((found) => found.type === type && found.status === 'True');
  const isGoing = Boolean(metadata.deletionTimestamp) || is('DisruptionTarget');
  return is('Ready') && !isGoing && !ENDED.includes(status.phase ?? '');
}

export function kubernetesPods(options: KubernetesOptions): RunnerPods & { close(): void } {
  const { get, close } = apiReader(options);
  const reads = [
    ...options.deployments.map((name) => () => readDeployment(get, options.namespace, name)),
    ...options.adopted.map(
      ({ namespace, deployment, record }) =>
        () =>
          readDeployment(get, namespace, deployment, record),
    ),
  ];
  return {
    async deployments(): Promise<Known<readonly RunnerDeployment[]>> {
      const found: RunnerDeployment[] = [];
      for (const read of reads) {
        const got = await read();
        if (got.kind === 'unknown') return got;
        found.push(got.value);
      }
      return { kind: 'known', value: found };
    },
    close,
  };
}

type Get = <T>(path: string, schema: z.ZodType<T>) => Promise<Known<T>>;

function apiReader(options: KubernetesOptions): { readonly get: Get; readonly close: () => void } {
  const secure = options.server.startsWith('https:');
  const agent = secure ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true });
  const get: Get = async (path, schema) => {
    const url = new URL(path, options.server);
    try {
      const headers = { authorization: `Bearer ${await options.token()}`, accept: 'application/json' };
      const tls = secure ? { ca: await options.ca() } : {};
      const { status, text } = await fetchText(url, { headers, agent, ...tls }, options.timeoutMs);
      if (status === 404) return unknown(`${url.pathname} does not exist in Kubernetes`);
      if (status === 401 || status === 403)
        return unknown(`Kubernetes answers ${status} for ${url.pathname}: the checker’s Role or its token is wrong`);
      if (status !== 200) return unknown(`Kubernetes answers ${status} for ${url.pathname}`);
      const parsed = schema.safeParse(JSON.parse(text));
      return parsed.success
        ? { kind: 'known', value: parsed.data }
        : unknown(`${url.pathname} has an unexpected shape`);
    } catch (error) {
      const why = error instanceof SyntaxError ? 'the answer is not JSON' : messageOf(error);
      return unknown(`GET ${url.pathname}: ${why}`);
    }
  };
  return { get, close: () => agent.destroy() };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'the call failed');

/** How many pods can take jobs now. */
async function countOnline(
  get: Get,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): Promise<Known<number>> {
  const selector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  let count = 0;
  let next: string | undefined;
  do {
    const query = new URLSearchParams({ labelSelector: selector, limit: String(PAGE) });
    if (next) query.set('continue', next);
    const page = await get(`/api/v1/namespaces/${namespace}/pods?${query.toString()}`, podListSchema);
    if (page.kind === 'unknown') return page;
    count += page.value.items.filter(isOnline).length;
    next = page.value.metadata.continue;
  } while (next);
  return { kind: 'known', value: count };
}

/** `adopted` is the record of a Deployment that the stack did not make; its own have the record in an annotation. */
async function readDeployment(
  get: Get,
  namespace: string,
  name: string,
  adopted?: number,
): Promise<Known<RunnerDeployment>> {
  const got = await get(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`, deploymentSchema);
  if (got.kind === 'unknown') return got;
  const { metadata, spec } = got.value;
  const record = adopted ?? Number(metadata.annotations[RECORD_ANNOTATION]);
  if (!Number.isSafeInteger(record) || record <= 0)
    return unknown(`Deployment ${name} has no annotation ${RECORD_ANNOTATION}: run pulumi up`);
  if (spec.selector.matchExpressions.length > 0)
    return unknown(`Deployment ${name} selects its pods by matchExpressions, but hadr supports only matchLabels`);
  const online = await countOnline(get, namespace, spec.selector.matchLabels);
  if (online.kind === 'unknown') return online;
  return {
    kind: 'known',
    value: {
      name,
      uid: metadata.uid,
      record,
      adopted: adopted !== undefined,
      desired: spec.replicas,
      ready: online.value,
    },
  };
}

/** The limit covers everything from the connection to the last byte. */
function fetchText(
  url: URL,
  options: https.RequestOptions,
  timeoutMs: number,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).get(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    const limit = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    request.on('close', () => clearTimeout(limit));
    request.on('error', reject);
  });
}
