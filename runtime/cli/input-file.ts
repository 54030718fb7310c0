/** The files that a command reads: config, a stack's files, a token. Each problem is a sentence with the name of the file. */
import { isAbsolute, join } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import * as z from 'zod';
import { readIfThere } from '../adapters/process/files.ts';
import { wrongUsage } from './exit.ts';

export type Values = Record<string, unknown>;

/** The text of a file, undefined where there is none. Throws a Refusal where it cannot be read, as a folder cannot. */
export async function textOf(cwd: string, name: string): Promise<string | undefined> {
  try {
    return await readIfThere(isAbsolute(name) ? name : join(cwd, name));
  } catch (error) {
    throw wrongUsage(
      `${error instanceof Error ? error.message : `cannot read ${name}`}; give a file that you may read`,
    );
  }
}

/** The top of a YAML file, which must be keys and values. */
export function yamlValues(text: string, name: string): Values {
  const keyed = z.record(z.string(), z.unknown()).safeParse(parsed(text, name));
  if (keyed.success) return keyed.data;
  throw wrongUsage(`${name} has no keys; write it as docs/hadr.md shows`);
}

function parsed(text: string, name: string): unknown {
  try {
    // Without warnings: the library would write them to stderr.
    return parse(text, { logLevel: 'error' }) ?? {};
  } catch (error) {
    if (error instanceof YAMLParseError)
      throw wrongUsage(`${name} is not YAML at line ${error.linePos?.[0].line ?? 1}: correct it there`);
    // An alias without its anchor, aliases that multiply each other, or brackets nested too deep.
    throw wrongUsage(`${name} cannot be read as YAML: ${sentenceOf(error)}`);
  }
}

const sentenceOf = (error: unknown): string =>
  error instanceof ReferenceError
    ? 'it uses an alias (*) that is not set or that grows too large'
    : 'it is nested too deep';
