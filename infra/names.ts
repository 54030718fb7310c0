/** Every name that the stack gives, in one place. Names are identity: a changed one is a replaced resource. */

/** The Pulumi project, and with it the namespace of all config keys. */
export const PROJECT = 'gitlab-runner-hadr';

export type Part = 'runner' | 'checker';

/** Names inside Kubernetes and GitLab. The cluster is part of each, so that two stacks may share a Kubernetes cluster. */
export interface Names {
  /** The Deployment of runner pods, its ServiceAccount, Role, budget and network policy. */
  readonly runner: string;
  /** The CronJob. Kubernetes allows it 52 characters; 8 and at most 40 of the cluster. */
  readonly checker: string;
  readonly priorityClass: string;
  /** What people see in GitLab's list of runners. */
  readonly record: string;
  readonly tokens: { readonly fleet: string; readonly sidecar: string; readonly status: string };
}

export function namesOf(cluster: string): Names {
  return {
    runner: `runner-${cluster}`,
    checker: `checker-${cluster}`,
    priorityClass: `${PROJECT}-${cluster}`,
    record: `${PROJECT} ${cluster}`,
    tokens: {
      fleet: `hadr-${cluster}-fleet`,
      sidecar: `hadr-${cluster}-sidecar`,
      status: `hadr-${cluster}-status`,
    },
  };
}

/** The labels by which Deployment, budget and network policy find their pods. They may never change: selectors are fixed. */
export const selectorOf = (cluster: string, part: Part): Record<string, string> => ({
  'app.kubernetes.io/name': PROJECT,
  'app.kubernetes.io/instance': cluster,
  'app.kubernetes.io/component': part,
});

export const labelsOf = (cluster: string, part: Part): Record<string, string> => ({
  ...selectorOf(cluster, part),
  'app.kubernetes.io/part-of': PROJECT,
  'app.kubernetes.io/managed-by': 'pulumi',
});
