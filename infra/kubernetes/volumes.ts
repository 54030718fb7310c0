/** Volumes that more than one kind of pod uses. */
import type { types } from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { SECRET_MODE } from './pod-security.ts';

type Volume = types.input.core.v1.Volume;

export const configMapVolume = (name: string, configMap: pulumi.Input<string>): Volume => ({
  name,
  configMap: { name: configMap },
});

export const secretVolume = (name: string, secretName: pulumi.Input<string>): Volume => ({
  name,
  secret: { secretName, defaultMode: SECRET_MODE },
});

/**
 * A short-lived token of the pod's ServiceAccount and the API server's authority, for the one container that mounts it.
 * Kubernetes' automatic mount would give it to every container of the pod.
 */
export const serviceAccountVolume = (name: string): Volume => ({
  name,
  projected: {
    defaultMode: SECRET_MODE,
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    ],
  },
});
