/**
 * Admission: what the API server does to an object before it stores it, i.e. defaults, validation, and the ServiceAccount and Priority
 * plugins. Only the rules that the stack can run into; the scanners and a real API server check the rest.
 */
import * as z from 'zod';
import { parseSchedule } from './controllers/schedule.ts';
import { badRequest, forbidden, invalid } from './errors.ts';
import {
  CONFIG_MAP,
  CRON_JOB,
  DEPLOYMENT,
  JOB,
  POD,
  ROLE_BINDING,
  CLUSTER_ROLE_BINDING,
  SECRET,
  SERVICE_ACCOUNT,
  KINDS,
  type Kind,
} from './kinds.ts';
import { sameJson } from './merge.ts';
import { isRecord, type KubeObject, type StoredObject } from './objects.ts';
import { podSpecSchema, type PodSpec } from './pods.ts';
import { randomSuffix } from './random.ts';

/** What admission looks up in the cluster. */
export interface Lookup {
  find(kind: Kind, namespace: string, name: string): StoredObject | undefined;
}

/** The limit on a ConfigMap's or Secret's data (core/v1, MaxSecretSize). */
const MAX_DATA_BYTES = 1024 * 1024;

const DNS_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export function admitCreate(kind: Kind, name: string, namespace: string, body: KubeObject, lookup: Lookup): KubeObject {
  if (kind.group !== 'rbac.authorization.k8s.io' && (!DNS_NAME.test(name) || name.length > 253))
    throw invalid(kind, name, 'metadata.name', `Invalid value: "${name}": a lowercase RFC 1123 subdomain is required`);
  const { status: _, ...clean } = admit(kind, name, body);
  if (kind !== POD) return clean;
  const spec = admitPod(name, namespace, podSpec(kind, name, 'spec', clean['spec']), clean, lookup);
  return { ...clean, spec, status: { phase: 'Pending' } };
}

export function admitUpdate(kind: Kind, name: string, current: StoredObject, body: KubeObject): KubeObject {
  const next = admit(kind, name, body);
  const immutable = (path: string, before: unknown, after: unknown): void => {
    if (!sameJson(before, after)) throw invalid(kind, name, path, 'Invalid value: field is immutable');
  };
  const field = (object: Readonly<Record<string, unknown>>, part: string, key: string): unknown =>
    isRecord(object[part]) ? object[part][key] : undefined;
  if (kind === DEPLOYMENT)
    immutable('spec.selector', field(current, 'spec', 'selector'), field(next, 'spec', 'selector'));
  if (kind === JOB) immutable('spec.template', field(current, 'spec', 'template'), field(next, 'spec', 'template'));
  if (kind === ROLE_BINDING || kind === CLUSTER_ROLE_BINDING) immutable('roleRef', current['roleRef'], next['roleRef']);
  if ((kind === CONFIG_MAP || kind === SECRET) && current['immutable'] === true)
    immutable('data', current['data'], next['data']);
  if (kind === SECRET) immutable('type', current['type'], next['type']);
  return next;
}

function admit(kind: Kind, name: string, body: KubeObject): KubeObject {
  const fraction = fractionIn(body, '');
  if (fraction !== undefined)
    throw badRequest(
      `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: json: cannot unmarshal number into Go struct field ${fraction.slice(1)} of type int32`,
    );
  if (kind === SECRET) return admitSecret(name, body);
  if (kind === CONFIG_MAP) limitData(kind, name, body);
  if (kind === DEPLOYMENT) return admitDeployment(name, body);
  if (kind === JOB) return { ...body, spec: admitJobSpec(kind, name, 'spec', body['spec']) };
  if (kind === CRON_JOB) return admitCronJob(name, body);
  return body;
}

/** The path of a number that is not an integer. Kubernetes' own types have no such numbers and refuse them when decoding. */
function fractionIn(value: unknown, path: string): string | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? undefined : path;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = fractionIn(inner, Array.isArray(value) ? path : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function admitSecret(name: string, body: KubeObject): KubeObject {
  const { stringData, ...rest } = body;
  const data: Record<string, unknown> = isRecord(body['data']) ? { ...body['data'] } : {};
  if (isRecord(stringData))
    for (const [key, value] of Object.entries(stringData)) data[key] = Buffer.from(String(value)).toString('base64');
  const secret = { ...rest, type: body['type'] ?? 'Opaque', data };
  limitData(SECRET, name, secret);
  return secret;
}

function limitData(kind: Kind, name: string, body: Readonly<Record<string, unknown>>): void {
  const texts = [body['data'], body['binaryData']].flatMap((part) => (isRecord(part) ? Object.entries(part) : []));
  for (const [key, value] of texts)
    if (typeof value !== 'string') throw badRequest(`${kind.kind} ${name}: data.${key} must be a string`);
  const bytes = texts.reduce((sum, [, value]) => sum + Buffer.byteLength(String(value)), 0);
  if (bytes > MAX_DATA_BYTES)
    throw invalid(kind, name, 'data', `Too long: may not be more than ${String(MAX_DATA_BYTES)} bytes`);
}

const template = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()).default({}) }).default({ labels: {} }),
  spec: z.unknown(),
});

function podSpec(kind: Kind, name: string, path: string, spec: unknown): PodSpec {
  const parsed = podSpecSchema.safeParse(spec);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(kind, name, [path, ...(issue?.path ?? [])].join('.'), issue?.message ?? 'Invalid value');
  }
  const volumes = new Set(parsed.data.volumes.map((volume) => volume.name));
  for (const container of [...parsed.data.initContainers, ...parsed.data.containers])
    for (const mount of container.volumeMounts)
      if (!volumes.has(mount.name))
        throw invalid(
          kind,
          name,
          `${path}.containers[${container.name}].volumeMounts.name`,
          `Not found: "${mount.name}"`,
        );
  return parsed.data;
}

function admitDeployment(name: string, body: KubeObject): KubeObject {
  const schema = z.looseObject({
    replicas: z.number().default(1),
    selector: z.looseObject({ matchLabels: z.record(z.string(), z.string()) }),
    template,
    strategy: z.looseObject({ type: z.string() }).default({ type: 'RollingUpdate' }),
  });
  const spec = parseSpec(DEPLOYMENT, name, 'spec', schema, body['spec']);
  const labels = spec.template.metadata.labels;
  if (Object.entries(spec.selector.matchLabels).some(([key, value]) => labels[key] !== value))
    throw invalid(
      DEPLOYMENT,
      name,
      'spec.template.metadata.labels',
      'Invalid value: `selector` does not match template `labels`',
    );
  const pod = podSpec(DEPLOYMENT, name, 'spec.template.spec', spec.template.spec);
  if (pod.restartPolicy !== 'Always')
    throw invalid(
      DEPLOYMENT,
      name,
      'spec.template.spec.restartPolicy',
      `Unsupported value: "${pod.restartPolicy}": supported values: "Always"`,
    );
  return { ...body, spec };
}

function admitJobSpec(kind: Kind, name: string, path: string, spec: unknown): Record<string, unknown> {
  const job = parseSpec(kind, name, path, z.looseObject({ backoffLimit: z.number().default(6), template }), spec);
  const pod = podSpec(kind, name, `${path}.template.spec`, job.template.spec);
  if (pod.restartPolicy === 'Always')
    throw invalid(
      kind,
      name,
      `${path}.template.spec.restartPolicy`,
      'Required value: valid values: "OnFailure", "Never"',
    );
  return job;
}

function admitCronJob(name: string, body: KubeObject): KubeObject {
  const schema = z.looseObject({
    schedule: z.string(),
    concurrencyPolicy: z.enum(['Allow', 'Forbid', 'Replace']).default('Allow'),
    suspend: z.boolean().default(false),
    successfulJobsHistoryLimit: z.number().default(3),
    failedJobsHistoryLimit: z.number().default(1),
    jobTemplate: z.looseObject({ spec: z.unknown() }),
  });
  // A Job's name is the CronJob's and a dash and up to 10 digits, and 63 characters at most (batch/validation).
  if (name.length > 52)
    throw invalid(CRON_JOB, name, 'metadata.name', 'Invalid value: must be no more than 52 characters');
  const spec = parseSpec(CRON_JOB, name, 'spec', schema, body['spec']);
  if (!parseSchedule(spec.schedule))
    throw invalid(CRON_JOB, name, 'spec.schedule', `Invalid value: "${spec.schedule}"`);
  const job = admitJobSpec(CRON_JOB, name, 'spec.jobTemplate.spec', spec.jobTemplate.spec);
  return { ...body, spec: { ...spec, jobTemplate: { ...spec.jobTemplate, spec: job } } };
}

function parseSpec<T>(kind: Kind, name: string, path: string, schema: z.ZodType<T>, spec: unknown): T {
  const parsed = schema.safeParse(spec);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid(kind, name, [path, ...(issue?.path ?? [])].join('.'), issue?.message ?? 'Invalid value');
}

const PRIORITY_CLASS = KINDS.find((kind) => kind.kind === 'PriorityClass');
const TOKEN_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

function admitPod(name: string, namespace: string, spec: PodSpec, body: KubeObject, lookup: Lookup): unknown {
  const account = lookup.find(SERVICE_ACCOUNT, namespace, spec.serviceAccountName);
  if (!account)
    throw forbidden(
      POD,
      name,
      `error looking up service account ${namespace}/${spec.serviceAccountName}: serviceaccount "${spec.serviceAccountName}" not found`,
    );
  const given = isRecord(body['spec']) ? body['spec'] : {};
  const className = given['priorityClassName'];
  const priority = typeof className === 'string' ? priorityOf(name, className, lookup) : 0;
  const filled = { ...given, serviceAccountName: spec.serviceAccountName, priority };
  const wanted = spec.automountServiceAccountToken ?? account['automountServiceAccountToken'] ?? true;
  return wanted === true ? withToken(filled, spec) : filled;
}

function priorityOf(pod: string, className: string, lookup: Lookup): unknown {
  const found = PRIORITY_CLASS && lookup.find(PRIORITY_CLASS, '', className);
  if (!found) throw forbidden(POD, pod, `no PriorityClass with name ${className} was found`);
  return found['value'];
}

/** The volume that the ServiceAccount plugin adds to every container that mounts nothing else at its path. */
function withToken(spec: Readonly<Record<string, unknown>>, parsed: PodSpec): Record<string, unknown> {
  const volumeName = `kube-api-access-${randomSuffix()}`;
  const mount = { name: volumeName, mountPath: TOKEN_DIRECTORY, readOnly: true };
  const mounted = (containers: readonly unknown[]) =>
    containers.map((container) => {
      if (!isRecord(container)) return container;
      const given: unknown = container['volumeMounts'];
      const mounts = Array.isArray(given) ? Array.from<unknown>(given) : [];
      const taken = mounts.some((each) => isRecord(each) && each['mountPath'] === TOKEN_DIRECTORY);
      return taken ? container : { ...container, volumeMounts: [...mounts, mount] };
    });
  const sources = [
    { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    {
      downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] },
    },
  ];
  return {
    ...spec,
    volumes: [...parsed.volumes, { name: volumeName, projected: { sources } }],
    initContainers: mounted(Array.isArray(spec['initContainers']) ? spec['initContainers'] : []),
    containers: mounted(Array.isArray(spec['containers']) ? spec['containers'] : []),
  };
}
