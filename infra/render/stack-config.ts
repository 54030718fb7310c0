/** A stack's config from its files, as Pulumi's CLI would give it to the program. */
import { readdir, readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import * as z from 'zod';
import { isObject } from './values.ts';

export interface StackConfig {
  readonly project: string;
  readonly stack: string;
  /** Full keys (`project:key`) to their values, as a stack's file has them. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
}

const stackFile = z.object({ config: z.record(z.string(), z.unknown()) });
const projectFile = z.object({
  name: z.string(),
  config: z.record(z.string(), z.looseObject({ default: z.unknown().optional() })),
});

/** Maps are merged key by key; everything else is replaced. */
function overlay(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = overlay(base[key], value);
  return merged;
}

/**
 * The config of `stack` as Pulumi would give it to the program: defaults of Pulumi.yaml, then Pulumi.<stack>.yaml, then
 * `over`, whose keys are without the project's name; and beside them the secrets. A stack without a file of its own takes that of
 * the stack `like`.
 */
export async function stackConfig(
  folder: string,
  stack: string,
  over: Readonly<Record<string, unknown>>,
  secrets: Readonly<Record<string, string>>,
  like: string = stack,
): Promise<StackConfig> {
  const project = projectFile.parse(parse(await readFile(`${folder}/Pulumi.yaml`, 'utf8')));
  const shipped = stackFile.parse(parse(await readFile(`${folder}/Pulumi.${like}.yaml`, 'utf8')));
  const values: Record<string, unknown> = {};
  for (const [key, declared] of Object.entries(project.config))
    if (declared.default !== undefined) values[`${project.name}:${key}`] = declared.default;
  Object.assign(values, shipped.config);
  for (const [key, value] of Object.entries(over)) {
    const full = `${project.name}:${key}`;
    values[full] = overlay(values[full], value);
  }
  return {
    project: project.name,
    stack,
    values,
    secrets: Object.fromEntries(Object.entries(secrets).map(([key, value]) => [`${project.name}:${key}`, value])),
  };
}

/** The stacks that have a file in `folder`. */
export async function stacksIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
  return names.sort();
}

/**
 * What `pulumi config set --secret` encrypted (`{ secure: … }`), replaced. It cannot be read without the stack's key, and the
 * output must not show it.
 */
export function withoutCiphers(value: unknown, instead: string): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutCiphers(item, instead));
  if (!isObject(value)) return value;
  const keys = Object.keys(value);
  if (keys.length === 1 && typeof value['secure'] === 'string') return instead;
  return Object.fromEntries(keys.map((key) => [key, withoutCiphers(value[key], instead)]));
}
