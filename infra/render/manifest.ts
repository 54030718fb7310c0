/** Declared resources as Kubernetes manifests: plain YAML in a stable order, without secrets in clear text. */
import { stringify } from 'yaml';
import type { Declared } from './declare.ts';
import { isObject, isSecret, type Values } from './values.ts';

/** Replaces every value of a Secret. */
export const PLACEHOLDER = '<secret: not rendered, pulumi up fills it in>';

/** The order of kinds: those that others need first, long texts last. */
const KINDS = [
  'Namespace',
  'PriorityClass',
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'Deployment',
  'CronJob',
  'PodMonitor',
  'PrometheusRule',
  'Secret',
  'ConfigMap',
];
const KEYS = ['apiVersion', 'kind', 'metadata', 'immutable'];

export function manifests(declared: readonly Declared[]): string {
  return declared
    .filter(({ type }) => type.startsWith('kubernetes:'))
    .map(({ inputs }) => clear(inputs))
    .filter(isObject)
    .map((object) => ({ order: orderOf(object), text: yamlOf(object) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ text }) => text)
    .join('---\n');
}

/** Removes Pulumi's markers. Marked values and the content of Secrets become the placeholder. */
function clear(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clear);
  if (!isObject(value)) return value;
  if (isSecret(value)) return conceal(value['value']);
  const hidden = value['kind'] === 'Secret' ? ['data', 'stringData'] : [];
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, hidden.includes(key) ? conceal(clear(item)) : clear(item)]),
  );
}

/** The keys stay: they are the names of files. */
function conceal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(conceal);
  if (!isObject(value)) return PLACEHOLDER;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, conceal(item)]));
}

function orderOf({ kind, metadata }: Values): string {
  const rank = KINDS.indexOf(String(kind));
  if (rank < 0) throw new Error(`${String(kind)} is not one of the rendered kinds; add it to KINDS`);
  const { namespace = '', name } = isObject(metadata) ? metadata : {};
  return JSON.stringify([String(rank).padStart(2, '0'), namespace, name]);
}

function yamlOf(object: Values): string {
  const place = (key: string): number => (KEYS.includes(key) ? KEYS.indexOf(key) : KEYS.length);
  const entries = Object.entries(object).sort(([a], [b]) => place(a) - place(b) || (a < b ? -1 : 1));
  // Kubernetes' parsers still read YAML 1.1, where a bare `on` is a boolean.
  return stringify(Object.fromEntries(entries), { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}
