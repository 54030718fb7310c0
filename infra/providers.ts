/** Both providers are explicit: a default one would use the shell's current cluster or GitLab. */
import * as gitlab from '@pulumi/gitlab';
import * as k8s from '@pulumi/kubernetes';
import type { Settings } from './settings/settings.ts';

export interface Providers {
  readonly gitlab: gitlab.Provider;
  readonly kubernetes: k8s.Provider;
}

export function createProviders(settings: Settings): Providers {
  const { kubernetes, secrets } = settings;
  return {
    gitlab: new gitlab.Provider('gitlab', {
      // The provider wants the API's address, ending in a slash.
      baseUrl: `${settings.gitlab.url}/api/v4/`,
      token: secrets.gitlabToken,
    }),
    kubernetes: new k8s.Provider('kubernetes', {
      namespace: kubernetes.namespace,
      // A changed kubeconfig then replaces nothing, and a stack that is pointed at another cluster is noticed.
      clusterIdentifier: settings.cluster,
      // A renewed token is written into its Secret in place; a replaced one would roll every runner pod.
      enableSecretMutable: true,
      ...(kubernetes.context !== undefined && { context: kubernetes.context }),
      // Without this key, the state would keep the $KUBECONFIG of the last user, or nothing if that names more than one file. If it
      // is empty, the plugin finds the kubeconfig at each run, as kubectl does.
      kubeconfig: secrets.kubeconfig ?? '',
    }),
  };
}
