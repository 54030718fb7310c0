/** Users, groups, projects, members and tokens: who may call what (gitlab-facts A1, A2, A6, G). */
import { ApiError, badRequest, notFound, refused, unauthorized } from './errors.ts';

export const LEVEL = { guest: 10, reporter: 20, developer: 30, maintainer: 40, owner: 50 } as const;

export const SCOPES = [
  'api',
  'read_api',
  'manage_runner',
  'create_runner',
  'self_rotate',
  'read_repository',
  'write_repository',
  'read_user',
] as const;

export interface User {
  readonly id: number;
  readonly username: string;
  readonly name: string;
  readonly admin: boolean;
  readonly bot: boolean;
}

export interface Member {
  readonly user: User;
  readonly level: number;
}

export interface Group {
  readonly id: number;
  readonly path: string;
  readonly name: string;
}

export interface Project {
  readonly id: number;
  path: string;
  readonly groupId: number;
  /** When it was marked for deletion. It is read-only then. */
  deletedAt?: number;
  name: string;
  settings: Record<string, unknown>;
  readonly protectedBranches: Map<string, Protection>;
}

export interface Protection {
  readonly allowForcePush: boolean;
  readonly pushLevel: number;
  readonly mergeLevel: number;
}

/** The owner of a token: there it is listed and rotated. */
export type Owner = { readonly kind: 'user' } | { readonly kind: 'group' | 'project'; readonly id: number };

export interface Token {
  readonly id: number;
  value: string;
  readonly name: string;
  readonly userId: number;
  readonly owner: Owner;
  readonly scopes: readonly string[];
  readonly accessLevel: number;
  /** A date. The token expires at the beginning of this day, UTC. */
  expiresAt: string;
  revoked: boolean;
  readonly createdAt: string;
}

export interface Caller {
  readonly user: User;
  readonly token: Token;
}

export class Access {
  readonly users = new Map<number, User>();
  readonly groups = new Map<number, Group>();
  readonly projects = new Map<number, Project>();
  readonly tokens = new Map<number, Token>();
  private readonly byValue = new Map<string, Token>();
  private readonly groupMembers = new Map<string, number>();
  private readonly projectMembers = new Map<string, number>();
  private nextId = 1;
  private readonly now: () => number;
  private readonly random: () => number;

  constructor(now: () => number, random: () => number) {
    this.now = now;
    this.random = random;
  }

  id(): number {
    return this.nextId++;
  }

  secret(prefix: string, length = 20): string {
    const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
    return prefix + Array.from({ length }, () => letters[Math.floor(this.random() * letters.length)]).join('');
  }

  addUser(username: string, options: { admin?: boolean; bot?: boolean } = {}): User {
    const user = { id: this.id(), username, name: username, admin: options.admin ?? false, bot: options.bot ?? false };
    this.users.set(user.id, user);
    return user;
  }

  addGroup(path: string, name: string): Group {
    if ([...this.groups.values()].some((group) => group.path === path))
      throw badRequest('Failed to save group {:path=>["has already been taken"]}');
    const group = { id: this.id(), path, name };
    this.groups.set(group.id, group);
    return group;
  }

  addProject(groupId: number, slug: string, name: string, settings: Record<string, unknown> = {}): Project {
    const group = this.groups.get(groupId);
    if (!group) throw notFound('Namespace');
    const path = `${group.path}/${slug}`;
    if ([...this.projects.values()].some((project) => project.path === path))
      throw badRequest({ name: ['has already been taken'], path: ['has already been taken'] });
    const project = { id: this.id(), path, groupId, name, settings, protectedBranches: new Map() };
    this.projects.set(project.id, project);
    return project;
  }

  markForDeletion(project: Project): void {
    const suffix = `-deletion_scheduled-${project.id}`;
    Object.assign(project, { name: project.name + suffix, path: project.path + suffix, deletedAt: this.now() });
  }

  setMember(kind: 'group' | 'project', id: number, userId: number, level: number): void {
    (kind === 'group' ? this.groupMembers : this.projectMembers).set(`${id}:${userId}`, level);
  }

  groupLevel(user: User, groupId: number): number {
    return user.admin ? LEVEL.owner : (this.groupMembers.get(`${groupId}:${user.id}`) ?? 0);
  }

  projectLevel(user: User, project: Project): number {
    const direct = this.projectMembers.get(`${project.id}:${user.id}`) ?? 0;
    return Math.max(direct, this.groupLevel(user, project.groupId));
  }

  /** Of a project and of its group; bots of revoked tokens are none any more. Administrators are members only where they were added. */
  members(project: Project): Member[] {
    const isRevoked = ({ id }: User): boolean => {
      const own = [...this.tokens.values()].filter(({ userId }) => userId === id);
      return own.length > 0 && own.every(({ revoked }) => revoked);
    };
    return [...this.users.values()].flatMap((user) => {
      const direct = this.projectMembers.get(`${project.id}:${user.id}`) ?? 0;
      const level = Math.max(direct, this.groupMembers.get(`${project.groupId}:${user.id}`) ?? 0);
      return level === 0 || (user.bot && isRevoked(user)) ? [] : [{ user, level }];
    });
  }

  /** A token of a group or project has its own bot user with its own role. */
  addToken(
    owner: Owner,
    name: string,
    scopes: readonly string[],
    accessLevel: number,
    expiresAt: string,
    userId?: number,
  ): Token {
    const user = userId ?? this.addBot(owner, accessLevel);
    const token: Token = {
      id: this.id(),
      value: this.secret('glpat-'),
      name,
      userId: user,
      owner,
      scopes,
      accessLevel,
      expiresAt,
      revoked: false,
      createdAt: new Date(this.now()).toISOString(),
    };
    this.tokens.set(token.id, token);
    this.byValue.set(token.value, token);
    return token;
  }

  private addBot(owner: Owner, accessLevel: number): number {
    if (owner.kind === 'user') throw new Error('a personal token needs its user');
    const bot = this.addUser(`${owner.kind}_${owner.id}_bot_${this.nextId}`, { bot: true });
    this.setMember(owner.kind, owner.id, bot.id, accessLevel);
    return bot.id;
  }

  /** The old value is revoked at once (gitlab-facts G). */
  rotate(token: Token, expiresAt: string | undefined): Token {
    if (token.revoked) throw refused('Token already revoked');
    token.revoked = true;
    const week = new Date(this.now() + 7 * 86_400_000).toISOString().slice(0, 10);
    return this.addToken(token.owner, token.name, token.scopes, token.accessLevel, expiresAt ?? week, token.userId);
  }

  hasExpired(token: Token): boolean {
    return this.now() >= Date.parse(`${token.expiresAt}T00:00:00Z`);
  }

  authenticate(value: string | undefined): Caller {
    const token = value === undefined ? undefined : this.byValue.get(value);
    const user = token && this.users.get(token.userId);
    if (!token || !user) throw unauthorized();
    const invalid = (text: string): ApiError => new ApiError(401, { error: 'invalid_token', error_description: text });
    if (token.revoked) throw invalid('Token was revoked. You have to re-authorize from the user.');
    if (this.hasExpired(token)) throw invalid('Token is expired. You can either do re-authorization or token refresh.');
    return { user, token };
  }

  /** `extra` scopes work beside `api`, and beside `read_api` for reads. */
  requireScope(caller: Caller, method: string, extra: readonly string[] = []): void {
    const isRead = method === 'GET' || method === 'HEAD';
    const allowed = ['api', ...(isRead ? ['read_api'] : []), ...extra];
    if (allowed.some((scope) => caller.token.scopes.includes(scope))) return;
    throw new ApiError(403, {
      error: 'insufficient_scope',
      error_description: 'The request requires higher privileges than provided by the access token.',
      scope: allowed.join(' '),
    });
  }

  findGroup(key: string): Group {
    const found = this.groups.get(Number(key)) ?? [...this.groups.values()].find((group) => group.path === key);
    if (!found) throw notFound('Group');
    return found;
  }

  /** A project that the caller may not see is a 404, like a missing one. */
  findProject(key: string, caller: Caller): Project {
    const found = this.projects.get(Number(key)) ?? [...this.projects.values()].find((project) => project.path === key);
    if (!found || this.projectLevel(caller.user, found) < LEVEL.guest) throw notFound('Project');
    return found;
  }
}
