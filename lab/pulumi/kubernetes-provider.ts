/** The lab's provider for `kubernetes:` resources. It calls a Kubernetes API, the lab's or a real one. */
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { isDeepStrictEqual } from 'node:util';
import { KubernetesApi, type KubernetesAccess } from '../kubernetes/access.ts';
import { isObject, type Applied, type LabProvider, type State, type Values } from './provider.ts';

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

export class KubernetesLabProvider implements LabProvider {
  readonly prefix = 'kubernetes:';
  private readonly api: KubernetesApi;

  constructor(access: KubernetesAccess) {
    this.api = new KubernetesApi(access);
  }

  private collection(target: KubernetesObject): string {
    const plural = PLURALS[target.kind];
    if (!plural) throw new Error(`the lab does not know the kind ${target.kind}`);
    const root = target.apiVersion.includes('/') ? `/apis/${target.apiVersion}` : `/api/${target.apiVersion}`;
    if (CLUSTER_WIDE.has(target.kind)) return `${root}/${plural}`;
    return `${root}/namespaces/${target.metadata.namespace ?? 'default'}/${plural}`;
  }

  async check(): Promise<void> {
    // The API server refuses what it does not take.
  }

  /** Like the real provider: an object without a name gets one, so that its replacement can exist at the same time. */
  async create(_type: string, name: string, inputs: Values): Promise<Applied> {
    const target = object.parse(inputs);
    const named = target.metadata.name ?? `${name}-${randomBytes(4).toString('hex')}`;
    const metadata = { ...target.metadata, name: named };
    const outputs = await this.api.call('POST', this.collection(target), { ...target, metadata });
    return { id: `${this.collection(target)}/${named}`, outputs: outputs ?? {} };
  }

  /** Only tells whether the object exists. Changes by others are no drift here. */
  async read(_type: string, before: State): Promise<State | undefined> {
    const outputs = await this.api.call('GET', before.id);
    return outputs && { id: before.id, inputs: before.inputs, outputs };
  }

  replacedBy(_type: string, before: Values, inputs: Values): readonly string[] {
    const [old, wanted] = [object.parse(before), object.parse(inputs)];
    const renamed = old.metadata.name !== wanted.metadata.name || old.metadata.namespace !== wanted.metadata.namespace;
    const data = old.immutable === true || wanted.immutable === true ? ['data', 'stringData', 'immutable'] : [];
    return [...(renamed ? ['metadata'] : []), ...data.filter((key) => !isDeepStrictEqual(old[key], wanted[key]))];
  }

  async update(_type: string, before: State, inputs: Values): Promise<Applied> {
    const outputs = await this.api.call('PATCH', before.id, patchOf(before.inputs, inputs));
    return { id: before.id, outputs: outputs ?? {} };
  }

  /** It is not an error if the object is gone. */
  async remove(_type: string, before: State): Promise<void> {
    await this.api.call('DELETE', before.id);
  }

  invoke(token: string): Promise<Values> {
    return Promise.reject(new Error(`the lab has no function ${token}`));
  }
}

/** A merge patch: the wanted fields, and null for fields that are no longer wanted. */
function patchOf(before: Values, wanted: Values): Values {
  const gone = Object.keys(before).filter((key) => !(key in wanted));
  const kept = Object.entries(wanted).map(([key, value]): [string, unknown] => {
    const old = before[key];
    return [key, isObject(old) && isObject(value) ? patchOf(old, value) : value];
  });
  return Object.fromEntries([...gone.map((key): [string, unknown] => [key, null]), ...kept]);
}
