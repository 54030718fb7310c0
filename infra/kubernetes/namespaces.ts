/**
 * The two namespaces of a cluster: one for runners, checker and tokens, and one for jobs, which must not see the tokens. Adopted
 * runners and their jobs have their own already.
 */
import * as k8s from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { PROJECT } from '../names.ts';
import type { Settings } from '../settings/settings.ts';

const shared = { 'app.kubernetes.io/part-of': PROJECT, 'app.kubernetes.io/managed-by': 'pulumi' };

/** The resources that everything else in Kubernetes needs first; none if the namespaces exist already. */
export function createNamespaces(settings: Settings, provider: k8s.Provider): pulumi.Resource[] {
  const { namespace, jobNamespace, manageNamespaces } = settings.kubernetes;
  if (!manageNamespaces) return [];
  const ours = new k8s.core.v1.Namespace(
    'namespace',
    { metadata: { name: namespace, labels: { ...shared, 'pod-security.kubernetes.io/enforce': 'restricted' } } },
    { provider },
  );
  if (settings.adopt.length > 0) return [ours];
  // Nothing is enforced on jobs: their TOML sets their rights, and images that run as root are common.
  const jobs = new k8s.core.v1.Namespace(
    'job-namespace',
    { metadata: { name: jobNamespace, labels: { ...shared, 'pod-security.kubernetes.io/warn': 'baseline' } } },
    { provider },
  );
  return [ours, jobs];
}
