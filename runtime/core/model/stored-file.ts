/** What the files of the status project have in common. Each file is parsed once, into plain data, where its kind is defined. */
import * as z from 'zod';
import type { Parsed } from './read.ts';
import { secondsOf } from './time.ts';

/*
 * The bounds of every schema: what our own writers can write, and what our own parsers can read again. A file beyond them is
 * unreadable. So one wrong or hostile file neither stops a checker that reads it, nor changes what that checker writes.
 */
/** A lease has room for nine digits. */
export const MAX_TERM = 999_999_999;
/** A lease has room for six digits. */
export const MAX_RUNNERS = 999_999;
export const MAX_CLUSTERS = 50;
/** Of one cluster, with those that Pulumi is replacing. Every checker reads each of them in every round. */
export const MAX_RECORDS = 50;
export const MAX_SENTENCE = 4000;
const MAX_FILE_CHARACTERS = 1_000_000;

/** The id of a runner record. */
const recordId = z.number().int().positive();
export const recordIds = z.array(recordId).max(MAX_RECORDS);
export const runnerCount = z.number().int().min(0).max(MAX_RUNNERS);
export const tags = z.array(z.string().max(255)).max(50);
/** A time as `isoOf` writes it, of a day that exists. */
export const isoTime = z.string().refine((text) => secondsOf(text) !== undefined);

const versionOnly = z.object({ version: z.number() });

/** The value of a file's text, or one clause that says what is wrong with it. */
export function parseFile<T>(path: string, text: string, schema: z.ZodType<T>): Parsed<T> {
  if (text.length > MAX_FILE_CHARACTERS)
    return { ok: false, why: `${path} is longer than ${MAX_FILE_CHARACTERS} characters` };
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
