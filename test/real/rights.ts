/** Finds out what a token may do in a cluster: tries every verb on every resource of the API server. */
import * as z from 'zod';
import { KubernetesApi, type KubernetesAccess } from '../../lab/kubernetes/access.ts';

/** A resource or subresource: `pods`, `pods/exec`. */
interface Resource {
  readonly root: string;
  readonly group: string;
  readonly name: string;
  readonly namespaced: boolean;
}

const groupList = z.object({
  groups: z.array(z.object({ name: z.string(), versions: z.array(z.object({ groupVersion: z.string() })) })),
});
const resourceList = z.object({ resources: z.array(z.object({ name: z.string(), namespaced: z.boolean() })) });

export async function everyResource(admin: KubernetesApi): Promise<readonly Resource[]> {
  const { groups } = groupList.parse(await admin.call('GET', '/apis'));
  const roots = [
    { root: '/api/v1', group: '' },
    ...groups.flatMap(({ name, versions }) =>
      versions.map(({ groupVersion }) => ({ root: `/apis/${groupVersion}`, group: name })),
    ),
  ];
  const lists = roots.map(async ({ root, group }) =>
    resourceList
      .parse(await admin.call('GET', root))
      .resources.map(({ name, namespaced }): Resource => ({ root, group, name, namespaced })),
  );
  return (await Promise.all(lists)).flat();
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface Attempt {
  /** In words: `list pods in runners`, `get pods/log of x in runners`, `watch secrets in all namespaces`. */
  readonly what: string;
  readonly method: Method;
  readonly path: string;
}

const ON_ONE: readonly (readonly [string, Method])[] = [
  ['get', 'GET'],
  ['update', 'PUT'],
  ['patch', 'PATCH'],
  ['delete', 'DELETE'],
];
const ON_ALL: readonly (readonly [string, Method, string])[] = [
  ['list', 'GET', '?limit=1'],
  ['watch', 'GET', '?watch=true&timeoutSeconds=1'],
  ['create', 'POST', ''],
  // On names that do not exist: an allowed call would do no harm.
  ['deletecollection', 'DELETE', '?labelSelector=nobody%3Dhas'],
];

function attemptsOn(resource: Resource, namespace: string, names: readonly string[]): Attempt[] {
  const { root, group, name, namespaced } = resource;
  const [plural = '', subresource] = name.split('/');
  const collection = namespace === '' ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`;
  const where = namespaced ? ` in ${namespace === '' ? 'all namespaces' : namespace}` : '';
  const told = `${plural}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`;
  const isAll = namespaced && namespace === '';
  const onOne = (isAll ? [] : names).flatMap((object): Attempt[] => {
    const path = `${collection}/${object}${subresource === undefined ? '' : `/${subresource}`}`;
    const methods = subresource === undefined ? ON_ONE : [...ON_ONE, ['create', 'POST'] as const];
    return methods.map(([verb, method]) => ({ what: `${verb} ${told} of ${object}${where}`, method, path }));
  });
  if (subresource !== undefined) return onOne;
  return [
    ...onOne,
    ...ON_ALL.map(([verb, method, query]) => ({ what: `${verb} ${told}${where}`, method, path: collection + query })),
  ];
}

/** The number of simultaneous calls; more would only wait in the API server's queue. */
const AT_ONCE = 8;

/**
 * Every attempt that was not refused, each once and in order. What is sent is empty and what is named need not exist: the API
 * server judges who asks before it looks at what is asked.
 */
export async function allowed(
  access: KubernetesAccess,
  resources: readonly Resource[],
  namespaces: readonly string[],
  names: readonly string[],
): Promise<{ readonly tried: number; readonly allowed: readonly string[] }> {
  const attempts = resources.flatMap((resource) =>
    (resource.namespaced ? [...namespaces, ''] : ['']).flatMap((namespace) => attemptsOn(resource, namespace, names)),
  );
  const api = new KubernetesApi(access);
  const passed = new Set<string>();
  const waiting = attempts[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const { what, method, path } of waiting) {
      const { status } = await api.send(method, path, method === 'GET' || method === 'DELETE' ? undefined : {});
      if (status === 401) throw new Error(`${what}: the token is worth nothing`);
      if (status !== 403) passed.add(what);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker)).finally(() => api.close());
  return { tried: attempts.length, allowed: [...passed].sort() };
}
