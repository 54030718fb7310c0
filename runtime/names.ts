/** The names that the stack gives to a cluster's objects; people's commands find the objects by them. */

/** The Pulumi project, and with it the namespace of all config keys. */
export const PROJECT = 'gitlab-runner-hadr';

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
