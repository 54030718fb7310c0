import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import * as z from 'zod';

const configSchema = z.object({ config: z.record(z.string(), z.unknown()) });

/** The `config` of a YAML file in the repository's root. */
export async function configOf(file: string): Promise<Record<string, unknown>> {
  const path = fileURLToPath(new URL(`../../${file}`, import.meta.url));
  return configSchema.parse(parse(await readFile(path, 'utf8'))).config;
}
