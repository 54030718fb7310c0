/** Label and field selectors of list requests. */
import { badRequest } from './errors.ts';
import { isRecord, type StoredObject } from './objects.ts';

export type Match = (object: StoredObject) => boolean;

/** `a=b,c!=d,e,!f,g in (h,i),j notin (k)` */
export function labelSelector(text: string): Match {
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim());
  const tests = parts.filter((part) => part !== '').map(requirement);
  return (object) => tests.every((test) => test(object.metadata.labels ?? {}));
}

type Labels = Readonly<Record<string, string>>;

function requirement(text: string): (labels: Labels) => boolean {
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(text);
  if (set) {
    const [, key = '', operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    return (labels) =>
      values.has(labels[key] ?? '') === (operator === 'in') || (operator === 'notin' && !(key in labels));
  }
  const equality = /^([^=!\s]+)\s*(==|=|!=)\s*(\S*)$/.exec(text);
  if (equality) {
    const [, key = '', operator, value] = equality;
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const existence = /^(!?)\s*([A-Za-z0-9][\w./-]*)$/.exec(text);
  if (!existence) throw badRequest(`unable to parse requirement: ${text}`);
  const [, not, key = ''] = existence;
  return (labels) => key in labels === (not === '');
}

/** The fields that lists of pods may select by (pkg/registry/core/pod), and those of every kind. */
const FIELDS = new Set([
  'metadata.name',
  'metadata.namespace',
  'spec.nodeName',
  'status.phase',
  'spec.serviceAccountName',
]);

export function fieldSelector(text: string): Match {
  const tests = text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const parsed = /^([^=!]+)(==|=|!=)(.*)$/.exec(part);
      const [, field = '', operator, value] = parsed ?? [];
      if (!FIELDS.has(field)) throw badRequest(`field label not supported: ${field === '' ? part : field}`);
      return (object: StoredObject) => ((fieldOf(object, field) ?? '') === value) === (operator !== '!=');
    });
  return (object) => tests.every((test) => test(object));
}

function fieldOf(object: StoredObject, path: string): unknown {
  let value: unknown = object;
  for (const key of path.split('.')) value = isRecord(value) ? value[key] : undefined;
  return value;
}
