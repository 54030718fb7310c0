/** GitLab's REST API as the ports of the checker and of people's commands: the status project through gitbeaker, records as in records.ts. */
import { Commits, RepositoryFiles } from '@gitbeaker/rest';
import * as z from 'zod';
import type { Read } from '../../core/model/read.ts';
import type { CreateResult, FileVersion, RunnerRecords, SavedFile, SteeredProject } from '../../ports.ts';
import { GitLabError } from './error.ts';
import { commitResult, expanded, NO_FILE, readOf, unknownOf } from './read.ts';
import { connect, runnerRecords, type GitLabOptions } from './records.ts';
import { createRequester } from './requester.ts';

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
  const { call, host, token, close } = connect(options);
  const resource = {
    host,
    token,
    requesterFn: createRequester(call),
    // Our calls have their own limit; gitbeaker's default of five minutes would only leave timers behind.
    queryTimeout: null,
    camelize: false as const,
  };
  return {
    resource,
    records: runnerRecords({ call, host, token }),
    project: (id, branch) => statusProject(resource, id, branch),
    close,
  };
}
