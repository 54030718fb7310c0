/** A shipped stack file with the lab's values laid over it: its own keys stay unless the lab has another. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { parse } from 'yaml';
import type { StackConfig } from './engine.ts';

const stackFile = z.object({ config: z.record(z.string(), z.unknown()) });
const projectFile = z.object({
  name: z.string(),
  config: z.record(z.string(), z.looseObject({ default: z.unknown().optional() })),
});

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Maps are merged key by key; everything else is replaced. */
function overlay(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = overlay(base[key], value);
  return merged;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/**
 * The config of `stack` as Pulumi would give it to the program: defaults of Pulumi.yaml, then Pulumi.<stack>.yaml, then
 * `over`, whose keys are without the project's name. `secrets` are over it too, and marked.
 */
export async function stackConfig(
  folder: string,
  stack: string,
  over: Readonly<Record<string, unknown>>,
  secrets: Readonly<Record<string, string>>,
): Promise<StackConfig> {
  const project = projectFile.parse(parse(await readFile(`${folder}/Pulumi.yaml`, 'utf8')));
  const shipped = stackFile.parse(parse(await readFile(`${folder}/Pulumi.${stack}.yaml`, 'utf8')));
  const values: Record<string, unknown> = {};
  for (const [key, declared] of Object.entries(project.config))
    if (declared.default !== undefined) values[`${project.name}:${key}`] = declared.default;
  Object.assign(values, shipped.config);
  for (const [key, value] of Object.entries(over)) {
    const full = `${project.name}:${key}`;
    values[full] = overlay(values[full], value);
  }
  const secretKeys = Object.keys(secrets).map((key) => `${project.name}:${key}`);
  for (const [key, value] of Object.entries(secrets)) values[`${project.name}:${key}`] = value;
  const texts = Object.entries(values).map(([key, value]): [string, string] => [key, textOf(value)]);
  return { project: project.name, stack, values: Object.fromEntries(texts), secretKeys };
}
