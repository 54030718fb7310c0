/** Names and labels of the stack's resources. A changed name replaces the resource. */
import { PROJECT } from '../runtime/names.ts';

export { namesOf, PROJECT, type Names } from '../runtime/names.ts';

export type Part = 'runner' | 'checker';

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
