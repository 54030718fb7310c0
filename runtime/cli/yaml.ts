/** YAML files as people write them. */
import { parse, YAMLParseError } from 'yaml';
import * as z from 'zod';
import { wrongUsage } from './exit.ts';

export type Values = Record<string, unknown>;

/** The top of a YAML file, which must be keys and values. */
export function yamlValues(text: string, name: string): Values {
  try {
    const values: unknown = parse(text) ?? {};
    const keyed = z.record(z.string(), z.unknown()).safeParse(values);
    if (keyed.success) return keyed.data;
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw wrongUsage(`${name} is not YAML at line ${error.linePos?.[0].line ?? 1}: mend it there`);
  }
  throw wrongUsage(`${name} holds no keys; write it as docs/hadr.md shows`);
}
