/** What an entry needs before it can begin: its environment, its config and its tokens. Refusals are for people. */
import { readFile } from 'node:fs/promises';
import type * as z from 'zod';
import { problemsOf } from '../config.ts';
import { reasonOf } from './files.ts';

/** The program was started in a way that it cannot work with; it exits with 64 (EX_USAGE). */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** A variable that the stack sets. */
export function variable(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value) return value;
  throw new StartError(`${name} is not set; it is part of the pod that the stack makes: run pulumi up`);
}

/** Reads and checks a config file. All problems at once, by key and without values. */
export async function readConfig<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new StartError(`${file} cannot be read as JSON (${reasonOf(error)}): run pulumi up`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new StartError(
    `${file} is not a config of this release; run pulumi up with the same release:\n  ${problemsOf(parsed.error).join('\n  ')}`,
  );
}
