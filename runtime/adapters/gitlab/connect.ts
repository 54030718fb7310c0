/** The ports RunnerRecords and StatusProject over GitLab's REST API, through gitbeaker. */
import { Commits, RepositoryFiles, Runners } from '@gitbeaker/rest';
import * as z from 'zod';
import type { GitLabConfig } from '../../config.ts';
import type { Read } from '../../core/model/read.ts';
import type { ManagerView, RecordView } from '../../core/model/facts.ts';
import { createHttp } from '../http/http.ts';
import type {
  Clock,
  CreateResult,
  FileVersion,
  RecordChange,
  RunnerRecords,
  SavedFile,
  SteeredProject,
} from '../../ports.ts';
import { GitLabError } from './error.ts';
import { commitResult, expanded, NO_FILE, NO_RUNNER, readOf, unknownOf, type Expected, type Reply } from './read.ts';
import { createRequester } from './requester.ts';

export interface GitLabOptions extends Pick<GitLabConfig, 'url' | 'caCertificate'> {
  /** Read before every call: a rotated token is used at once. */
  readonly token: () => Promise<string>;
  readonly requestSeconds: number;
  readonly clock: Clock;
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

const fileSchema = z.object({
  file_path: z.string(),
  content: z.string(),
  encoding: z.literal('base64'),
  last_commit_id: z.string(),
});

const versionOf = (file: z.infer<typeof fileSchema>): FileVersion => ({
  text: Buffer.from(file.content, 'base64').toString('utf8'),
  commit: file.last_commit_id,
});

const viewOf = (record: z.infer<typeof recordSchema>): RecordView => ({
  id: record.id,
  tags: record.tag_list,
  paused: record.paused,
  note: record.maintenance_note ?? null,
  description: record.description ?? '',
  contactedAt: record.contacted_at ?? null,
});

/** gitbeaker knows neither managers nor the maintenance note; both go through its requester. */
class FleetRunners extends Runners {
  record(id: number): Promise<Reply> {
    return this.requester.get(`runners/${id}`);
  }

  managers(id: number): Promise<Reply> {
    return this.requester.get(`runners/${id}/managers`);
  }

  change(id: number, body: Record<string, unknown>): Promise<Reply> {
    return this.requester.put(`runners/${id}`, { body });
  }
}

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

function runnerRecords(runners: FleetRunners): RunnerRecords {
  return {
    read: (id) => readOf(runners.record(id), recordOf(id)),
    managers: (id) => readOf(runners.managers(id), { body: managersSchema, view: managersOf, absent: NO_RUNNER }),
    write: (id, change: RecordChange) =>
      readOf(
        runners.change(id, {
          ...(change.tags && { tagList: change.tags }),
          ...(change.note !== undefined && { maintenanceNote: change.note }),
          ...(change.description !== undefined && { description: change.description }),
        }),
        recordOf(id),
      ),
  };
}

/** What a commit's failure means (gitlab-facts D1, D3). Only one text says that a path is taken. */
function commitFailure(error: GitLabError): CreateResult {
  if (error.status !== 400 || !error.isGitLabs) return unknownOf(error);
  if (/already exists/i.test(error.detail)) return { kind: 'exists' };
  return { kind: 'conflict', why: error.message };
}

type Action = NonNullable<Parameters<Commits['create']>[3]>[number];

const actionOf = ({ path, text, exists }: SavedFile): Action => ({
  action: exists ? 'update' : 'create',
  filePath: path,
  content: text,
});

function statusProject(options: GitLabResource, id: number, branch: string): SteeredProject {
  const commits = new Commits(options);
  const files = new RepositoryFiles(options);
  const commit = async (actions: Action[], message: string): Promise<CreateResult> => {
    try {
      return commitResult(await expanded(commits.create(id, branch, message, actions, { showExpanded: true })));
    } catch (error) {
      if (!(error instanceof GitLabError)) throw error;
      return commitFailure(error);
    }
  };
  const read = <V>(path: string, view: (version: FileVersion) => V): Promise<Read<V>> =>
    readOf(expanded(files.show(id, path, branch, { showExpanded: true })), {
      body: fileSchema.refine((file) => file.file_path === path),
      view: (file) => view(versionOf(file)),
      absent: NO_FILE,
    });
  return {
    file: (path) => read(path, ({ text }) => text),
    version: (path) => read(path, (version) => version),
    create: (path, text, message) => commit([actionOf({ path, text, exists: false })], message),
    save: (changed, message) => commit(changed.map(actionOf), message),
    replace: (path, lastCommitId, text, message) =>
      commit([{ ...actionOf({ path, text, exists: true }), lastCommitId }], message),
  };
}

/** What gitbeaker's classes are made with. */
export type GitLabResource = ConstructorParameters<typeof Commits>[0];

export interface GitLabConnection {
  /** For further adapters over the same connection. */
  readonly resource: GitLabResource;
  readonly records: RunnerRecords;
  readonly project: (id: number, branch: string) => SteeredProject;
  readonly close: () => void;
}

/** GitLab as the ports need it. `close` drops idle connections so that the process can end. */
export function connectGitLab(options: GitLabOptions): GitLabConnection {
  const { send, close } = createHttp(options.caCertificate);
  const requesterFn = createRequester({ send, clock: options.clock, requestMs: options.requestSeconds * 1000 });
  const resource = {
    host: options.url.replace(/\/+$/, ''),
    // A token file that cannot be read is one more way of not knowing; no port throws.
    token: () =>
      options.token().catch((error: unknown) => {
        throw new GitLabError('no call', { status: 0, detail: error instanceof Error ? error.message : 'no token' });
      }),
    requesterFn,
    // The requester has its own limit; gitbeaker's default of five minutes would only leave timers behind.
    queryTimeout: null,
    camelize: false as const,
  };
  return {
    resource,
    records: runnerRecords(new FleetRunners(resource)),
    project: (id, branch) => statusProject(resource, id, branch),
    close,
  };
}
