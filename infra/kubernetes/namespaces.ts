/**
 * The two namespaces of a cluster: ours, which holds the tokens, and that of the jobs, which must not see them. Adopted runners
 * and their jobs have theirs already.
 */
import * as k8s from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { PROJECT } from '../names.ts';
import type { Settings } from '../settings/settings.ts';

const shared = { 'app.kubernetes.io/part-of': PROJECT, 'app.kubernetes.io/managed-by': 'pulumi' };

/** What must be there before anything else in Kubernetes is made; nothing where the namespaces exist already. */
export function createNamespaces(settings: Settings, provider: k8s.Provider): pulumi.Resource[] {
  const { namespace, jobNamespace, manageNamespaces } = settings.kubernetes;
  if (!manageNamespaces) return [];
  const ours = new k8s.core.v1.Namespace(
    'namespace',
    { metadata: { name: namespace, labels: { ...shared, 'pod-security.kubernetes.io/enforce': 'restricted' } } },
    { provider },
  );
  if (settings.adopt.length > 0) return [ours];
  // Nothing is enforced on jobs: what they may do is said by their TOML, and images that run as root are common.
  const jobs = new k8s.core.v1.Namespace(
    'job-namespace',
    { metadata: { name: jobNamespace, labels: { ...shared, 'pod-security.kubernetes.io/warn': 'baseline' } } },
    { provider },
  );
  return [ours, jobs];
}
