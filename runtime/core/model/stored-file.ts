/** What the files of the status project have in common. Each file is parsed once, into plain data, where its kind is defined. */
import * as z from 'zod';
import type { Parsed } from './read.ts';

/** The id of a runner record. */
export const recordId = z.number().int().positive();
/** A time as `isoOf` writes it. */
export const isoTime = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

const versionOnly = z.object({ version: z.number() });

/** The value of a file's text, or one clause that says what is wrong with it. */
export function parseFile<T>(path: string, text: string, schema: z.ZodType<T>): Parsed<T> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, why: `${path} is not JSON` };
  }
  const version = versionOnly.safeParse(json);
  if (version.success && version.data.version > 1)
    return {
      ok: false,
      why: `${path} was written by a newer release (version ${version.data.version}); upgrade this one`,
    };
  const parsed = schema.safeParse(json);
  if (parsed.success) return { ok: true, value: parsed.data };
  const first = parsed.error.issues[0];
  return { ok: false, why: `${path} is not valid at "${first?.path.map(String).join('.') ?? ''}"` };
}

/** The text of a file: stable, so that equal content is equal text and commits nothing. */
export const fileText = <T extends { readonly version: 1 }>(value: T): string => `${JSON.stringify(value, null, 2)}\n`;
