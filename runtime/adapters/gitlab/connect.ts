/** The ports RunnerRecords and StatusProject over GitLab's REST API, through gitbeaker. */
import { Commits, Projects, RepositoryFiles, Runners } from '@gitbeaker/rest';
import * as z from 'zod';
import type { GitLabConfig } from '../../config.ts';
import { unknown, type Read, type Unknown } from '../../core/model/read.ts';
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
import { createRequester, dateOf, GitLabError } from './requester.ts';

export interface GitLabOptions extends Pick<GitLabConfig, 'url' | 'caCertificate'> {
  /** Asked before every call: a token that was rotated in its file is used at once. */
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

const fileSchema = z.object({ content: z.string(), encoding: z.literal('base64'), last_commit_id: z.string() });

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

export interface Reply {
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** A reply as an answer; one that does not have the expected shape is unknown, not empty. `advise` words an error. */
export async function answerOf<T, V>(
  call: Promise<Reply>,
  schema: z.ZodType<T>,
  view: (value: T) => V,
  advise: (error: GitLabError) => string = adviceOf,
): Promise<Read<V>> {
  try {
    const reply = await call;
    const parsed = schema.safeParse(reply.body);
    if (!parsed.success) return unknown('GitLab’s answer has another shape than expected');
    const at = dateOf(reply.headers);
    return at === undefined ? unknown('GitLab’s answer has no Date') : { kind: 'found', value: view(parsed.data), at };
  } catch (error) {
    if (!(error instanceof GitLabError)) throw error;
    // A project that may not be seen is a 404 too: that is a lost right, not an absent file.
    if (error.status === 404 && error.at !== undefined && !/project not found/i.test(error.detail))
      return { kind: 'absent', at: error.at };
    return unknownOf(error, advise);
  }
}

/** Of the 403s only GitLab's own speak of the token: a proxy's page or a read-only database's (gitlab-facts F) do not. */
const TOKEN_REFUSED = /^(403 Forbidden|insufficient_scope)/;

function unknownOf(error: GitLabError, advise = adviceOf): Unknown {
  const refused = error.status === 403 && TOKEN_REFUSED.test(error.detail);
  return { ...unknown(advise(error)), ...(refused && { refused }) };
}

/** What went wrong and, where the reader can do something, what. */
export function adviceOf(error: GitLabError): string {
  if (error.status === 401)
    return `${error.message} (the token is invalid, expired or revoked: run pulumi up to renew it; one that you gave as tokens.… make anew first)`;
  if (error.status === 0 && /certificate/i.test(error.detail))
    return `${error.message} (if a private authority signed GitLab’s certificate, give it as gitlab.caCertificate and run pulumi up)`;
  if (error.status === 403) return `${error.message} (the token lacks the role or scope: see the tokens in README.md)`;
  return error.message;
}

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

function runnerRecords(runners: FleetRunners): RunnerRecords {
  return {
    read: (id) => answerOf(runners.record(id), recordSchema, viewOf),
    managers: (id) =>
      answerOf(runners.managers(id), managersSchema, (managers): readonly ManagerView[] =>
        managers.map((manager) => ({
          systemId: manager.system_id,
          contactedAt: manager.contacted_at,
          busy: manager.job_execution_status === 'active',
        })),
      ),
    write: (id, change: RecordChange) =>
      answerOf(
        runners.change(id, {
          ...(change.tags && { tagList: change.tags }),
          ...(change.note !== undefined && { maintenanceNote: change.note }),
          ...(change.description !== undefined && { description: change.description }),
        }),
        recordSchema,
        viewOf,
      ),
  };
}

/** What a commit's failure means (gitlab-facts D1, D3). Only two texts say that a path is taken or free. */
function commitFailure(error: GitLabError): CreateResult {
  if (error.status !== 400) return unknownOf(error);
  if (/already exists/i.test(error.detail)) return { kind: 'exists' };
  return { kind: 'conflict', why: error.message };
}

/** gitbeaker's answer with its headers, as the requester gives it. */
async function expanded(call: Promise<{ data: unknown; headers: Record<string, string> }>): Promise<Reply> {
  const { data, headers } = await call;
  return { body: data, headers };
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
  const projects = new Projects(options);
  const commit = async (actions: Action[], message: string): Promise<CreateResult> => {
    try {
      await commits.create(id, branch, message, actions);
      return { kind: 'created' };
    } catch (error) {
      if (!(error instanceof GitLabError)) throw error;
      return commitFailure(error);
    }
  };
  const read = <V>(path: string, view: (version: FileVersion) => V): Promise<Read<V>> =>
    answerOf(expanded(files.show(id, path, branch, { showExpanded: true })), fileSchema, (file) =>
      view(versionOf(file)),
    );
  return {
    readable: () =>
      answerOf(expanded(projects.show(id, { showExpanded: true })), z.object({ id: z.number() }), () => true as const),
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
        throw new GitLabError('no call', 0, error instanceof Error ? error.message : 'no token', undefined);
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
