/** Small manifests for the tests of the lab cluster. */
import type { LabCluster } from '../../../lab/kubernetes/cluster.ts';
import type { PodView } from '../../../lab/kubernetes/pods.ts';
import { until } from '../until.ts';

export type Fields = Readonly<Record<string, unknown>>;

export const NAMESPACE = 'default';
export const sh = (script: string): Fields => ({ image: 'lab', command: ['sh', '-c', script] });

export const pod = (name: string, spec: Fields) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: NAMESPACE, labels: { run: name } },
  spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, automountServiceAccountToken: false, ...spec },
});

export const deployment = (name: string, replicas: number, spec: Fields, version = '1') => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name, version } },
      spec: { terminationGracePeriodSeconds: 1, automountServiceAccountToken: false, ...spec },
    },
  },
});

export const cronJob = (name: string, spec: Fields, script: string, job: Fields = {}) => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    schedule: '* * * * *',
    ...spec,
    jobTemplate: {
      spec: {
        backoffLimit: 0,
        ...job,
        template: {
          spec: {
            restartPolicy: 'Never',
            terminationGracePeriodSeconds: 1,
            automountServiceAccountToken: false,
            containers: [{ name: 'run', ...sh(script) }],
          },
        },
      },
    },
  },
});

export const linesOf = (cluster: LabCluster, podName: string, container = 'c'): string[] =>
  cluster.logs(NAMESPACE, podName, container).map((each) => each.line);

/** Runs a pod to its end. */
export async function finished(cluster: LabCluster, name: string, spec: Fields): Promise<PodView> {
  await cluster.client.apply(pod(name, spec));
  return until(`pod ${name} ends`, () => one(cluster, name, (each) => /Succeeded|Failed/.test(each.status.phase)));
}

export const one = (
  cluster: LabCluster,
  name: string,
  where: (pod: PodView) => boolean = () => true,
): PodView | undefined => cluster.pods().find((each) => each.name === name && where(each));
