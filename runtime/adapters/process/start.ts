/** Checks the environment and the config of a program before it starts, and reports all problems at once. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { problemsOf } from '../../config.ts';
import { reasonOf } from './files.ts';

/** EX_USAGE of sysexits.h: a new start does not help. */
export const EXIT_CANNOT_START = 64;

/** The program cannot work with its environment or config: a line for each problem, with what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/** A variable that the stack sets; `what` is what it holds. */
export function variable(what: string) {
  const error = `is not set; the stack sets it to ${what}: run pulumi up`;
  return z.string(error).min(1, error);
}

type Checked<T> = { readonly problems: readonly string[]; readonly value?: T };

/** The environment and the config that HADR_CONFIG names. Throws a StartError with the problems of both. */
export async function readStart<E extends { readonly HADR_CONFIG: string }, C>(
  env: NodeJS.ProcessEnv,
  variables: z.ZodType<E>,
  schema: z.ZodType<C>,
): Promise<{ readonly env: E; readonly config: C }> {
  const found = variables.safeParse(env);
  const file = env['HADR_CONFIG'];
  const config: Checked<C> = file ? await readConfig(file, schema) : { problems: [] };
  const problems = [...(found.success ? [] : problemsOf(found.error)), ...config.problems];
  if (!found.success || config.value === undefined) throw new StartError(problems);
  return { env: found.data, config: config.value };
}

/** Names keys and no values: a value may be a secret. */
async function readConfig<T>(file: string, schema: z.ZodType<T>): Promise<Checked<T>> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is not JSON' : reasonOf(error);
    return { problems: [`${file} cannot be read (${why}): run pulumi up`] };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { problems: [], value: parsed.data };
  return {
    problems: problemsOf(parsed.error).map((problem) => `${file}: ${problem}; run pulumi up to write it again`),
  };
}
