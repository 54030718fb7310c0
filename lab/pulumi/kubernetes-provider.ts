/** The lab's provider for `kubernetes:` resources: plain calls of a Kubernetes API, the lab's or a real one. */
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Applied, LabProvider, State, Values } from './engine.ts';

const PLURALS: Readonly<Record<string, string>> = {
  Namespace: 'namespaces',
  ConfigMap: 'configmaps',
  Secret: 'secrets',
  ServiceAccount: 'serviceaccounts',
  Deployment: 'deployments',
  CronJob: 'cronjobs',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  NetworkPolicy: 'networkpolicies',
  PodDisruptionBudget: 'poddisruptionbudgets',
  PriorityClass: 'priorityclasses',
};
const CLUSTER_WIDE: ReadonlySet<string> = new Set(['Namespace', 'PriorityClass']);

const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  immutable: z.boolean().optional(),
  metadata: z.looseObject({ name: z.string().optional(), namespace: z.string().optional() }).default({}),
});
type KubernetesObject = z.infer<typeof object>;

export interface KubernetesAccess {
  readonly url: string;
  readonly token: string;
}

export class KubernetesLabProvider implements LabProvider {
  readonly prefix = 'kubernetes:';
  private readonly access: KubernetesAccess;

  constructor(access: KubernetesAccess) {
    this.access = access;
  }

  private collection(target: KubernetesObject): string {
    const plural = PLURALS[target.kind];
    if (!plural) throw new Error(`the lab does not know the kind ${target.kind}`);
    const root = target.apiVersion.includes('/') ? `/apis/${target.apiVersion}` : `/api/${target.apiVersion}`;
    if (CLUSTER_WIDE.has(target.kind)) return `${root}/${plural}`;
    return `${root}/namespaces/${target.metadata.namespace ?? 'default'}/${plural}`;
  }

  private async call(method: string, path: string, body?: unknown): Promise<Values> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const response = await fetch(`${this.access.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.access.token}`, 'content-type': type },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  }

  /** As the real provider: an object without a name gets one, so that a replacement can exist beside it. */
  async create(_type: string, name: string, inputs: Values): Promise<Applied> {
    const target = object.parse(inputs);
    const named = target.metadata.name ?? `${name}-${randomBytes(4).toString('hex')}`;
    const metadata = { ...target.metadata, name: named };
    const outputs = await this.call('POST', this.collection(target), { ...target, metadata });
    return { id: `${this.collection(target)}/${named}`, outputs };
  }

  async update(type: string, name: string, before: State, inputs: Values): Promise<Applied> {
    const target = object.parse(inputs);
    if (target.immutable) return this.create(type, name, inputs);
    return { id: before.id, outputs: await this.call('PATCH', before.id, target) };
  }

  async remove(_type: string, before: State): Promise<void> {
    await this.call('DELETE', before.id).catch((error: unknown) => {
      // Gone already is as good as removed.
      if (!(error instanceof Error && error.message.includes(': 404 '))) throw error;
    });
  }

  invoke(token: string): Promise<Values> {
    return Promise.reject(new Error(`the lab has no function ${token}`));
  }
}
