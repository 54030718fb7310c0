/**
 * The parameters of a call as Rack reads them: query and body together, and the body wins. The body is JSON, a form or a
 * multipart form; `tag_list[]=a&tag_list[]=b` is an array, `actions[][action]=create&actions[][file_path]=x` an array of records.
 */
import * as z from 'zod';
import { ApiError } from '../model/errors.ts';

export type Params = Readonly<Record<string, unknown>>;

const record = z.record(z.string(), z.unknown());

export async function paramsOf(query: URLSearchParams, contentType: string, body: Buffer): Promise<Params> {
  return { ...nested(query), ...(await bodyParams(contentType, body)) };
}

async function bodyParams(contentType: string, body: Buffer): Promise<Params> {
  if (body.length === 0) return {};
  if (/^(application\/x-www-form-urlencoded|multipart\/form-data)/.test(contentType)) {
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData();
    return nested([...form].flatMap(([key, value]) => (typeof value === 'string' ? [[key, value] as const] : [])));
  }
  // The trace of a job.
  if (contentType.startsWith('text/plain')) return {};
  try {
    const json: unknown = JSON.parse(body.toString('utf8'));
    return record.catch({}).parse(json);
  } catch {
    throw new ApiError(400, { error: 'message body does not match declared format' });
  }
}

function nested(pairs: Iterable<readonly [string, string]>): Record<string, unknown> {
  const params: Record<string, unknown> = {};
  for (const [key, value] of pairs) {
    const [, name = key, rest = ''] = /^([^[]+)((?:\[[^\]]*\])*)$/.exec(key) ?? [];
    const keys = [...rest.matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? '');
    params[name] = put(params[name], keys, value);
  }
  return params;
}

/** An empty key is the next element of an array. A record in it is filled until one of its keys comes again. */
function put(present: unknown, [key, ...rest]: readonly string[], value: string): unknown {
  if (key === undefined) return value;
  if (key !== '') {
    const fields = record.catch({}).parse(present);
    return { ...fields, [key]: put(fields[key], rest, value) };
  }
  const list = z.array(z.unknown()).catch([]).parse(present);
  const last = record.safeParse(list.at(-1));
  const [field] = rest;
  if (field !== undefined && field !== '' && last.success && !(field in last.data))
    return [...list.slice(0, -1), put(last.data, rest, value)];
  return [...list, put(undefined, rest, value)];
}
