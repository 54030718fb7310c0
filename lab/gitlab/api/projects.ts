/** Groups, projects and protected branches. */
import * as z from 'zod';
import { LEVEL, type Group, type Member, type Project, type Protection } from '../model/access.ts';
import { ApiError, badRequest, forbidden, noSuchRow, refused } from '../model/errors.ts';
import { changedProject, groupOf, projectOf } from './owners.ts';
import { count, flag, iso, noContent, ok, page, parse, route, type Call, type Reply, type Route } from './route.ts';

const groupView = (call: Call, group: Group): unknown => ({
  id: group.id,
  name: group.name,
  path: group.path,
  full_path: group.path,
  full_name: group.name,
  visibility: 'private',
  parent_id: null,
  web_url: `${call.origin}/groups/${group.path}`,
});

/** Lists with `search` keep what has the text in its name or path. */
function searched<T extends Group | Project>(call: Call, all: readonly T[]): T[] {
  const { search } = parse(z.object({ search: z.string().default('') }), call.params);
  const text = search.toLowerCase();
  return all.filter(({ name, path }) => name.toLowerCase().includes(text) || path.toLowerCase().includes(text));
}

function projectView(call: Call, project: Project): Record<string, unknown> {
  const group = call.model.access.groups.get(project.groupId);
  const marked = iso(project.deletedAt)?.slice(0, 10) ?? null;
  return {
    ...project.settings,
    id: project.id,
    name: project.name,
    path: project.path.split('/').at(-1),
    path_with_namespace: project.path,
    name_with_namespace: `${group?.name ?? ''} / ${project.name}`,
    default_branch: 'main',
    empty_repo: call.model.repository(project.id).branches.size === 0,
    visibility: project.settings['visibility'] ?? 'private',
    archived: project.deletedAt !== undefined,
    marked_for_deletion_at: marked,
    marked_for_deletion_on: marked,
    web_url: `${call.origin}/${project.path}`,
    namespace: { id: project.groupId, kind: 'group', full_path: group?.path },
  };
}

const projectBody = z.looseObject({
  name: z.string().min(1).optional(),
  path: z.string().min(1).optional(),
  namespace_id: count.optional(),
  initialize_with_readme: flag.optional(),
});

function create(call: Call): Reply {
  const { user } = call.caller();
  const { name, path, namespace_id, initialize_with_readme, ...settings } = parse(projectBody, call.params);
  const { access } = call.model;
  const title = name ?? path;
  if (title === undefined)
    throw new ApiError(400, { error: 'name, path are missing, at least one parameter must be provided' });
  if (namespace_id === undefined) throw badRequest({ namespace: ['is not valid'] });
  if (access.groupLevel(user, namespace_id) < LEVEL.maintainer) throw forbidden();
  const project = access.addProject(namespace_id, path ?? title, title, settings);
  if (initialize_with_readme)
    call.model.repository(project.id).commit({
      branch: 'main',
      message: 'Initial commit',
      actions: [{ action: 'create', file_path: 'README.md', content: `# ${title}\n` }],
      author: user.name,
      mayForce: false,
    });
  return ok(projectView(call, project), 201);
}

const protection = z.object({
  name: z.string(),
  push_access_level: count.default(LEVEL.maintainer),
  merge_access_level: count.default(LEVEL.maintainer),
  allow_force_push: flag.default(false),
});

/** The Enterprise Edition's lists of roles. The Community Edition does not know them and ignores them, as Grape does. */
const roles = z
  .array(z.looseObject({ access_level: count }))
  .min(1)
  .optional();
const granular = z.object({ allowed_to_push: roles, allowed_to_merge: roles });

function protectionOf(call: Call): Protection & { readonly name: string } {
  const body = parse(protection, call.params);
  const { allowed_to_push, allowed_to_merge } = call.model.edition === 'EE' ? parse(granular, call.params) : {};
  const least = (allowed: z.infer<typeof roles>): number | undefined =>
    allowed && Math.min(...allowed.map(({ access_level }) => access_level));
  return {
    name: body.name,
    allowForcePush: body.allow_force_push,
    pushLevel: least(allowed_to_push) ?? body.push_access_level,
    mergeLevel: least(allowed_to_merge) ?? body.merge_access_level,
  };
}

const protectedView = (name: string, rule: Protection): unknown => ({
  name,
  allow_force_push: rule.allowForcePush,
  push_access_levels: [{ access_level: rule.pushLevel }],
  merge_access_levels: [{ access_level: rule.mergeLevel }],
});

const groupRoutes: readonly Route[] = [
  route('POST', '/groups', (call) => {
    if (!call.caller().user.admin) throw forbidden();
    const body = parse(z.object({ name: z.string().min(1), path: z.string().min(1) }), call.params);
    return ok(groupView(call, call.model.access.addGroup(body.path, body.name)), 201);
  }),
  route('GET', '/groups', (call) => {
    const { user } = call.caller();
    const { access } = call.model;
    const visible = [...access.groups.values()].filter((group) => access.groupLevel(user, group.id) > 0);
    return page(
      call,
      searched(call, visible).map((group) => groupView(call, group)),
    );
  }),
  route('GET', '/groups/:id', (call) => ok(groupView(call, groupOf(call).group))),
];

const protectionRoutes: readonly Route[] = [
  route('GET', '/projects/:id/protected_branches', (call) =>
    page(
      call,
      [...projectOf(call, LEVEL.developer).project.protectedBranches].map(([name, rule]) => protectedView(name, rule)),
    ),
  ),
  route('GET', '/projects/:id/protected_branches/:branch', (call) => {
    const name = call.ids['branch'] ?? '';
    const rule = projectOf(call, LEVEL.developer).project.protectedBranches.get(name);
    if (!rule) throw noSuchRow();
    return ok(protectedView(name, rule));
  }),
  route('POST', '/projects/:id/protected_branches', (call) => {
    const { project } = changedProject(call, LEVEL.maintainer);
    const { name, ...rule } = protectionOf(call);
    if (project.protectedBranches.has(name))
      throw new ApiError(409, { message: `Protected branch '${name}' already exists` });
    project.protectedBranches.set(name, rule);
    return ok(protectedView(name, rule), 201);
  }),
  route('DELETE', '/projects/:id/protected_branches/:branch', (call) => {
    const { protectedBranches } = changedProject(call, LEVEL.maintainer).project;
    if (!protectedBranches.delete(call.ids['branch'] ?? '')) throw noSuchRow();
    return noContent;
  }),
];

const memberView = ({ user, level }: Member): unknown => ({
  id: user.id,
  username: user.username,
  name: user.name,
  state: 'active',
  access_level: level,
});

const memberRoutes: readonly Route[] = [
  // Inherited members too, each once with the highest role.
  route('GET', '/projects/:id/members/all', (call) => {
    const { project } = projectOf(call, LEVEL.guest);
    return page(call, call.model.access.members(project).map(memberView));
  }),
];

export const projectRoutes: readonly Route[] = [
  ...memberRoutes,
  ...groupRoutes,
  route('GET', '/projects', (call) => {
    const { user } = call.caller();
    const { access } = call.model;
    const visible = [...access.projects.values()].filter((project) => access.projectLevel(user, project) > 0);
    return page(
      call,
      searched(call, visible).map((project) => projectView(call, project)),
    );
  }),
  route('POST', '/projects', create),
  route('GET', '/projects/:id', (call) => ok(projectView(call, projectOf(call, LEVEL.guest).project))),
  route('PUT', '/projects/:id', (call) => {
    const { project } = changedProject(call, LEVEL.maintainer);
    const { name, ...settings } = parse(z.looseObject({ name: z.string().optional() }), call.params);
    if (name !== undefined) project.name = name;
    project.settings = { ...project.settings, ...settings };
    return ok(projectView(call, project));
  }),
  // It is only marked: read-only and under another path, until GitLab removes it days or weeks later.
  route('DELETE', '/projects/:id', (call) => {
    const { project } = projectOf(call, LEVEL.owner);
    if (project.deletedAt !== undefined) throw refused('Project has been already marked for deletion');
    call.model.access.markForDeletion(project);
    return { status: 202, body: { message: '202 Accepted' } };
  }),
  ...protectionRoutes,
];
