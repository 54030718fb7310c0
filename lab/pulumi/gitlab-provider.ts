/** The lab's provider for `gitlab:` resources: the calls of GitLab's API that the real provider makes for them. */
import * as z from 'zod';
import type { Applied, LabProvider, State, Values } from './engine.ts';

const LEVELS: Readonly<Record<string, number>> = { guest: 10, reporter: 20, developer: 30, maintainer: 40, owner: 50 };
const DAY_MS = 86_400_000;

const made = z.looseObject({ id: z.number(), token: z.string().optional(), web_url: z.string().optional() });

export class GitLabLabProvider implements LabProvider {
  readonly prefix = 'gitlab:';
  private readonly url: string;
  private readonly token: string;
  private readonly now: () => number;

  constructor(options: { readonly url: string; readonly token: string; readonly now: () => number }) {
    this.url = options.url;
    this.token = options.token;
    this.now = options.now;
  }

  private async api(method: string, path: string, body?: unknown): Promise<z.infer<typeof made>> {
    const response = await fetch(`${this.url}/api/v4${path}`, {
      method,
      headers: { 'PRIVATE-TOKEN': this.token, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return made.catch({ id: 0 }).parse(text === '' ? {} : JSON.parse(text));
  }

  async create(type: string, _name: string, inputs: Values): Promise<Applied> {
    switch (type) {
      case 'gitlab:index/userRunner:UserRunner': {
        const runner = await this.api('POST', '/user/runners', {
          runner_type: inputs['runnerType'],
          group_id: inputs['groupId'],
          project_id: inputs['projectId'],
          description: inputs['description'],
          tag_list: inputs['tagLists'],
          run_untagged: inputs['untagged'],
        });
        return { id: String(runner.id), outputs: { token: runner.token } };
      }
      case 'gitlab:index/project:Project': {
        const project = await this.api('POST', '/projects', {
          name: inputs['name'],
          path: inputs['path'],
          namespace_id: inputs['namespaceId'],
          description: inputs['description'],
          visibility: inputs['visibilityLevel'],
          initialize_with_readme: inputs['initializeWithReadme'],
          builds_access_level: inputs['buildsAccessLevel'],
        });
        return { id: String(project.id), outputs: { webUrl: project.web_url } };
      }
      case 'gitlab:index/groupAccessToken:GroupAccessToken':
        return this.accessToken(`/groups/${String(inputs['group'])}`, inputs);
      case 'gitlab:index/projectAccessToken:ProjectAccessToken':
        return this.accessToken(`/projects/${String(inputs['project'])}`, inputs);
      case 'gitlab:index/branchProtection:BranchProtection': {
        const path = `/projects/${String(inputs['project'])}/protected_branches`;
        await this.api('POST', path, {
          name: inputs['branch'],
          push_access_level: LEVELS[String(inputs['pushAccessLevel'])],
          allow_force_push: inputs['allowForcePush'],
        });
        return { id: `${String(inputs['project'])}:${String(inputs['branch'])}`, outputs: {} };
      }
      default:
        throw new Error('the lab has no such resource');
    }
  }

  private async accessToken(owner: string, inputs: Values): Promise<Applied> {
    const days = z
      .object({ expirationDays: z.number() })
      .catch({ expirationDays: 364 })
      .parse(inputs['rotationConfiguration']);
    const token = await this.api('POST', `${owner}/access_tokens`, {
      name: inputs['name'],
      scopes: inputs['scopes'],
      access_level: LEVELS[String(inputs['accessLevel'])],
      expires_at: new Date(this.now() + days.expirationDays * DAY_MS).toISOString().slice(0, 10),
    });
    return { id: String(token.id), outputs: { token: token.token, path: `${owner}/access_tokens/${token.id}` } };
  }

  /** As the real provider under `refresh: always` and `ignoreChanges`: tags, pause and note are the runtime's. */
  async update(type: string, name: string, before: State, inputs: Values): Promise<Applied> {
    switch (type) {
      case 'gitlab:index/userRunner:UserRunner':
        await this.api('PUT', `/runners/${before.id}`, {
          description: inputs['description'],
          run_untagged: inputs['untagged'],
        });
        return before;
      case 'gitlab:index/project:Project':
        await this.api('PUT', `/projects/${before.id}`, { name: inputs['name'], description: inputs['description'] });
        return before;
      case 'gitlab:index/branchProtection:BranchProtection':
        await this.remove(type, before);
        return this.create(type, name, inputs);
      default:
        return this.create(type, name, inputs);
    }
  }

  async remove(type: string, before: State): Promise<void> {
    switch (type) {
      case 'gitlab:index/userRunner:UserRunner':
        await this.api('DELETE', `/runners/${before.id}`);
        return;
      case 'gitlab:index/project:Project':
        await this.api('DELETE', `/projects/${before.id}`);
        return;
      case 'gitlab:index/branchProtection:BranchProtection':
        await this.api('DELETE', `/projects/${before.id.replace(':', '/protected_branches/')}`);
        return;
      default:
        await this.api('DELETE', String(before.outputs['path']));
    }
  }

  async invoke(token: string, args: Values): Promise<Values> {
    switch (token) {
      case 'gitlab:index/getGroup:getGroup': {
        const key = args['groupId'] ?? args['fullPath'];
        const group = await this.api('GET', `/groups/${encodeURIComponent(String(key))}`);
        return { ...group, id: String(group.id), groupId: group.id };
      }
      case 'gitlab:index/getProject:getProject': {
        const key = args['id'] ?? args['pathWithNamespace'];
        const project = await this.api('GET', `/projects/${encodeURIComponent(String(key))}`);
        return { ...project, id: String(project.id), webUrl: project.web_url };
      }
      default:
        throw new Error(`the lab has no function ${token}`);
    }
  }
}
