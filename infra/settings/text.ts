/** Problems as sentences: the key, what was given (never of a secret), and the fix. */
import type * as z from 'zod';
import { SECTIONS } from './schema.ts';

/** Keys whose values may contain a credential (or a private key by mistake): their problems never quote them. */
const SENSITIVE =
  /^(gitlabToken|gitlab\.caCertificate|tokens|notify|kubernetes\.kubeconfig|runner\.(kubernetesToml|cacheToml))(\.|$)/;

const MOST_CHARACTERS = 80;

/** A value for a message; long ones are cut. */
export function given(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

/** One problem of one key: what is wrong and how to fix it. A number is never a credential, so it is always quoted. */
export function problem(key: string, value: unknown, fix: string): string {
  const hidden = SENSITIVE.test(key) && typeof value !== 'number';
  return hidden ? `${key}: ${fix}` : `${key}: ${given(value)} ${fix}`;
}

const missing = (key: string, fix: string) => `${key}: is missing; it ${fix}`;

/** Everything that zod found wrong under `key`, in our words. */
export function problemsIn(key: string, value: unknown, error: z.ZodError): string[] {
  return error.issues.flatMap((issue) => {
    const path = [key, ...issue.path.map(String)].filter((part) => part !== '').join('.');
    if (issue.code === 'unrecognized_keys') return issue.keys.map((unknown) => unknownKey(path, unknown));
    // The key of a map is wrong; its value does not matter.
    if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => `${path}: ${fixOf(message)}`);
    const at = valueAt(value, issue.path);
    // A message of our own schema says more than the kind of value that zod expected.
    const isOwn = issue.message.startsWith('must');
    const fix = issue.code === 'invalid_type' && !isOwn ? `must be ${kindOf(issue.expected)}` : fixOf(issue.message);
    return [at === undefined ? missing(path, fix) : problem(path, at, fix)];
  });
}

export function unknownKey(section: string, key: string): string {
  if (section === '' && isNested(key)) return withoutPath(key);
  // The entries of a list have the same keys.
  const known = SECTIONS[section.replace(/\.\d+$/, '')] ?? [];
  const path = section === '' ? key : `${section}.${key}`;
  return `${path}: is not a key of this project; use one of ${known.join(', ')}, or remove it`;
}

/** `gitlab.url` and `ownTags[0]` at the top: keys of these very names, and not keys inside of `gitlab` and `ownTags`. */
function isNested(key: string): boolean {
  const [first = ''] = key.split(/[.[]/);
  return first !== key && SECTIONS['']?.includes(first) === true;
}

function withoutPath(key: string): string {
  const set = `pulumi config set ${SENSITIVE.test(key) ? '--secret ' : ''}--path '${key}'`;
  return `${key}: was set without --path; run pulumi config rm '${key}', then ${set}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Object.entries(at).find(([name]) => name === String(key))?.[1];
  }
  return at;
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
};

const kindOf = (expected: string) => KINDS[expected] ?? expected;

/** The messages of our schemas begin with "must"; zod's own, of a choice for example, are made to fit. */
const fixOf = (message: string) =>
  message.startsWith('must') ? message : `must be valid: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
