/** Runner records for people and programs: the endpoints with a personal, group or project token (gitlab-facts A). */
import * as z from 'zod';
import { headerOf } from '../http/request.ts';
import { LEVEL, type Caller } from '../model/access.ts';
import { ApiError, badRequest, forbidden, notFound, refused } from '../model/errors.ts';
import type { GitLabModel } from '../model/gitlab.ts';
import { normalTags, type Manager, type Runner } from '../model/runners.ts';
import { groupOf, projectOf } from './owners.ts';
import { count, flag, iso, noContent, ok, page, parse, route, type Call, type Route } from './route.ts';

const tagList = z.union([z.array(z.string()), z.string()]).transform(normalTags);

const attributes = {
  description: z.string().optional(),
  paused: flag.optional(),
  tag_list: tagList.optional(),
  run_untagged: flag.optional(),
  locked: flag.optional(),
  access_level: z.enum(['not_protected', 'ref_protected']).optional(),
  maximum_timeout: count.nullable().optional(),
  maintenance_note: z.string().nullable().optional(),
};
const changeBody = z.object({ ...attributes, active: flag.optional() });
const createBody = z.object({
  ...attributes,
  runner_type: z.enum(['instance_type', 'group_type', 'project_type']),
  group_id: count.optional(),
  project_id: count.optional(),
});

/** What a caller may do with a record: the table of gitlab-facts A2. */
function rights(model: GitLabModel, caller: Caller, runner: Runner): { read: boolean; update: boolean } {
  const { user } = caller;
  switch (runner.type) {
    case 'instance_type':
      return { read: true, update: user.admin };
    case 'group_type': {
      const level = model.access.groupLevel(user, runner.groupId ?? 0);
      return { read: level >= LEVEL.maintainer, update: level >= LEVEL.owner };
    }
    case 'project_type': {
      const project = model.access.projects.get(runner.projectId ?? 0);
      const may = project !== undefined && model.access.projectLevel(user, project) >= LEVEL.maintainer;
      return { read: may, update: may };
    }
  }
}

const jobStatus = (model: GitLabModel, runner: Runner, systemId?: string): string =>
  model.jobs.runsOn(runner.id, systemId) ? 'active' : 'idle';

function listView(model: GitLabModel, runner: Runner): Record<string, unknown> {
  return {
    id: runner.id,
    description: runner.description,
    ip_address: null,
    active: !runner.paused,
    paused: runner.paused,
    is_shared: runner.type === 'instance_type',
    runner_type: runner.type,
    name: null,
    online: model.runners.isOnline(runner.contact),
    created_at: iso(runner.createdAt),
    status: model.runners.status(runner),
    job_execution_status: jobStatus(model, runner),
  };
}

function detailsView({ model, origin }: Call, runner: Runner, mayUpdate: boolean): Record<string, unknown> {
  const newest = [...runner.managers.values()].toSorted((a, b) => (b.contact.column ?? 0) - (a.contact.column ?? 0))[0];
  const group = model.access.groups.get(runner.groupId ?? 0);
  return {
    ...listView(model, runner),
    tag_list: runner.tags,
    run_untagged: runner.runUntagged,
    locked: runner.locked,
    maximum_timeout: runner.maximumTimeout,
    access_level: runner.accessLevel,
    version: newest?.info.version ?? null,
    revision: newest?.info.revision ?? null,
    platform: newest?.info.platform ?? null,
    architecture: newest?.info.architecture ?? null,
    contacted_at: iso(model.runners.contactedAt(runner.contact)),
    maintenance_note: mayUpdate ? runner.note : null,
    groups: group ? [{ id: group.id, name: group.name, web_url: `${origin}/groups/${group.path}` }] : [],
  };
}

/** The projects that a project runner is assigned to; the lab knows only its owner. */
function projectsOf({ model, origin }: Call, runner: Runner): unknown[] {
  const project = model.access.projects.get(runner.projectId ?? 0);
  if (!project) return [];
  const { id, name, path } = project;
  return [{ id, name, path_with_namespace: path, web_url: `${origin}/${path}` }];
}

function managerView(model: GitLabModel, runner: Runner, manager: Manager): Record<string, unknown> {
  return {
    id: manager.id,
    system_id: manager.systemId,
    ...manager.info,
    created_at: iso(manager.createdAt),
    contacted_at: iso(model.runners.contactedAt(manager.contact)),
    ip_address: '127.0.0.1',
    status: model.runners.status(manager),
    job_execution_status: jobStatus(model, runner, manager.systemId),
  };
}

/** Authentication, then the record (404), then the policy (403): in this order. */
function runnerOf(call: Call, need: 'read' | 'update'): { runner: Runner; may: { read: boolean; update: boolean } } {
  const caller = call.caller('manage_runner');
  const { id } = parse(z.object({ id: count }), call.ids);
  const runner = call.model.runners.all.get(id);
  if (!runner) throw notFound('Runner');
  const may = rights(call.model, caller, runner);
  if (!may[need]) throw forbidden('No access granted');
  return { runner, may };
}

const listQuery = z.object({
  status: z.enum(['online', 'offline', 'stale', 'never_contacted', 'active', 'paused']).optional(),
  type: z.enum(['instance_type', 'group_type', 'project_type']).optional(),
  paused: flag.optional(),
  scope: z.string().optional(),
  tag_list: tagList.optional(),
});
/** The deprecated `scope` is a status or a type under another name. */
const SCOPES: Readonly<Record<string, { status?: string; type?: string }>> = {
  active: { status: 'active' },
  paused: { status: 'paused' },
  online: { status: 'online' },
  offline: { status: 'offline' },
  shared: { type: 'instance_type' },
  specific: { type: 'project_type' },
};

function listed(call: Call, runners: readonly Runner[]) {
  const { model } = call;
  const { tag_list, scope: named, ...asked } = parse(listQuery, call.params);
  const scope = SCOPES[named ?? ''];
  if (named && !scope) throw badRequest('Scope contains invalid value');
  const { status, type, paused } = { ...scope, ...asked };
  const tags = tag_list ?? [];
  // The filters look at the database's column, which lags behind what the API shows.
  const shown = runners.filter((runner) => {
    const column = { redis: undefined, column: runner.contact.column };
    if (status === 'online' && !model.runners.isOnline(column)) return false;
    if (status === 'offline' && (runner.contact.column === undefined || model.runners.isOnline(column))) return false;
    if ((status === 'paused' && !runner.paused) || (status === 'active' && runner.paused)) return false;
    if (paused !== undefined && runner.paused !== paused) return false;
    return (!type || runner.type === type) && tags.every((tag) => runner.tags.includes(tag));
  });
  return page(
    call,
    shown.map((runner) => listView(model, runner)),
  );
}

function create(call: Call) {
  const caller = call.caller('create_runner');
  const body = parse(createBody, call.params);
  const { model } = call;
  const id = model.access.id();
  const kind = { instance_type: 1, group_type: 2, project_type: 3 }[body.runner_type];
  if (body.runner_type === 'group_type' && body.group_id === undefined) throw refused('group_id is missing');
  if (body.runner_type === 'project_type' && body.project_id === undefined) throw refused('project_id is missing');
  const runner: Runner = {
    id,
    token: model.access.secret(`glrt-t${kind}_`),
    type: body.runner_type,
    groupId: body.group_id,
    projectId: body.project_id,
    createdAt: model.now(),
    createdBy: caller.user.id,
    description: body.description ?? '',
    tags: body.tag_list ?? [],
    paused: body.paused ?? false,
    runUntagged: body.run_untagged ?? true,
    locked: body.locked ?? false,
    accessLevel: body.access_level ?? 'not_protected',
    maximumTimeout: body.maximum_timeout ?? null,
    note: body.maintenance_note ?? null,
    contact: { redis: undefined, column: undefined },
    managers: new Map(),
  };
  if (!rights(model, caller, runner).update)
    throw new ApiError(403, { message: '403 Forbidden - Insufficient permissions' });
  model.runners.add(runner);
  return ok({ id, token: runner.token, token_expires_at: null }, 201);
}

function isModifiedSince(call: Call, runner: Runner): boolean {
  const since = headerOf(call.headers, 'if-unmodified-since');
  return since !== undefined && Date.parse(since) < runner.createdAt;
}

export const runnerRoutes: readonly Route[] = [
  route('POST', '/user/runners', create),
  route('GET', '/runners', (call) => {
    const caller = call.caller();
    return listed(
      call,
      [...call.model.runners.all.values()].filter((runner) => rights(call.model, caller, runner).update),
    );
  }),
  route('GET', '/runners/all', (call) => {
    if (!call.caller().user.admin) throw forbidden();
    return listed(call, [...call.model.runners.all.values()]);
  }),
  route('GET', '/groups/:id/runners', (call) => {
    const { group } = groupOf(call, LEVEL.maintainer);
    const own = (runner: Runner): boolean => runner.groupId === group.id || runner.type === 'instance_type';
    return listed(call, [...call.model.runners.all.values()].filter(own));
  }),
  route('GET', '/projects/:id/runners', (call) => {
    const { project } = projectOf(call, LEVEL.maintainer);
    const serves = (runner: Runner): boolean =>
      runner.projectId === project.id || runner.groupId === project.groupId || runner.type === 'instance_type';
    return listed(call, [...call.model.runners.all.values()].filter(serves));
  }),
  route('GET', '/runners/:id', (call) => {
    const { runner, may } = runnerOf(call, 'read');
    return ok({ ...detailsView(call, runner, may.update), projects: projectsOf(call, runner) });
  }),
  route('PUT', '/runners/:id', (call) => {
    const { runner } = runnerOf(call, 'update');
    const { active, ...change } = parse(changeBody, call.params);
    if (active !== undefined && change.paused !== undefined)
      throw new ApiError(400, { error: 'paused, active are mutually exclusive' });
    if (active === undefined && Object.values(change).every((value) => value === undefined))
      throw new ApiError(400, {
        error: `${Object.keys(changeBody.shape).join(', ')} are missing, at least one parameter must be provided`,
      });
    const before = runner.tags;
    call.model.runners.update(runner, active === undefined ? change : { ...change, paused: !active });
    call.model.tagsChanged(runner, before, call.caller('manage_runner').token.name);
    return ok(detailsView(call, runner, true));
  }),
  route('DELETE', '/runners/:id', (call) => {
    const { runner } = runnerOf(call, 'update');
    if (isModifiedSince(call, runner)) throw new ApiError(412, { message: '412 Precondition Failed' });
    call.model.runners.remove(runner);
    return noContent;
  }),
  // The whole list in one answer: this endpoint knows no pages.
  route('GET', '/runners/:id/managers', (call) => {
    const { runner } = runnerOf(call, 'read');
    return ok([...runner.managers.values()].map((manager) => managerView(call.model, runner, manager)));
  }),
  route('GET', '/runners/:id/projects', (call) => page(call, projectsOf(call, runnerOf(call, 'read').runner))),
  route('GET', '/runners/:id/jobs', (call) => {
    // Who may read the builds of a runner: the owners of its group.
    const { runner } = runnerOf(call, 'update');
    const jobs = [...call.model.jobs.all.values()].filter((job) => job.runnerId === runner.id);
    return page(
      call,
      jobs.map((job) => ({ id: job.id, status: job.status, started_at: iso(job.startedAt) })),
    );
  }),
  route('POST', '/runners/:id/reset_authentication_token', (call) => {
    const { runner } = runnerOf(call, 'update');
    call.model.runners.resetToken(runner, call.model.access.secret('glrt-t2_'));
    return ok({ token: runner.token, token_expires_at: null }, 201);
  }),
];
