/** A container's environment: its own variables, and only PATH and HOME of this machine. */
import { isRecord, type StoredObject } from '../objects.ts';
import type { Container } from '../pods.ts';
import type { NodeApi, NodePod } from './node-api.ts';
import type { Rewrite } from './paths.ts';

/** The container cannot be configured yet. The kubelet shows the reason and tries again. */
export class ConfigError extends Error {}

/** `metadata.name`, `metadata.labels['app']`, `spec.nodeName`, `status.podIP` … */
export function fieldValue(pod: NodePod, path: string): string {
  const { metadata, spec } = pod;
  const entry = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (entry) return metadata[entry[1] === 'labels' ? 'labels' : 'annotations']?.[entry[2] ?? ''] ?? '';
  const list = (map: Readonly<Record<string, string>> = {}) =>
    Object.entries(map)
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .join('\n');
  const values: Readonly<Record<string, string>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace ?? '',
    'metadata.uid': metadata.uid,
    'metadata.labels': list(metadata.labels),
    'metadata.annotations': list(metadata.annotations),
    'spec.nodeName': spec.nodeName ?? '',
    'spec.serviceAccountName': spec.serviceAccountName,
    'status.podIP': '127.0.0.1',
    'status.hostIP': '127.0.0.1',
  };
  const value = values[path];
  if (value === undefined) throw new ConfigError(`fieldPath ${path} is not supported`);
  return value;
}

export async function environment(
  container: Container,
  pod: NodePod,
  api: Pick<NodeApi, 'configMap' | 'secret'>,
  base: Readonly<Record<string, string>>,
  rewrite: Rewrite,
): Promise<Record<string, string>> {
  const namespace = pod.metadata.namespace ?? '';
  const env: Record<string, string> = {};
  for (const source of container.envFrom) {
    const reference = source.configMapRef ?? source.secretRef;
    if (!reference) continue;
    const kind = source.configMapRef ? 'configmap' : 'secret';
    const data = dataOf(
      kind,
      source.configMapRef
        ? await api.configMap(namespace, reference.name)
        : await api.secret(namespace, reference.name),
    );
    if (!data && !reference.optional) throw new ConfigError(`${kind} "${reference.name}" not found`);
    for (const [key, value] of Object.entries(data ?? {})) env[`${source.prefix}${key}`] = value;
  }
  for (const { name, value = '', valueFrom } of container.env) {
    if (!valueFrom) env[name] = expand(rewrite(value), env);
    else {
      const found = await valueOf(valueFrom, pod, api, namespace);
      if (found !== undefined) env[name] = found;
    }
  }
  const path = env['PATH'] === undefined ? base['PATH'] : `${base['PATH']?.split(':')[0] ?? ''}:${env['PATH']}`;
  return { ...base, ...env, ...(path === undefined ? {} : { PATH: path }) };
}

type ValueFrom = NonNullable<Container['env'][number]['valueFrom']>;

async function valueOf(
  from: ValueFrom,
  pod: NodePod,
  api: Pick<NodeApi, 'configMap' | 'secret'>,
  namespace: string,
): Promise<string | undefined> {
  if (from.fieldRef) return fieldValue(pod, from.fieldRef.fieldPath);
  const reference = from.secretKeyRef ?? from.configMapKeyRef;
  if (!reference) throw new ConfigError(`valueFrom ${Object.keys(from).join(', ')} is not supported`);
  const kind = from.secretKeyRef ? 'secret' : 'configmap';
  const object = from.secretKeyRef
    ? await api.secret(namespace, reference.name)
    : await api.configMap(namespace, reference.name);
  const data = dataOf(kind, object);
  const value = data?.[reference.key];
  if (value !== undefined || reference.optional) return value;
  if (!data) throw new ConfigError(`${kind} "${reference.name}" not found`);
  throw new ConfigError(`couldn't find key ${reference.key} in ${kind} ${namespace}/${reference.name}`);
}

function dataOf(kind: 'configmap' | 'secret', object: StoredObject | undefined): Record<string, string> | undefined {
  if (!object) return undefined;
  const data = isRecord(object['data']) ? object['data'] : {};
  const text = (value: unknown) =>
    kind === 'secret' ? Buffer.from(String(value), 'base64').toString('utf8') : String(value);
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, text(value)]));
}

/** `$(NAME)` becomes the variable's value, `$$(NAME)` stays as `$(NAME)`, an unknown name stays as it is. */
export const expand = (text: string, env: Readonly<Record<string, string>>): string =>
  text.replace(/\$(\$?)\(([A-Za-z_][\w.-]*)\)/g, (whole, escape: string, name: string) =>
    escape === '$' ? `$(${name})` : (env[name] ?? whole),
  );
