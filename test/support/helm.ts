/** Runners as a helm release leaves them in a cluster of the lab: plain objects, which no stack has made. */
import * as z from 'zod';
import type { GitLabServer } from '../../lab/gitlab/server.ts';
import type { ClusterClient } from '../../lab/kubernetes/client.ts';
import type { KubeObject } from '../../lab/kubernetes/objects.ts';
import { LAB_TIMING } from '../../lab/demo/times.ts';

export const HELM_NAMESPACE = 'gitlab';
export const HELM_RELEASE = 'gitlab-runner';
export const HELM_DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: HELM_NAMESPACE,
  name: HELM_RELEASE,
} as const;

const made = z.object({ id: z.number(), token: z.string() });

/** A record as people make it in GitLab's pages. */
export async function handMadeRecord(gitlab: GitLabServer, tags: readonly string[]): Promise<z.infer<typeof made>> {
  const response = await fetch(`${gitlab.url}/api/v4/user/runners`, {
    method: 'POST',
    headers: { 'private-token': gitlab.adminToken, 'content-type': 'application/json' },
    body: JSON.stringify({
      runner_type: 'group_type',
      group_id: gitlab.groupId,
      description: 'made by hand',
      tag_list: tags,
      run_untagged: false,
    }),
  });
  return made.parse(await response.json());
}

export interface Release {
  /** Of GitLab. */
  readonly url: string;
  readonly token: string;
  readonly replicas: number;
}

/** What the chart makes of values as docs/adoption.md asks for: no sidecar, and Ready as soon as the process runs. */
export function helmRelease({ url, token, replicas }: Release): readonly KubeObject[] {
  const labels = { app: HELM_RELEASE, release: HELM_RELEASE };
  const metadata = { name: HELM_RELEASE, namespace: HELM_NAMESPACE, labels };
  const config = [
    'concurrent = 1',
    `check_interval = ${LAB_TIMING.checkIntervalSeconds}`,
    '[[runners]]',
    `url = "${url}"`,
    `token = "${token}"`,
    'executor = "kubernetes"',
    `unhealthy_interval = "${LAB_TIMING.unhealthyIntervalSeconds}s"`,
    '',
  ].join('\n');
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas,
      selector: { matchLabels: { app: HELM_RELEASE } },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 5,
          automountServiceAccountToken: false,
          containers: [
            {
              name: 'gitlab-runner',
              image: 'gitlab/gitlab-runner:alpine-v18.4.0',
              command: [
                'sh',
                '-c',
                'cp /secrets/config.toml /state/config.toml && exec gitlab-runner run --config /state/config.toml',
              ],
              volumeMounts: [
                { name: 'secrets', mountPath: '/secrets', readOnly: true },
                { name: 'state', mountPath: '/state' },
              ],
            },
          ],
          volumes: [
            { name: 'secrets', secret: { secretName: HELM_RELEASE } },
            { name: 'state', emptyDir: {} },
          ],
        },
      },
    },
  };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: HELM_NAMESPACE } },
    { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'config.toml': config } },
    deployment,
  ];
}

export async function helmInstall(api: ClusterClient, release: Release): Promise<void> {
  for (const each of helmRelease(release)) await api.apply(each);
}
