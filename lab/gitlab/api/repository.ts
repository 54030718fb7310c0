/** Commits, files, trees and branches of a project (gitlab-facts D). */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { LEVEL, type Project } from '../model/access.ts';
import { ApiError, badRequest, forbidden, notFound } from '../model/errors.ts';
import type { Commit } from '../model/repository.ts';
import { changedProject, projectOf } from './owners.ts';
import { flag, iso, noContent, ok, page, parse, route, type Call, type Reply, type Route } from './route.ts';

const commitView = ({ origin }: Call, project: Project, commit: Commit): Record<string, unknown> => ({
  id: commit.id,
  short_id: commit.id.slice(0, 8),
  title: commit.message.split('\n')[0],
  message: commit.message,
  author_name: commit.author,
  created_at: iso(commit.at),
  committed_date: iso(commit.at),
  parent_ids: commit.parent === undefined ? [] : [commit.parent],
  web_url: `${origin}/${project.path}/-/commit/${commit.id}`,
});

const branchView = (call: Call, project: Project, level: number, name: string): Record<string, unknown> => {
  const head = call.model.repository(project.id).head(name);
  const rule = project.protectedBranches.get(name);
  return {
    name,
    commit: head ? commitView(call, project, head) : null,
    protected: rule !== undefined,
    default: name === 'main',
    can_push: level >= (rule?.pushLevel ?? LEVEL.developer),
    web_url: `${call.origin}/${project.path}/-/tree/${name}`,
  };
};

const action = z.object({
  action: z.enum(['create', 'update', 'delete', 'move', 'chmod']),
  file_path: z.string().min(1),
  previous_path: z.string().optional(),
  content: z.string().optional(),
  encoding: z.enum(['text', 'base64']).optional(),
  last_commit_id: z.string().optional(),
});
const commitBody = z.object({
  branch: z.string().min(1),
  commit_message: z.string().min(1),
  actions: z.array(action).min(1),
  start_branch: z.string().optional(),
  start_sha: z.string().optional(),
  force: flag.optional(),
});
type CommitBody = z.infer<typeof commitBody>;

function push(call: Call, body: CommitBody, refusal: (text: string) => Error): Commit {
  const { project, caller, level } = projectOf(call, LEVEL.guest);
  const rule = project.protectedBranches.get(body.branch);
  if (project.deletedAt !== undefined || level < (rule?.pushLevel ?? LEVEL.developer))
    throw refusal('You are not allowed to push into this branch');
  const commit = call.model.repository(project.id).commit({
    branch: body.branch,
    message: body.commit_message,
    actions: body.actions,
    startBranch: body.start_branch,
    startSha: body.start_sha,
    force: body.force,
    author: caller.token.name,
    mayForce: rule ? rule.allowForcePush : true,
  });
  call.model.emit({ kind: 'commit', at: commit.at, project: project.id, message: commit.message, paths: commit.paths });
  return commit;
}

interface FileFound {
  readonly path: string;
  readonly ref: string;
  readonly content: string;
  readonly commit: Commit;
  readonly last: Commit;
}

function fileOf(call: Call): FileFound {
  const { project } = projectOf(call, LEVEL.reporter, 'read_repository');
  const path = call.ids['file'] ?? '';
  const ref = call.query.get('ref') ?? 'main';
  return { path, ref, ...call.model.repository(project.id).file(path, ref) };
}

const fileView = ({ path, ref, content, commit, last }: FileFound): Record<string, unknown> => ({
  file_name: path.split('/').at(-1),
  file_path: path,
  size: Buffer.byteLength(content),
  encoding: 'base64',
  content: Buffer.from(content).toString('base64'),
  content_sha256: createHash('sha256').update(content).digest('hex'),
  ref,
  blob_id: createHash('sha1').update(content).digest('hex'),
  commit_id: commit.id,
  last_commit_id: last.id,
  execute_filemode: false,
});

/** The file's data as headers: X-Gitlab-File-Path and the like. */
function fileHeaders(file: FileFound): Record<string, string> {
  const { content: _, ...rest } = fileView(file);
  const name = (key: string): string =>
    `X-Gitlab-${key.replaceAll('_', '-').replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase())}`;
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [name(key), String(value)]));
}

const fileBody = z.object({
  branch: z.string().min(1),
  commit_message: z.string().min(1),
  content: z.string().optional(),
  encoding: z.enum(['text', 'base64']).optional(),
  last_commit_id: z.string().optional(),
  start_branch: z.string().optional(),
});

/** The files API is the commits API with other texts where it refuses. */
function writeFile(call: Call, kind: 'create' | 'update' | 'delete'): FileFound {
  const body = parse(fileBody, call.params);
  const path = call.ids['file'] ?? '';
  const { content, encoding, last_commit_id } = body;
  try {
    const commit = push(
      call,
      { ...body, actions: [{ action: kind, file_path: path, content, encoding, last_commit_id }] },
      (text) => badRequest(text),
    );
    return { path, ref: body.branch, content: '', commit, last: commit };
  } catch (error) {
    if (error instanceof ApiError && JSON.stringify(error.body).includes('has changed since'))
      throw badRequest('You are attempting to update a file that has changed since you started editing it.');
    throw error;
  }
}

const files = '/projects/:id/repository/files/:file';

export const repositoryRoutes: readonly Route[] = [
  route('POST', '/projects/:id/repository/commits', (call) => {
    const body = parse(commitBody, call.params);
    const { project } = projectOf(call, LEVEL.guest);
    const commit = push(call, body, (text) => forbidden(text));
    return ok({ ...commitView(call, project, commit), stats: { additions: 1, deletions: 0, total: 1 } }, 201);
  }),
  route('GET', '/projects/:id/repository/commits', (call) => {
    const { project } = projectOf(call, LEVEL.reporter);
    const path = call.query.get('path');
    const log = call.model.repository(project.id).log(call.query.get('ref_name') ?? 'main');
    const touching = log.filter((commit) => path === null || commit.paths.includes(path));
    return page(
      call,
      touching.map((commit) => commitView(call, project, commit)),
    );
  }),
  route('GET', '/projects/:id/repository/commits/:sha', (call) => {
    const { project } = projectOf(call, LEVEL.reporter);
    const commit = call.model.repository(project.id).resolve(call.ids['sha'] ?? '');
    if (!commit) throw notFound('Commit');
    return ok(commitView(call, project, commit));
  }),
  route('GET', '/projects/:id/repository/tree', (call) => {
    const { project } = projectOf(call, LEVEL.reporter);
    const commit = call.model.repository(project.id).resolve(call.query.get('ref') ?? 'main');
    if (!commit) throw notFound('Tree');
    const { recursive } = parse(z.object({ recursive: flag.default(false) }), call.params);
    return page(call, treeOf(commit, call.query.get('path') ?? '', recursive));
  }),
  route('GET', files, (call) => ok(fileView(fileOf(call)))),
  route('HEAD', files, (call): Reply => ({ status: 200, body: undefined, headers: fileHeaders(fileOf(call)) })),
  route('GET', `${files}/raw`, (call): Reply => {
    const file = fileOf(call);
    return { status: 200, body: file.content, headers: { ...fileHeaders(file), 'Content-Type': 'text/plain' } };
  }),
  route('POST', files, (call) => {
    const file = writeFile(call, 'create');
    return ok({ file_path: file.path, branch: file.ref }, 201);
  }),
  route('PUT', files, (call) => {
    const file = writeFile(call, 'update');
    return ok({ file_path: file.path, branch: file.ref });
  }),
  route('DELETE', files, (call) => {
    writeFile(call, 'delete');
    return noContent;
  }),
  route('GET', '/projects/:id/repository/branches', (call) => {
    const { project, level } = projectOf(call, LEVEL.reporter);
    const names = [...call.model.repository(project.id).branches.keys()];
    return page(
      call,
      names.map((name) => branchView(call, project, level, name)),
    );
  }),
  route('GET', '/projects/:id/repository/branches/:branch', (call) => {
    const { project, level } = projectOf(call, LEVEL.reporter);
    const name = call.ids['branch'] ?? '';
    if (!call.model.repository(project.id).branches.has(name)) throw notFound('Branch');
    return ok(branchView(call, project, level, name));
  }),
  route('POST', '/projects/:id/repository/branches', (call) => {
    const { project, level } = changedProject(call, LEVEL.developer);
    const body = parse(z.object({ branch: z.string(), ref: z.string() }), call.params);
    call.model.repository(project.id).createBranch(body.branch, body.ref);
    return ok(branchView(call, project, level, body.branch), 201);
  }),
];

/** Folders come along with what is in them; each entry once. */
function treeOf(commit: Commit, folder: string, recursive: boolean): unknown[] {
  const prefix = folder === '' ? '' : `${folder.replace(/\/$/, '')}/`;
  const entries = new Map<string, 'tree' | 'blob'>();
  for (const path of commit.tree.keys()) {
    if (!path.startsWith(prefix)) continue;
    const parts = path.slice(prefix.length).split('/');
    const folders = parts.slice(0, -1).map((_, index) => prefix + parts.slice(0, index + 1).join('/'));
    for (const each of recursive ? folders : folders.slice(0, 1)) entries.set(each, 'tree');
    if (recursive || folders.length === 0) entries.set(path, 'blob');
  }
  return [...entries]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([path, type]) => ({
      id: createHash('sha1')
        .update(`${type} ${path} ${commit.tree.get(path) ?? commit.id}`)
        .digest('hex'),
      name: path.split('/').at(-1),
      type,
      path,
      mode: type === 'tree' ? '040000' : '100644',
    }));
}
