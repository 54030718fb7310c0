/** Both providers are explicit: a default one would take whatever cluster or GitLab the shell happens to point at. */
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
      // Left out, it would become the $KUBECONFIG of whoever ran this last, kept in the state, and nothing where that names more
      // than one file. Empty, the plugin looks for it itself, at each run, as kubectl does.
      kubeconfig: secrets.kubeconfig ?? '',
    }),
  };
}
