/** The kinds that this API serves: those of the stack, and those that its controllers create. */
import type { KubeObject } from './objects.ts';

export interface Kind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

const kind = (apiVersion: string, name: string, plural: string, namespaced = true): Kind => {
  const [first = '', second] = apiVersion.split('/');
  return second === undefined
    ? { group: '', version: first, kind: name, plural, namespaced }
    : { group: first, version: second, kind: name, plural, namespaced };
};

export const NAMESPACE = kind('v1', 'Namespace', 'namespaces', false);
export const CONFIG_MAP = kind('v1', 'ConfigMap', 'configmaps');
export const SECRET = kind('v1', 'Secret', 'secrets');
export const SERVICE_ACCOUNT = kind('v1', 'ServiceAccount', 'serviceaccounts');
export const POD = kind('v1', 'Pod', 'pods');
export const DEPLOYMENT = kind('apps/v1', 'Deployment', 'deployments');
export const JOB = kind('batch/v1', 'Job', 'jobs');
export const CRON_JOB = kind('batch/v1', 'CronJob', 'cronjobs');
export const ROLE = kind('rbac.authorization.k8s.io/v1', 'Role', 'roles');
export const ROLE_BINDING = kind('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings');
export const CLUSTER_ROLE = kind('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', false);
export const CLUSTER_ROLE_BINDING = kind(
  'rbac.authorization.k8s.io/v1',
  'ClusterRoleBinding',
  'clusterrolebindings',
  false,
);

export const KINDS: readonly Kind[] = [
  NAMESPACE,
  CONFIG_MAP,
  SECRET,
  SERVICE_ACCOUNT,
  POD,
  kind('v1', 'Event', 'events'),
  kind('v1', 'Service', 'services'),
  DEPLOYMENT,
  JOB,
  CRON_JOB,
  ROLE,
  ROLE_BINDING,
  CLUSTER_ROLE,
  CLUSTER_ROLE_BINDING,
  kind('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
  kind('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  kind('scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', false),
];

export const apiVersionOf = (kind: Kind): string =>
  kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;

/** The name that error messages use: `pods`, `deployments.apps`. */
export const qualified = (kind: Kind): string => (kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`);

export const kindOf = (object: Pick<KubeObject, 'apiVersion' | 'kind'>): Kind | undefined =>
  KINDS.find((kind) => kind.kind === object.kind && apiVersionOf(kind) === object.apiVersion);
