/** The resources that the stacks declare. */
import type { Stack } from './stack.ts';

export const COMMON = [
  'hadr:index:Checker checker',
  'hadr:index:HandOver hand-over',
  'hadr:index:RunnerGroup runners',
  'hadr:index:StatusProject status',
  'hadr:index:Tokens tokens',
  'kubernetes:apps/v1:Deployment runners-deployment',
  'kubernetes:batch/v1:CronJob checker-cronjob',
  'kubernetes:core/v1:ConfigMap checker-code',
  'kubernetes:core/v1:ConfigMap checker-config',
  'kubernetes:core/v1:ConfigMap runners-sidecar-code',
  'kubernetes:core/v1:ConfigMap runners-sidecar-config',
  'kubernetes:core/v1:Namespace job-namespace',
  'kubernetes:core/v1:Namespace namespace',
  'kubernetes:core/v1:Secret checker-tokens',
  'kubernetes:core/v1:Secret runners-config-toml',
  'kubernetes:core/v1:Secret runners-sidecar-token',
  'kubernetes:core/v1:ServiceAccount checker-account',
  'kubernetes:core/v1:ServiceAccount runners-account',
  'kubernetes:networking.k8s.io/v1:NetworkPolicy checker-network',
  'kubernetes:networking.k8s.io/v1:NetworkPolicy runners-network',
  'kubernetes:policy/v1:PodDisruptionBudget runners-budget',
  'kubernetes:rbac.authorization.k8s.io/v1:Role checker-role',
  'kubernetes:rbac.authorization.k8s.io/v1:Role runners-executor-role',
  'kubernetes:rbac.authorization.k8s.io/v1:RoleBinding checker-binding',
  'kubernetes:rbac.authorization.k8s.io/v1:RoleBinding runners-executor-binding',
  'kubernetes:scheduling.k8s.io/v1:PriorityClass checker-priority',
  'pulumi:providers:gitlab gitlab',
  'pulumi:providers:kubernetes kubernetes',
  'gitlab:index/userRunner:UserRunner runners-record',
];
export const MADE_TOKENS = [
  'gitlab:index/groupAccessToken:GroupAccessToken tokens-fleet',
  'gitlab:index/groupAccessToken:GroupAccessToken tokens-sidecar',
  'gitlab:index/projectAccessToken:ProjectAccessToken tokens-status',
];
export const MANAGED = [
  'gitlab:index/branchProtection:BranchProtection status-branch',
  'gitlab:index/project:Project status-project',
];

export const declared = (stack: Stack) =>
  stack.resources.filter(({ type }) => type !== 'pulumi:pulumi:Stack').map(({ type, name }) => `${type} ${name}`);

export const all = (...lists: readonly (readonly string[])[]) => lists.flat().sort();
