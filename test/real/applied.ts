/** Helpers for tests of a stack on a real control plane. */
import * as z from 'zod';
import type { StackConfig } from '../../infra/render/stack-config.ts';
import { isObject } from '../../infra/render/values.ts';
import type { KubernetesApi } from '../../lab/kubernetes/access.ts';

/** `config` with other settings: maps are merged, other values replaced. */
export function laidOver(config: StackConfig, over: Readonly<Record<string, unknown>>): StackConfig {
  const values = { ...config.values };
  for (const [key, value] of Object.entries(over)) {
    const full = `${config.project}:${key}`;
    const old = values[full];
    values[full] = isObject(old) && isObject(value) ? { ...old, ...value } : value;
  }
  return { ...config, values };
}

const named = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) });

/** The names of a collection's objects. */
export const namesIn = async (api: KubernetesApi, path: string): Promise<string[]> =>
  named.parse(await api.call('GET', path)).items.map(({ metadata }) => metadata.name);

const deployment = z.object({
  metadata: z.object({ generation: z.number() }),
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.array(z.object({ name: z.string(), image: z.string() })) }) }),
  }),
  status: z.object({ updatedReplicas: z.number().default(0), readyReplicas: z.number().default(0) }),
});

export const deploymentOf = async (api: KubernetesApi, namespace: string, name: string) =>
  deployment.parse(await api.call('GET', `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`));
