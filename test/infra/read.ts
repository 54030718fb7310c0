/** Reads what a stack declared: its manifests as typed data, and what of it is in clear. */
import assert from 'node:assert/strict';
import * as z from 'zod';
import type { Declared, Stack } from './stack.ts';

const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).default([]),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })),
  securityContext: z.unknown(),
  resources: z.object({ requests: z.record(z.string(), z.string()), limits: z.record(z.string(), z.string()) }),
  readinessProbe: z.unknown().optional(),
  livenessProbe: z.unknown().optional(),
});
const podSchema = z.looseObject({
  containers: z.array(containerSchema),
  initContainers: z.array(containerSchema).default([]),
  volumes: z.array(z.looseObject({ name: z.string() })),
  securityContext: z.unknown(),
});
const templateSchema = z.looseObject({ metadata: z.unknown(), spec: podSchema });
const deploymentSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), annotations: z.record(z.string(), z.string()) }),
  spec: z.looseObject({ replicas: z.number(), template: templateSchema }),
});
const cronJobSchema = z.looseObject({
  spec: z.looseObject({
    jobTemplate: z.object({ metadata: z.unknown(), spec: z.looseObject({ template: templateSchema }) }),
  }),
});
const dataSchema = z.object({ data: z.record(z.string(), z.string()), immutable: z.literal(true) });
const stringDataSchema = z.object({ stringData: z.record(z.string(), z.string()) });

export const deploymentOf = (stack: Stack) =>
  deploymentSchema.parse(stack.one('kubernetes:apps/v1:Deployment', 'runners-deployment').inputs);
export const cronJobOf = (stack: Stack) =>
  cronJobSchema.parse(stack.one('kubernetes:batch/v1:CronJob', 'checker-cronjob').inputs);
export const podsOf = (stack: Stack) => [
  deploymentOf(stack).spec.template.spec,
  cronJobOf(stack).spec.jobTemplate.spec.template.spec,
];
export const containersOf = (stack: Stack) =>
  podsOf(stack).flatMap((pod) => [...pod.initContainers, ...pod.containers]);
export const container = (stack: Stack, name: string) => {
  const found = containersOf(stack).find((one) => one.name === name);
  assert.ok(found, name);
  return found;
};
export const dataOf = (stack: Stack, name: string) =>
  dataSchema.parse(stack.one('kubernetes:core/v1:ConfigMap', name).inputs).data;
export const secretOf = (stack: Stack, name: string) =>
  stringDataSchema.parse(stack.one('kubernetes:core/v1:Secret', name).inputs).stringData;
export const envOf = (stack: Stack, name: string) =>
  Object.fromEntries(container(stack, name).env.map((variable) => [variable.name, variable.value]));

/** What is in clear in the state: the inputs without everything that is marked as a secret. */
export function clearText(resource: Declared): string {
  const without = (value: unknown, path: readonly string[]): unknown => {
    if (resource.secretPaths.includes(path.join('.'))) return '[secret]';
    if (Array.isArray(value)) return value.map((item, index) => without(item, [...path, String(index)]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, without(item, [...path, key])]));
  };
  return JSON.stringify(without(resource.inputs, []));
}
