/** The GitLab resources of the program: the API calls that create, read, update and delete them, and their fixed inputs. */
import * as z from 'zod';
import type { Applied, State, Values } from './provider.ts';

/** A call of GitLab's API. Undefined for a GET with the answer 404. */
export type GitLabApi = (method: string, path: string, body?: unknown) => Promise<Values | undefined>;

export interface Resource {
  /** Refuses inputs at the plan, before anything is changed. */
  check?(api: GitLabApi, inputs: Values): Promise<void>;
  create(api: GitLabApi, inputs: Values): Promise<Applied>;
  read(api: GitLabApi, before: State): Promise<State | undefined>;
  update(api: GitLabApi, before: State, inputs: Values): Promise<Applied>;
  remove(api: GitLabApi, before: State): Promise<void>;
  /** Inputs whose change replaces the resource. */
  readonly fixed: readonly string[];
}

const LEVELS: Readonly<Record<string, number>> = { guest: 10, reporter: 20, developer: 30, maintainer: 40, owner: 50 };

const made = z.looseObject({ id: z.number(), token: z.string().optional(), web_url: z.string().optional() });

/** Names in GitLab's API, by Pulumi's names. */
type Fields = Readonly<Record<string, string>>;

const toApi = (fields: Fields, values: Values): Values =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([key, name]) =>
      values[key] === undefined || values[key] === null ? [] : [[name, values[key]]],
    ),
  );

const fromApi = (fields: Fields, answer: Values): Values =>
  Object.fromEntries(Object.entries(fields).map(([key, name]) => [key, answer[name]]));

/** Like the bridge of Terraform providers: it updates the inputs that the program gave, and adds no others. */
function seen(before: State, live: Values): State {
  const inputs = Object.entries(before.inputs).map(([key, value]): [string, unknown] => [key, live[key] ?? value]);
  return { id: before.id, inputs: Object.fromEntries(inputs), outputs: { ...before.outputs, ...live } };
}

const RUNNER_FIELDS: Fields = {
  accessLevel: 'access_level',
  description: 'description',
  locked: 'locked',
  maintenanceNote: 'maintenance_note',
  maximumTimeout: 'maximum_timeout',
  paused: 'paused',
  tagLists: 'tag_list',
  untagged: 'run_untagged',
};

const userRunner: Resource = {
  fixed: ['runnerType', 'groupId', 'projectId'],
  async create(api, inputs) {
    const { runnerType, groupId, projectId } = inputs;
    const owner = { runner_type: runnerType, group_id: groupId, project_id: projectId };
    const { id, token } = made.parse(await api('POST', '/user/runners', { ...owner, ...toApi(RUNNER_FIELDS, inputs) }));
    const live = await api('GET', `/runners/${id}`);
    return { id: String(id), outputs: { ...fromApi(RUNNER_FIELDS, live ?? {}), token } };
  },
  async read(api, before) {
    const live = await api('GET', `/runners/${before.id}`);
    return live && seen(before, fromApi(RUNNER_FIELDS, live));
  },
  /** Sends every field of the state, also those that the program never set (pulumi-gitlab, resource user_runner). */
  async update(api, before, inputs) {
    const body = toApi(RUNNER_FIELDS, { ...before.outputs, ...inputs });
    const live = await api('PUT', `/runners/${before.id}`, body);
    return { id: before.id, outputs: { ...before.outputs, ...fromApi(RUNNER_FIELDS, live ?? {}) } };
  },
  /** A 404 is an error, as with the real provider. */
  async remove(api, before) {
    await api('DELETE', `/runners/${before.id}`);
  },
};

const PROJECT_FIELDS: Fields = {
  name: 'name',
  description: 'description',
  visibilityLevel: 'visibility',
  buildsAccessLevel: 'builds_access_level',
  issuesAccessLevel: 'issues_access_level',
};

const project: Resource = {
  fixed: ['path', 'namespaceId'],
  async create(api, inputs) {
    const { path, namespaceId, initializeWithReadme } = inputs;
    const born = { path, namespace_id: namespaceId, initialize_with_readme: initializeWithReadme };
    const answer = made.parse(await api('POST', '/projects', { ...born, ...toApi(PROJECT_FIELDS, inputs) }));
    return { id: String(answer.id), outputs: { webUrl: answer.web_url } };
  },
  async read(api, before) {
    const live = await api('GET', `/projects/${before.id}`);
    // GitLab only marks a deleted project; for the provider it is gone (pulumi-gitlab, resource project).
    if (live && live['marked_for_deletion_on'] !== null) return undefined;
    return live && seen(before, { ...fromApi(PROJECT_FIELDS, live), webUrl: live['web_url'] });
  },
  async update(api, before, inputs) {
    await api('PUT', `/projects/${before.id}`, toApi(PROJECT_FIELDS, inputs));
    return before;
  },
  async remove(api, before) {
    await api('DELETE', `/projects/${before.id}`);
  },
};

/** The plan refuses the other edition's arguments (terraform-provider-gitlab 19.0, branch_protection). */
async function editionChecked(api: GitLabApi, inputs: Values): Promise<void> {
  const enterprise = (await api('GET', '/metadata'))?.['enterprise'] === true;
  const refused = enterprise ? ['pushAccessLevel', 'mergeAccessLevel'] : ['allowedToPushes', 'allowedToMerges'];
  for (const key of refused)
    if (inputs[key] !== undefined)
      throw new Error(
        `feature unavailable: ${key} is not for GitLab ${enterprise ? 'Enterprise' : 'Community'} Edition`,
      );
}

const allowed = z.array(z.object({ accessLevel: z.string() })).optional();

const rolesOf = (list: unknown): readonly Values[] | undefined =>
  allowed.parse(list)?.map(({ accessLevel }) => ({ access_level: LEVELS[accessLevel] }));

const branchProtection: Resource = {
  fixed: ['project', 'branch'],
  check: editionChecked,
  async create(api, inputs) {
    const path = `/projects/${String(inputs['project'])}/protected_branches`;
    await api('POST', path, {
      name: inputs['branch'],
      push_access_level: LEVELS[String(inputs['pushAccessLevel'])],
      merge_access_level: LEVELS[String(inputs['mergeAccessLevel'])],
      allowed_to_push: rolesOf(inputs['allowedToPushes']),
      allowed_to_merge: rolesOf(inputs['allowedToMerges']),
      allow_force_push: inputs['allowForcePush'],
    });
    return { id: `${String(inputs['project'])}:${String(inputs['branch'])}`, outputs: {} };
  },
  async read(api, before) {
    const live = await api('GET', `/projects/${before.id.replace(':', '/protected_branches/')}`);
    return live && seen(before, { allowForcePush: live['allow_force_push'] });
  },
  /** The levels of a protection cannot be changed, and a branch has only one: the old one is removed first. */
  async update(api, before, inputs) {
    await this.remove(api, before);
    return this.create(api, inputs);
  },
  async remove(api, before) {
    await api('DELETE', `/projects/${before.id.replace(':', '/protected_branches/')}`);
  },
};

const accessToken = (ownerOf: (inputs: Values) => string): Resource => ({
  fixed: ['group', 'project', 'name', 'scopes', 'accessLevel'],
  async create(api, inputs) {
    const answer = made.parse(
      await api('POST', `${ownerOf(inputs)}/access_tokens`, {
        name: inputs['name'],
        scopes: inputs['scopes'],
        access_level: LEVELS[String(inputs['accessLevel'])],
        expires_at: inputs['expiresAt'],
      }),
    );
    return { id: String(answer.id), outputs: { token: answer.token, expiresAt: answer['expires_at'] } };
  },
  async read(api, before) {
    const live = await api('GET', `${ownerOf(before.inputs)}/access_tokens/${before.id}`);
    return live && live['revoked'] !== true ? seen(before, { expiresAt: live['expires_at'] }) : undefined;
  },
  /** Another expiry date rotates the token: a new token, and the old one is revoked at once (pulumi-gitlab, group_access_token). */
  async update(api, before, inputs) {
    const path = `${ownerOf(before.inputs)}/access_tokens/${before.id}/rotate`;
    const answer = made.parse(await api('POST', path, { expires_at: inputs['expiresAt'] }));
    return { id: String(answer.id), outputs: { token: answer.token, expiresAt: answer['expires_at'] } };
  },
  async remove(api, before) {
    await api('DELETE', `${ownerOf(before.inputs)}/access_tokens/${before.id}`);
  },
});

export const RESOURCES: Readonly<Record<string, Resource>> = {
  'gitlab:index/userRunner:UserRunner': userRunner,
  'gitlab:index/project:Project': project,
  'gitlab:index/branchProtection:BranchProtection': branchProtection,
  'gitlab:index/groupAccessToken:GroupAccessToken': accessToken(({ group }) => `/groups/${String(group)}`),
  'gitlab:index/projectAccessToken:ProjectAccessToken': accessToken(({ project: id }) => `/projects/${String(id)}`),
};
