/** The lab's provider for `gitlab:` resources. It makes the same calls of GitLab's API as the real provider. */
import { isDeepStrictEqual } from 'node:util';
import { RESOURCES, type GitLabApi } from './gitlab-resources.ts';
import type { Applied, LabProvider, State, Values } from './provider.ts';
import * as z from 'zod';

const reply = z.looseObject({});

export class GitLabLabProvider implements LabProvider {
  readonly prefix = 'gitlab:';
  private readonly url: string;
  private readonly token: string;

  constructor(options: { readonly url: string; readonly token: string }) {
    this.url = options.url;
    this.token = options.token;
  }

  private readonly api: GitLabApi = async (method, path, body) => {
    const response = await fetch(`${this.url}/api/v4${path}`, {
      method,
      headers: { 'PRIVATE-TOKEN': this.token, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (method === 'GET' && response.status === 404) return undefined;
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return reply.catch({}).parse(text === '' ? {} : JSON.parse(text));
  };

  private resource(type: string) {
    const found = RESOURCES[type];
    if (!found) throw new Error(`the lab has no resource ${type}`);
    return found;
  }

  async check(type: string, inputs: Values): Promise<void> {
    await this.resource(type).check?.(this.api, inputs);
  }

  create(type: string, _name: string, inputs: Values): Promise<Applied> {
    return this.resource(type).create(this.api, inputs);
  }

  read(type: string, before: State): Promise<State | undefined> {
    return this.resource(type).read(this.api, before);
  }

  replacedBy(type: string, before: Values, inputs: Values): readonly string[] {
    const { fixed } = this.resource(type);
    return fixed.filter((key) => !isDeepStrictEqual(before[key], inputs[key]));
  }

  update(type: string, before: State, inputs: Values): Promise<Applied> {
    return this.resource(type).update(this.api, before, inputs);
  }

  remove(type: string, before: State): Promise<void> {
    return this.resource(type).remove(this.api, before);
  }

  async invoke(token: string, args: Values): Promise<Values> {
    switch (token) {
      case 'gitlab:index/getGroup:getGroup': {
        const group = await this.found(`/groups/${keyOf(args['groupId'] ?? args['fullPath'])}`);
        return { ...group, id: String(group['id']), groupId: group['id'] };
      }
      case 'gitlab:index/getProject:getProject': {
        const project = await this.found(`/projects/${keyOf(args['id'] ?? args['pathWithNamespace'])}`);
        return { ...project, id: String(project['id']), webUrl: project['web_url'] };
      }
      case 'gitlab:index/getMetadata:getMetadata': {
        const { kas: _kas, ...metadata } = await this.found('/metadata');
        return { ...metadata, id: '1' };
      }
      default:
        throw new Error(`the lab has no function ${token}`);
    }
  }

  private async found(path: string): Promise<Values> {
    const found = await this.api('GET', path);
    if (!found) throw new Error(`GET ${path}: 404`);
    return found;
  }
}

const keyOf = (key: unknown): string => encodeURIComponent(String(key));
