/** Access tokens of groups and projects (gitlab-facts 0, G; lib/api/resource_access_tokens.rb): each endpoint refuses in its own way. */
import * as z from 'zod';
import { LEVEL, SCOPES, type Caller, type Token } from '../model/access.ts';
import { ApiError, notFound, refused, unauthorized } from '../model/errors.ts';
import { groupOf, projectOf } from './owners.ts';
import { count, noContent, ok, page, parse, route, type Call, type Reply, type Route } from './route.ts';

type Kind = 'group' | 'project';

export const tokenView = (call: Call, token: Token): Record<string, unknown> => ({
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

/** The longest life of a token, and that of one without an end (gitlab-facts G). */
const LONGEST_DAYS = 365;
const DAY_MS = 86_400_000;

const day = z.string().regex(/^\d{4}-\d\d-\d\d$/);
const tokenBody = z.object({
  name: z.string().min(1),
  scopes: z.array(z.enum(SCOPES)).min(1),
  access_level: count.default(LEVEL.maintainer),
  expires_at: day.optional(),
});

interface Owned {
  readonly id: number;
  readonly caller: Caller;
  readonly level: number;
  /** May the caller see, make and end its tokens? Only people may: a bot has the role, but not this right. */
  readonly may: { readonly read: boolean; readonly manage: boolean };
  readonly tokens: readonly Token[];
}

function ownedBy(call: Call, kind: Kind): Owned {
  const { caller, level, id } = kind === 'group' ? group(call) : project(call);
  const read = level >= (kind === 'group' ? LEVEL.owner : LEVEL.maintainer);
  const tokens = [...call.model.access.tokens.values()].filter(({ owner }) => owner.kind === kind && owner.id === id);
  return { id, caller, level, may: { read, manage: read && !caller.user.bot }, tokens };
}

function group(call: Call) {
  const { group: found, ...rest } = groupOf(call);
  return { ...rest, id: found.id };
}

function project(call: Call) {
  const { project: found, ...rest } = projectOf(call, LEVEL.guest);
  return { ...rest, id: found.id };
}

function create(call: Call, kind: Kind): Reply {
  const { id, level, may } = ownedBy(call, kind);
  const body = parse(tokenBody, call.params);
  if (!may.manage) throw refused(`User does not have permission to create ${kind} access token`);
  if (body.access_level > level)
    throw refused("Access level of the token can't be greater the access level of the user who created the token");
  const latest = new Date(call.model.now() + LONGEST_DAYS * DAY_MS).toISOString().slice(0, 10);
  const expiresAt = body.expires_at ?? latest;
  if (expiresAt > latest) throw refused(`Expires at must be before ${latest}`);
  const token = call.model.access.addToken({ kind, id }, body.name, body.scopes, body.access_level, expiresAt);
  return ok({ ...tokenView(call, token), token: token.value }, 201);
}

export function rotated(call: Call, token: Token): Reply {
  const { expires_at } = parse(z.object({ expires_at: day.optional() }), call.params);
  const next = call.model.access.rotate(token, expires_at);
  return ok({ ...tokenView(call, next), token: next.value });
}

const named = (call: Call, tokens: readonly Token[]): Token | undefined =>
  tokens.find((token) => token.id === Number(call.ids['token']));

function readable(call: Call, kind: Kind): readonly Token[] {
  const { may, tokens } = ownedBy(call, kind);
  if (!may.read) throw unauthorized();
  return tokens;
}

function routesOf(kind: Kind): Route[] {
  const base = `/${kind}s/:id/access_tokens`;
  const missing = (): Error => notFound(`${kind} Access Token`);
  return [
    route('POST', base, (call) => create(call, kind)),
    route('GET', base, (call) =>
      page(
        call,
        readable(call, kind).map((token) => tokenView(call, token)),
      ),
    ),
    route('GET', `${base}/:token`, (call) => {
      const token = named(call, readable(call, kind));
      if (!token) throw missing();
      return ok(tokenView(call, token));
    }),
    route('DELETE', `${base}/:token`, (call) => {
      const { may, tokens, caller } = ownedBy(call, kind);
      const token = named(call, tokens);
      if (!token) throw missing();
      const bot = call.model.access.users.get(token.userId);
      if (!may.manage) throw refused(`${caller.user.name} cannot delete ${bot?.name ?? ''}`);
      token.revoked = true;
      return noContent;
    }),
    // Only administrators are told that a token does not exist.
    route('POST', `${base}/:token/rotate`, (call) => {
      const { may, tokens, caller } = ownedBy(call, kind);
      const token = may.manage ? named(call, tokens) : undefined;
      if (token) return rotated(call, token);
      throw caller.user.admin ? new ApiError(404, { message: '404 Not Found' }) : unauthorized();
    }),
  ];
}

export const tokenRoutes: readonly Route[] = [...routesOf('group'), ...routesOf('project')];
