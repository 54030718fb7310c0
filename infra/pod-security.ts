/** What every container of this project gets: the rules of Pod Security "restricted", and limits. */
import type { types } from '@pulumi/kubernetes';

type PodSecurityContext = types.input.core.v1.PodSecurityContext;
type SecurityContext = types.input.core.v1.SecurityContext;
type Resources = types.input.core.v1.ResourceRequirements;

/** Above 10000, so that it meets no account of the node or of the image. */
const USER = 10_001;

export const podSecurity = (): PodSecurityContext => ({
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  // Makes mounted Secrets (mode 0440) readable to the user above, and to nobody else.
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

/** Memory is limited to what is requested for the small parts; a CPU limit that throttles Node's start would eat the start lag. */
export const resources = {
  prepare: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '200m', memory: '32Mi' } },
  runner: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '1', memory: '512Mi' } },
  sidecar: { requests: { cpu: '20m', memory: '96Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
  checker: { requests: { cpu: '50m', memory: '96Mi' }, limits: { cpu: '1', memory: '128Mi' } },
} as const satisfies Record<string, Resources>;

/** A runner's temporary and state files. */
export const STATE_LIMIT = '256Mi';
