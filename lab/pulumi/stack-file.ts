/** A shipped stack file with the lab's values laid over it: its own keys stay unless the lab has another. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { parse } from 'yaml';
import type { StackConfig } from './engine.ts';
import { isObject } from './provider.ts';

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
 * `over`, whose keys are without the project's name; and beside them the secrets.
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
  return {
    project: project.name,
    stack,
    values,
    secrets: Object.fromEntries(Object.entries(secrets).map(([key, value]) => [`${project.name}:${key}`, value])),
  };
}
