/**
 * The part of a pod that this cluster understands. Unknown fields (securityContext, resources, affinity …) are accepted
 * and ignored.
 */
import * as z from 'zod';
import type { Meta, StoredObject } from './objects.ts';

const keyToPath = z.object({ key: z.string(), path: z.string(), mode: z.number().optional() });
const fieldRef = z.object({ fieldPath: z.string() });
const downwardItem = z.object({ path: z.string(), fieldRef: fieldRef.optional() });
const configMapSource = z.object({
  name: z.string(),
  items: z.array(keyToPath).optional(),
  optional: z.boolean().default(false),
});

const projection = z.object({
  configMap: configMapSource.optional(),
  secret: configMapSource.optional(),
  downwardAPI: z.object({ items: z.array(downwardItem).default([]) }).optional(),
  serviceAccountToken: z
    .object({ path: z.string(), audience: z.string().optional(), expirationSeconds: z.number().default(3600) })
    .optional(),
});

const volume = z.looseObject({
  name: z.string(),
  configMap: configMapSource.optional(),
  secret: z
    .object({ secretName: z.string(), items: z.array(keyToPath).optional(), optional: z.boolean().default(false) })
    .optional(),
  emptyDir: z.looseObject({}).nullish(),
  projected: z.object({ sources: z.array(projection).default([]) }).optional(),
  downwardAPI: z.object({ items: z.array(downwardItem).default([]) }).optional(),
});

const keyRef = z.object({ name: z.string(), key: z.string(), optional: z.boolean().default(false) });
const env = z.object({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z
    .looseObject({ fieldRef: fieldRef.optional(), secretKeyRef: keyRef.optional(), configMapKeyRef: keyRef.optional() })
    .optional(),
});
const nameRef = z.object({ name: z.string(), optional: z.boolean().default(false) });
const envFrom = z.object({
  prefix: z.string().default(''),
  configMapRef: nameRef.optional(),
  secretRef: nameRef.optional(),
});

const exec = z.object({ command: z.array(z.string()).min(1) });
const httpGet = z.object({
  path: z.string().default('/'),
  port: z.union([z.number(), z.string()]),
  scheme: z.enum(['HTTP', 'HTTPS']).default('HTTP'),
  httpHeaders: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
});

/** Defaults as in the API (core/v1, Probe). */
const probe = z.object({
  exec: exec.optional(),
  httpGet: httpGet.optional(),
  initialDelaySeconds: z.number().default(0),
  periodSeconds: z.number().default(10),
  timeoutSeconds: z.number().default(1),
  successThreshold: z.number().default(1),
  failureThreshold: z.number().default(3),
  terminationGracePeriodSeconds: z.number().optional(),
});

const container = z.looseObject({
  name: z.string(),
  image: z.string().default(''),
  command: z.array(z.string()).default([]),
  args: z.array(z.string()).default([]),
  workingDir: z.string().optional(),
  env: z.array(env).default([]),
  envFrom: z.array(envFrom).default([]),
  ports: z.array(z.looseObject({ name: z.string().optional(), containerPort: z.number() })).default([]),
  volumeMounts: z
    .array(z.looseObject({ name: z.string(), mountPath: z.string(), subPath: z.string().default('') }))
    .default([]),
  startupProbe: probe.optional(),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  lifecycle: z
    .looseObject({
      preStop: z.looseObject({ exec: exec.optional(), sleep: z.object({ seconds: z.number() }).optional() }).optional(),
    })
    .optional(),
  /** Only in initContainers: `Always` makes it a sidecar, which runs beside the containers. */
  restartPolicy: z.literal('Always').optional(),
  terminationMessagePath: z.string().default('/dev/termination-log'),
  terminationMessagePolicy: z.enum(['File', 'FallbackToLogsOnError']).default('File'),
});

export const podSpecSchema = z.looseObject({
  nodeName: z.string().optional(),
  serviceAccountName: z.string().default('default'),
  automountServiceAccountToken: z.boolean().optional(),
  restartPolicy: z.enum(['Always', 'OnFailure', 'Never']).default('Always'),
  terminationGracePeriodSeconds: z.number().default(30),
  activeDeadlineSeconds: z.number().optional(),
  initContainers: z.array(container).default([]),
  containers: z.array(container).min(1),
  volumes: z.array(volume).default([]),
});

export type PodSpec = z.infer<typeof podSpecSchema>;
export type Container = z.infer<typeof container>;
export type Probe = z.infer<typeof probe>;
export type Volume = z.infer<typeof volume>;
export type Projection = z.infer<typeof projection>;
export type DownwardItem = z.infer<typeof downwardItem>;

const condition = z.looseObject({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string().optional(),
  message: z.string().optional(),
  lastTransitionTime: z.string().optional(),
});

const terminated = z.object({
  exitCode: z.number(),
  signal: z.number().optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
});

const containerState = z.object({
  waiting: z.object({ reason: z.string(), message: z.string().optional() }).optional(),
  running: z.object({ startedAt: z.string() }).optional(),
  terminated: terminated.optional(),
});

const containerStatus = z.looseObject({
  name: z.string(),
  state: containerState.default({}),
  lastState: containerState.default({}),
  ready: z.boolean().default(false),
  started: z.boolean().default(false),
  restartCount: z.number().default(0),
  image: z.string().default(''),
});

export const podStatusSchema = z.looseObject({
  phase: z.enum(['Pending', 'Running', 'Succeeded', 'Failed']).default('Pending'),
  reason: z.string().optional(),
  message: z.string().optional(),
  startTime: z.string().optional(),
  conditions: z.array(condition).default([]),
  initContainerStatuses: z.array(containerStatus).default([]),
  containerStatuses: z.array(containerStatus).default([]),
});

export type PodStatus = z.infer<typeof podStatusSchema>;
export type PodCondition = z.infer<typeof condition>;
export type ContainerStatus = z.infer<typeof containerStatus>;
export type ContainerState = z.infer<typeof containerState>;
export type Terminated = z.infer<typeof terminated>;

export const podSpecOf = (pod: StoredObject): PodSpec => podSpecSchema.parse(pod['spec']);
export const podStatusOf = (pod: StoredObject): PodStatus => podStatusSchema.parse(pod['status'] ?? {});

const saysReady = (status: PodStatus): boolean =>
  status.conditions.some((each) => each.type === 'Ready' && each.status === 'True');

export const isReady = (pod: StoredObject): boolean => saysReady(podStatusOf(pod));

export const isFinished = (pod: StoredObject): boolean => ['Succeeded', 'Failed'].includes(podStatusOf(pod).phase);

/** A pod as seen from outside of the cluster. */
export interface PodView {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly status: PodStatus;
  readonly ready: boolean;
  readonly terminating: boolean;
}

export function podView({ name, namespace = '', labels = {}, deletionTimestamp }: Meta, status: PodStatus): PodView {
  return { name, namespace, labels, status, ready: saysReady(status), terminating: deletionTimestamp !== undefined };
}
