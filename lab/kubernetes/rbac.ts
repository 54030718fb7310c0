/** RBAC: roles and bindings as kube-apiserver's authoriser reads them. What no rule allows is refused. */
import * as z from 'zod';
import type { User } from './identity.ts';
import { CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING, type Kind } from './kinds.ts';
import type { StoredObject } from './objects.ts';

export interface Attempt {
  readonly verb: string;
  readonly kind: Kind;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  /** Empty for a whole list. */
  readonly name: string;
  readonly subresource?: string;
}

/** The objects that the authoriser reads. */
export interface Bindings {
  find(kind: Kind, namespace: string, name: string): StoredObject | undefined;
  list(kind: Kind, namespace?: string): readonly StoredObject[];
}

const bindingSchema = z.object({
  roleRef: z.object({ kind: z.string(), name: z.string() }),
  subjects: z
    .array(z.object({ kind: z.string(), name: z.string(), namespace: z.string().optional() }))
    .nullish()
    .transform((subjects) => subjects ?? []),
});

const rulesSchema = z.object({
  rules: z
    .array(
      z.object({
        apiGroups: z.array(z.string()).default([]),
        resources: z.array(z.string()).default([]),
        resourceNames: z.array(z.string()).default([]),
        verbs: z.array(z.string()),
      }),
    )
    .nullish()
    .transform((rules) => rules ?? []),
});

type Rule = z.infer<typeof rulesSchema>['rules'][number];

export function isAllowed(user: User, attempt: Attempt, bindings: Bindings): boolean {
  if (user.groups.includes('system:masters')) return true;
  const everywhere = bindings.list(CLUSTER_ROLE_BINDING);
  const here = attempt.namespace === '' ? [] : bindings.list(ROLE_BINDING, attempt.namespace);
  return [...everywhere, ...here].some((binding) =>
    rulesOf(binding, user, attempt.namespace, bindings).some((rule) => covers(rule, attempt)),
  );
}

/** The text after "is forbidden:" (k8s.io/apiserver, authorization/util). */
export function refusal(user: User, attempt: Attempt): string {
  const resource =
    attempt.subresource === undefined ? attempt.kind.plural : `${attempt.kind.plural}/${attempt.subresource}`;
  const scope = attempt.namespace === '' ? 'at the cluster scope' : `in the namespace "${attempt.namespace}"`;
  return `User "${user.name}" cannot ${attempt.verb} resource "${resource}" in API group "${attempt.kind.group}" ${scope}`;
}

function rulesOf(binding: StoredObject, user: User, namespace: string, bindings: Bindings): readonly Rule[] {
  const { roleRef, subjects } = bindingSchema.parse(binding);
  if (!subjects.some((subject) => names(subject, user, binding.metadata.namespace))) return [];
  const role =
    roleRef.kind === 'ClusterRole'
      ? bindings.find(CLUSTER_ROLE, '', roleRef.name)
      : bindings.find(ROLE, namespace, roleRef.name);
  return role ? rulesSchema.parse(role).rules : [];
}

function names(
  subject: { readonly kind: string; readonly name: string; readonly namespace?: string | undefined },
  user: User,
  bindingNamespace: string | undefined,
): boolean {
  switch (subject.kind) {
    case 'ServiceAccount':
      return user.name === `system:serviceaccount:${subject.namespace ?? bindingNamespace ?? ''}:${subject.name}`;
    case 'Group':
      return user.groups.includes(subject.name);
    default:
      return subject.kind === 'User' && user.name === subject.name;
  }
}

function covers(rule: Rule, attempt: Attempt): boolean {
  const { kind, subresource } = attempt;
  const resource = subresource === undefined ? kind.plural : `${kind.plural}/${subresource}`;
  const resources = [resource, '*', ...(subresource === undefined ? [] : [`*/${subresource}`])];
  return (
    (rule.verbs.includes(attempt.verb) || rule.verbs.includes('*')) &&
    (rule.apiGroups.includes(kind.group) || rule.apiGroups.includes('*')) &&
    resources.some((each) => rule.resources.includes(each)) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(attempt.name))
  );
}
