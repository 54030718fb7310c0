/**
 * The port RunnerRecords over GitLab's REST API, without gitbeaker: it knows neither managers nor the maintenance note, and would be
 * two thirds of the sidecar.
 */
import * as z from 'zod';
import type { GitLabConfig } from '../../config.ts';
import type { ManagerView, RecordView } from '../../core/model/facts.ts';
import type { Clock, RecordChange, RunnerRecords } from '../../ports.ts';
import { createHttp } from '../http/http.ts';
import { createCalls, type ApiAnswer, type ApiCall } from './calls.ts';
import { GitLabError } from './error.ts';
import { NO_RUNNER, readOf, type Expected } from './read.ts';

export interface GitLabOptions extends Pick<GitLabConfig, 'url' | 'caCertificate'> {
  /** Read before every call: a rotated token is used at once. */
  readonly token: () => Promise<string>;
  readonly requestSeconds: number;
  readonly clock: Clock;
}

/** How GitLab is called. */
export interface Connection {
  readonly call: ApiCall;
  /** Without a final slash. */
  readonly host: string;
  readonly token: () => Promise<string>;
  /** Drops idle connections so that the process can end. */
  readonly close: () => void;
}

export function connect({ url, caCertificate, token, requestSeconds, clock }: GitLabOptions): Connection {
  const { send, close } = createHttp(caCertificate);
  return {
    call: createCalls({ send, clock, requestMs: requestSeconds * 1000 }),
    host: url.replace(/\/+$/, ''),
    // A token file that cannot be read is one more way of not knowing; no port throws.
    token: () =>
      token().catch((error: unknown) => {
        throw new GitLabError('no call', { status: 0, detail: error instanceof Error ? error.message : 'no token' });
      }),
    close,
  };
}

const recordSchema = z.object({
  id: z.number(),
  tag_list: z.array(z.string()),
  paused: z.boolean(),
  maintenance_note: z.string().nullish(),
  description: z.string().nullable(),
  contacted_at: z.string().nullish(),
});

const managersSchema = z.array(
  z.object({
    system_id: z.string(),
    contacted_at: z.string().nullable(),
    // Absent in older releases.
    job_execution_status: z.string().optional(),
  }),
);

const viewOf = (record: z.infer<typeof recordSchema>): RecordView => ({
  id: record.id,
  tags: record.tag_list,
  paused: record.paused,
  note: record.maintenance_note ?? null,
  description: record.description ?? '',
  contactedAt: record.contacted_at ?? null,
});

/** A read and a write are answered alike: 200 with the record itself. */
const recordOf = (id: number): Expected<z.infer<typeof recordSchema>, RecordView> => ({
  body: recordSchema.refine((record) => record.id === id),
  view: viewOf,
  absent: NO_RUNNER,
});

const managersOf = (managers: z.infer<typeof managersSchema>): readonly ManagerView[] =>
  managers.map((manager) => ({
    systemId: manager.system_id,
    contactedAt: manager.contacted_at,
    busy: manager.job_execution_status === 'active',
  }));

const changeOf = ({ tags, note, description }: RecordChange) => ({
  ...(tags && { tag_list: tags }),
  ...(note !== undefined && { maintenance_note: note }),
  ...(description !== undefined && { description }),
});

export function runnerRecords({ call, host, token }: Omit<Connection, 'close'>): RunnerRecords {
  const ask = async (method: string, path: string, change?: RecordChange): Promise<ApiAnswer> =>
    call({
      method,
      url: new URL(`${host}/api/v4/runners/${path}`),
      headers: { 'private-token': await token(), ...(change && { 'content-type': 'application/json' }) },
      ...(change && { body: JSON.stringify(changeOf(change)) }),
    });
  return {
    read: (id) => readOf(ask('GET', `${id}`), recordOf(id)),
    managers: (id) =>
      readOf(ask('GET', `${id}/managers`), { body: managersSchema, view: managersOf, absent: NO_RUNNER }),
    write: (id, change) => readOf(ask('PUT', `${id}`, change), recordOf(id)),
  };
}
