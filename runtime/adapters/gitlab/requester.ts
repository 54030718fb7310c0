/**
 * The requester under gitbeaker's resource classes. gitbeaker's own handler repeats POSTs ten times within a quarter of a second:
 * ours makes calls as calls.ts does.
 */
import { createRequesterFn, type FormattedResponse } from '@gitbeaker/requester-utils';
import * as z from 'zod';
import type { ApiCall } from './calls.ts';

const optionsSchema = z.object({
  method: z.string().default('GET'),
  headers: z.record(z.string(), z.string()).default({}),
  prefixUrl: z.string(),
  searchParams: z.string().optional(),
  body: z.string().optional(),
});

/** The function that gitbeaker's classes take as `requesterFn`. */
export const createRequester = (call: ApiCall) =>
  createRequesterFn(
    (_resource, options) => Promise.resolve(options),
    async (endpoint, rawOptions): Promise<FormattedResponse> => {
      const { prefixUrl, searchParams = '', body, ...request } = optionsSchema.parse(rawOptions);
      const url = new URL(`${prefixUrl.replace(/\/+$/, '')}/${endpoint}`);
      url.search = searchParams;
      return call({ ...request, url, ...(body !== undefined && { body }) });
    },
  );
