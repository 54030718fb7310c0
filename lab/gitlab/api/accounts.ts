/** Users, groups, projects, tokens, protected branches. */
import * as z from 'zod';
import {
  LEVEL,
  type Caller,
  type Group,
  type Owner,
  type Project,
  type Protection,
  type Token,
} from '../model/access.ts';
import { ApiError, badRequest, forbidden, notFound } from '../model/errors.ts';
import { count, flag, noContent, ok, page, parse, route, textList, type Call, type Route } from './route.ts';

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
const searched = <T extends Group | Project>(call: Call, all: readonly T[]): T[] => {
  const text = (call.query.get('search') ?? '').toLowerCase();
  return all.filter(({ name, path }) => name.toLowerCase().includes(text) || path.toLowerCase().includes(text));
};

const projectView = (call: Call, project: Project): Record<string, unknown> => ({
  ...project.settings,
  id: project.id,
  name: project.name,
  path: project.path.split('/').at(-1),
  path_with_namespace: project.path,
  name_with_namespace: `${groupOf(call, project)?.name ?? ''} / ${project.name}`,
  default_branch: 'main',
  visibility: project.settings['visibility'] ?? 'private',
  web_url: `${call.origin}/${project.path}`,
  namespace: { id: project.groupId, kind: 'group', full_path: groupOf(call, project)?.path },
});

const groupOf = (call: Call, project: Project): Group | undefined => call.model.access.groups.get(project.groupId);

const tokenView = (call: Call, token: Token): Record<string, unknown> => ({
  id: token.id,
  name: token.name,
  scopes: token.scopes,
  access_level: token.accessLevel,
  user_id: token.userId,
  expires_at: token.expiresAt,
  created_at: token.createdAt,
  active: !token.revoked && !call.model.access.hasExpired(token),
  revoked: token.revoked,
});

const SCOPES = [
  'api',
  'read_api',
  'manage_runner',
  'create_runner',
  'self_rotate',
  'read_repository',
  'write_repository',
  'read_user',
] as const;

/** How long a token may live (gitlab-facts G). */
const MOST_TOKEN_DAYS = 365;
const DAY_MS = 86_400_000;

const tokenBody = z.object({
  name: z.string().min(1),
  scopes: textList.pipe(z.array(z.enum(SCOPES)).min(1)),
  access_level: count.default(LEVEL.maintainer),
  expires_at: z.string().regex(/^\d{4}-\d\d-\d\d$/),
});

function ownerOf(
  call: Call,
  kind: 'group' | 'project',
  caller: Caller,
): Owner & { readonly level: number; readonly id: number } {
  const { access } = call.model;
  const key = call.params['id'] ?? '';
  if (kind === 'group') {
    const group = access.findGroup(key);
    return { kind, id: group.id, level: access.groupLevel(caller.user, group.id) };
  }
  const project = access.findProject(key, caller);
  return { kind, id: project.id, level: access.projectLevel(caller.user, project) };
}

/** A group's tokens are its owners' business, a project's its maintainers'. */
function tokenRoutes(kind: 'group' | 'project'): Route[] {
  const base = `/${kind}s/:id/access_tokens`;
  const needed = kind === 'group' ? LEVEL.owner : LEVEL.maintainer;
  const owned = (call: Call): Token[] => {
    const caller = call.caller();
    const owner = ownerOf(call, kind, caller);
    if (owner.level < needed) throw forbidden('');
    return [...call.model.access.tokens.values()].filter(
      (token) => token.owner.kind === kind && token.owner.id === owner.id,
    );
  };
  const one = (call: Call): Token => {
    const found = owned(call).find((token) => token.id === Number(call.params['token']));
    if (!found) throw notFound('Could not find access token with token_id: ' + (call.params['token'] ?? ''));
    return found;
  };
  return [
    route('POST', base, (call) => {
      const caller = call.caller();
      const owner = ownerOf(call, kind, caller);
      if (owner.level < needed) throw forbidden('');
      const body = parse(tokenBody, call.body);
      if (body.access_level > owner.level) throw badRequest('Access level of the token can not be higher than yours');
      const latest = new Date(call.model.now() + MOST_TOKEN_DAYS * DAY_MS).toISOString().slice(0, 10);
      if (body.expires_at > latest) throw badRequest(`400 Bad request - Expires at must be before ${latest}`);
      const token = call.model.access.addToken(
        { kind, id: owner.id },
        body.name,
        body.scopes,
        body.access_level,
        body.expires_at,
      );
      return ok({ ...tokenView(call, token), token: token.value }, 201);
    }),
    route('GET', base, (call) =>
      page(
        call,
        owned(call).map((token) => tokenView(call, token)),
      ),
    ),
    route('GET', `${base}/:token`, (call) => ok(tokenView(call, one(call)))),
    route('DELETE', `${base}/:token`, (call) => {
      one(call).revoked = true;
      return noContent;
    }),
    route('POST', `${base}/:token/rotate`, (call) => rotated(call, one(call))),
  ];
}

function rotated(call: Call, token: Token) {
  const { expires_at } = parse(z.object({ expires_at: z.string().optional() }), call.body);
  const next = call.model.access.rotate(token, expires_at);
  return ok({ ...tokenView(call, next), token: next.value });
}

const projectBody = z.looseObject({
  name: z.string().min(1),
  path: z.string().optional(),
  namespace_id: count.optional(),
  initialize_with_readme: flag.optional(),
});

const protection = z.object({
  name: z.string(),
  push_access_level: count.default(LEVEL.maintainer),
  merge_access_level: count.default(LEVEL.maintainer),
  allow_force_push: flag.default(false),
});

const protectedView = (name: string, rule: Protection): unknown => ({
  name,
  allow_force_push: rule.allowForcePush,
  push_access_levels: [{ access_level: rule.pushLevel }],
  merge_access_levels: [{ access_level: rule.mergeLevel }],
});

function projectOf(call: Call, level: number): Project {
  const caller = call.caller();
  const project = call.model.access.findProject(call.params['id'] ?? '', caller);
  if (call.model.access.projectLevel(caller.user, project) < level) throw forbidden('');
  return project;
}

export const accountRoutes: readonly Route[] = [
  route('GET', '/version', (call) => {
    call.caller();
    return ok({ version: '19.4.0-lab', revision: 'lab', enterprise: false });
  }),
  route('GET', '/user', (call) => {
    const { user } = call.caller();
    return ok({
      id: user.id,
      username: user.username,
      name: user.name,
      state: 'active',
      is_admin: user.admin,
      bot: user.bot,
    });
  }),
  route('GET', '/personal_access_tokens/self', (call) => ok(tokenView(call, call.caller(...SCOPES).token))),
  route('POST', '/personal_access_tokens/self/rotate', (call) => rotated(call, call.caller('self_rotate').token)),
  route('POST', '/groups', (call) => {
    if (!call.caller().user.admin) throw forbidden('');
    const body = parse(z.object({ name: z.string().min(1), path: z.string().min(1) }), call.body);
    return ok(groupView(call, call.model.access.addGroup(body.path, body.name)), 201);
  }),
  route('GET', '/groups', (call) => {
    const { user } = call.caller();
    const { access } = call.model;
    return page(
      call,
      searched(
        call,
        [...access.groups.values()].filter((group) => access.groupLevel(user, group.id) > 0),
      ).map((group) => groupView(call, group)),
    );
  }),
  route('GET', '/groups/:id', (call) => {
    const { user } = call.caller();
    const group = call.model.access.findGroup(call.params['id'] ?? '');
    if (call.model.access.groupLevel(user, group.id) === 0) throw notFound('Group');
    return ok(groupView(call, group));
  }),
  ...tokenRoutes('group'),
  ...tokenRoutes('project'),
  route('GET', '/projects', (call) => {
    const { user } = call.caller();
    const { access } = call.model;
    const visible = [...access.projects.values()].filter((project) => access.projectLevel(user, project) > 0);
    return page(
      call,
      searched(call, visible).map((project) => projectView(call, project)),
    );
  }),
  route('POST', '/projects', (call) => {
    const { user } = call.caller();
    const body = parse(projectBody, call.body);
    const { access } = call.model;
    if (body.namespace_id === undefined) throw badRequest({ namespace: ['is not valid'] });
    if (access.groupLevel(user, body.namespace_id) < LEVEL.maintainer) throw forbidden('');
    const { name, path, namespace_id, initialize_with_readme, ...settings } = body;
    const project = access.addProject(namespace_id, path ?? name, name, settings);
    if (initialize_with_readme)
      call.model.repository(project.id).commit({
        branch: 'main',
        message: 'Initial commit',
        actions: [{ action: 'create', file_path: 'README.md', content: `# ${name}\n` }],
        author: user.name,
        mayForce: false,
      });
    return ok(projectView(call, project), 201);
  }),
  route('GET', '/projects/:id', (call) => ok(projectView(call, projectOf(call, LEVEL.guest)))),
  route('PUT', '/projects/:id', (call) => {
    const project = projectOf(call, LEVEL.maintainer);
    const { name, ...settings } = parse(z.looseObject({ name: z.string().optional() }), call.body);
    if (name !== undefined) project.name = name;
    project.settings = { ...project.settings, ...settings };
    return ok(projectView(call, project));
  }),
  route('DELETE', '/projects/:id', (call) => {
    const project = projectOf(call, LEVEL.owner);
    call.model.access.projects.delete(project.id);
    return { status: 202, body: { message: '202 Accepted' } };
  }),
  route('GET', '/projects/:id/protected_branches', (call) =>
    page(
      call,
      [...projectOf(call, LEVEL.developer).protectedBranches].map(([name, rule]) => protectedView(name, rule)),
    ),
  ),
  route('GET', '/projects/:id/protected_branches/:branch', (call) => {
    const name = call.params['branch'] ?? '';
    const rule = projectOf(call, LEVEL.developer).protectedBranches.get(name);
    if (!rule) throw new ApiError(404, { message: '404 Not found' });
    return ok(protectedView(name, rule));
  }),
  route('POST', '/projects/:id/protected_branches', (call) => {
    const project = projectOf(call, LEVEL.maintainer);
    const body = parse(protection, call.body);
    if (project.protectedBranches.has(body.name))
      throw new ApiError(409, { message: `Protected branch '${body.name}' already exists` });
    const rule = {
      allowForcePush: body.allow_force_push,
      pushLevel: body.push_access_level,
      mergeLevel: body.merge_access_level,
    };
    project.protectedBranches.set(body.name, rule);
    return ok(protectedView(body.name, rule), 201);
  }),
  route('DELETE', '/projects/:id/protected_branches/:branch', (call) => {
    if (!projectOf(call, LEVEL.maintainer).protectedBranches.delete(call.params['branch'] ?? ''))
      throw new ApiError(404, { message: '404 Not found' });
    return noContent;
  }),
];
