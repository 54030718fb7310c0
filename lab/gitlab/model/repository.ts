/** A project's repository as the API shows it: commits, trees, branches (gitlab-facts D). */
import { createHash } from 'node:crypto';
import { badRequest, forbidden, notFound } from './errors.ts';

export interface Commit {
  readonly id: string;
  readonly parent: string | undefined;
  readonly message: string;
  readonly author: string;
  readonly at: number;
  readonly tree: ReadonlyMap<string, string>;
  readonly paths: readonly string[];
}

export interface Action {
  readonly action: 'create' | 'update' | 'delete' | 'move' | 'chmod';
  readonly file_path: string;
  readonly previous_path?: string | undefined;
  readonly content?: string | undefined;
  readonly encoding?: 'text' | 'base64' | undefined;
  readonly last_commit_id?: string | undefined;
}

export interface CommitRequest {
  readonly branch: string;
  readonly message: string;
  readonly actions: readonly Action[];
  readonly startBranch?: string | undefined;
  readonly startSha?: string | undefined;
  readonly force?: boolean | undefined;
  readonly author: string;
  /** True if the branch's protection allows a force push. */
  readonly mayForce: boolean;
}

export class Repository {
  readonly branches = new Map<string, string>();
  readonly commits = new Map<string, Commit>();
  /** Called between the check of `last_commit_id` and the write (gitlab-facts D3): tests write here. */
  afterCheck: () => void = () => undefined;
  private readonly now: () => number;
  private sequence = 0;

  constructor(now: () => number) {
    this.now = now;
  }

  head(branch: string): Commit | undefined {
    return this.commits.get(this.branches.get(branch) ?? '');
  }

  /** The commits of a branch, the newest first. */
  log(branch: string): Commit[] {
    const log: Commit[] = [];
    for (let commit = this.head(branch); commit; commit = this.commits.get(commit.parent ?? '')) log.push(commit);
    return log;
  }

  resolve(ref: string): Commit | undefined {
    return this.head(ref) ?? this.commits.get(ref);
  }

  /** The last commit at or before `from` that touched `path`. */
  lastTouch(path: string, from: Commit | undefined): Commit | undefined {
    for (let commit = from; commit; commit = this.commits.get(commit.parent ?? ''))
      if (commit.paths.includes(path)) return commit;
    return undefined;
  }

  file(path: string, ref: string): { content: string; commit: Commit; last: Commit } {
    const commit = this.resolve(ref);
    if (!commit) throw notFound('Commit');
    const content = commit.tree.get(path);
    const last = this.lastTouch(path, commit);
    if (content === undefined || !last) throw notFound('File');
    return { content, commit, last };
  }

  createBranch(branch: string, ref: string): void {
    if (this.branches.has(branch)) throw badRequest('Branch already exists');
    const commit = this.resolve(ref);
    if (!commit) throw badRequest('Invalid reference name: ' + ref);
    this.branches.set(branch, commit.id);
  }

  commit(request: CommitRequest): Commit {
    const base = this.baseOf(request);
    const headBefore = this.branches.get(request.branch);
    this.checkLastCommits(request, base);
    this.afterCheck();
    // Gitaly builds on the head at the start of its call, which is after the check in Rails.
    const onto = request.startSha || request.startBranch ? base : (this.head(request.branch) ?? base);
    if (request.force && headBefore !== this.branches.get(request.branch))
      throw badRequest(`Could not update refs/heads/${request.branch}. Please refresh and try again.`);
    const tree = new Map(onto?.tree);
    for (const action of request.actions) apply(tree, action);
    return this.write(request, onto, tree);
  }

  private baseOf(request: CommitRequest): Commit | undefined {
    const { branch, startBranch, startSha, force } = request;
    if (this.commits.size === 0) return undefined;
    if (startBranch && startSha) throw badRequest('400 Bad request - start_branch, start_sha are mutually exclusive');
    const exists = this.branches.has(branch);
    if (!startBranch && !startSha) {
      if (!exists) throw badRequest('You can only create or edit files when you are on a branch');
      return this.head(branch);
    }
    if (exists && startBranch !== branch && !force)
      throw badRequest(`A branch called '${branch}' already exists. Switch to that branch in order to make changes`);
    if (exists && force && !request.mayForce) throw forbidden('You are not allowed to force push into this branch');
    const start = startSha ? this.commits.get(startSha) : this.head(startBranch ?? '');
    if (!start) throw badRequest(`Cannot find start_sha '${startSha ?? startBranch ?? ''}'`);
    return start;
  }

  /** Accepts any commit since which the path is unchanged, also the head. `create` ignores it. */
  private checkLastCommits(request: CommitRequest, base: Commit | undefined): void {
    for (const action of request.actions) {
      if (action.action === 'create' || action.last_commit_id === undefined) continue;
      const path = action.previous_path ?? action.file_path;
      const given = this.lastTouch(path, this.commits.get(action.last_commit_id));
      const present = this.lastTouch(path, base);
      if (given && present && given.id !== present.id)
        throw badRequest(`The file has changed since you started editing it: ${path}`);
    }
  }

  private write(request: CommitRequest, parent: Commit | undefined, tree: ReadonlyMap<string, string>): Commit {
    this.sequence += 1;
    const id = createHash('sha1').update(`${this.sequence}:${this.now()}:${request.message}`).digest('hex');
    const paths = request.actions.flatMap((action) => [
      action.file_path,
      ...(action.previous_path ? [action.previous_path] : []),
    ]);
    const commit: Commit = {
      id,
      parent: parent?.id,
      message: request.message,
      author: request.author,
      at: this.now(),
      tree,
      paths,
    };
    this.commits.set(id, commit);
    this.branches.set(request.branch, id);
    return commit;
  }
}

function apply(tree: Map<string, string>, action: Action): void {
  const { file_path: path } = action;
  const content =
    action.encoding === 'base64' ? Buffer.from(action.content ?? '', 'base64').toString('utf8') : action.content;
  const absent = (): Error => badRequest("A file with this name doesn't exist");
  switch (action.action) {
    case 'create':
      if (tree.has(path)) throw badRequest('A file with this name already exists');
      tree.set(path, content ?? '');
      return;
    case 'update':
      if (content === undefined)
        throw badRequest('400 Bad request - actions[0][content] is required for update action');
      if (!tree.has(path)) throw absent();
      tree.set(path, content);
      return;
    case 'delete':
      if (!tree.delete(path)) throw absent();
      return;
    case 'move': {
      const from = action.previous_path ?? '';
      const moved = tree.get(from);
      if (moved === undefined) throw absent();
      tree.delete(from);
      tree.set(path, content ?? moved);
      return;
    }
    case 'chmod':
      if (!tree.has(path)) throw absent();
  }
}
