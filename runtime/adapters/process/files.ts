/** Files that other processes write or read: tokens from the volume of a Secret, and files that are replaced in one step. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as z from 'zod';
import type { Known } from '../../core/model/read.ts';

/** Replaces the file at `path` in one step: a probe never reads half of it. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(draft, text);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw new Error(`cannot write ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** The text of a file, undefined where there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new Error(`cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Reads the token at each call: a rotated Secret changes the file of a running process. */
export const tokenFile = (directory: string, name: string) => async (): Promise<string> => {
  const path = join(directory, name);
  const token = (await readIfThere(path))?.trim();
  if (token === undefined) throw new Error(`there is no token at ${path}: check the Secret that is mounted there`);
  if (token === '') throw new Error(`the token at ${path} is empty: check the Secret that is mounted there`);
  // A line break inside would make an HTTP header that Node refuses with the value in its message.
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new Error(`the token at ${path} contains spaces or line breaks: check the Secret`);
  return token;
};

/** A JSON file that its schema accepts. The reason of a failure names no values: they may be secret. */
export async function jsonFile<T>(path: string, schema: z.ZodType<T>): Promise<Known<T>> {
  const unknown = (why: string): Known<T> => ({ kind: 'unknown', why: `${path}: ${why}` });
  try {
    const parsed = schema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? { kind: 'known', value: parsed.data } : unknown('it has an unexpected form');
  } catch (error) {
    return unknown(error instanceof SyntaxError ? 'it is not JSON' : reasonOf(error));
  }
}

/** The code of a failed system call, or the message of another error. */
export const reasonOf = (error: unknown): string =>
  codeOf(error) ?? (error instanceof Error ? error.message : 'unknown error');

export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
