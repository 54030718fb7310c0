/** Security and limits of every container: Pod Security "restricted". */
import type { types } from '@pulumi/kubernetes';

type PodSecurityContext = types.input.core.v1.PodSecurityContext;
type SecurityContext = types.input.core.v1.SecurityContext;
type Resources = types.input.core.v1.ResourceRequirements;

/** Above 10000: no account of the node or of the image has such an id. */
const USER = 10_001;

export const podSecurity = (): PodSecurityContext => ({
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  // Only the user above can read mounted Secrets (mode 0440).
  fsGroup: USER,
  seccompProfile: { type: 'RuntimeDefault' },
});

export const containerSecurity = (): SecurityContext => ({
  allowPrivilegeEscalation: false,
  privileged: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
});

/** The mode of files that come from Secrets. */
export const SECRET_MODE = 0o440;

/** CPU, memory, and ephemeral storage. */
const amounts = (cpu: string, memory: string, disk: string) => ({ cpu, memory, 'ephemeral-storage': disk });

/**
 * Memory is limited to what is requested for the small parts; a CPU limit that throttles Node's start would eat the start lag.
 * A container's log counts as ephemeral storage, and the kubelet keeps 50 MiB of each by default: the limits are
 * well above that, for a pod that goes over one is evicted. A runner's holds STATE_LIMIT as well.
 */
export const resources = {
  prepare: { requests: amounts('10m', '16Mi', '16Mi'), limits: amounts('200m', '32Mi', '128Mi') },
  runner: { requests: amounts('100m', '128Mi', '64Mi'), limits: amounts('1', '512Mi', '1Gi') },
  sidecar: { requests: amounts('20m', '96Mi', '16Mi'), limits: amounts('500m', '128Mi', '256Mi') },
  // With a thousand pods it has taken 131 MiB (test/real/scale.test.ts): 50 of heap, the rest is Node and what it reads.
  checker: { requests: amounts('50m', '96Mi', '16Mi'), limits: amounts('1', '192Mi', '256Mi') },
} as const satisfies Record<string, Resources>;

/** A runner's temporary and state files. */
export const STATE_LIMIT = '256Mi';
