/** What the Prometheus operator is asked for (monitoring.coreos.com/v1), as data. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { labelsOf, namesOf, PROJECT, selectorOf, type Part } from '../names.ts';
import type { Settings } from '../settings/settings.ts';
import { alertsOf } from './alerts.ts';

/** How often Prometheus scrapes a checker: rounds are not more frequent. */
const SCRAPE_INTERVAL = '15s';

/** The operator's own name for what a PodMonitor finds. */
const jobOf = ({ cluster, kubernetes }: Settings, part: Part): string =>
  `${kubernetes.namespace}/${namesOf(cluster)[part]}`;

const metadata = (settings: Settings, part: Part, labels: Readonly<Record<string, string>> = {}) => ({
  name: namesOf(settings.cluster)[part],
  namespace: settings.kubernetes.namespace,
  labels: { ...settings.monitoring.labels, ...labels, ...labelsOf(settings.cluster, part) },
});

/**
 * Every minute a new pod is the checker. Without the pod's name, its series continue from one pod to the next: the instance is the
 * cluster.
 */
const oneCheckerFor = (cluster: string) => [
  { action: 'labeldrop', regex: 'pod|container' },
  { action: 'replace', targetLabel: 'instance', replacement: cluster },
];

export const podMonitor = (settings: Settings, part: Part) => ({
  metadata: metadata(settings, part),
  spec: {
    selector: { matchLabels: selectorOf(settings.cluster, part) },
    podMetricsEndpoints: [
      {
        port: 'metrics',
        path: '/metrics',
        interval: SCRAPE_INTERVAL,
        ...(part === 'checker' && { relabelings: oneCheckerFor(settings.cluster) }),
      },
    ],
  },
});

export const prometheusRule = (settings: Settings) => ({
  metadata: metadata(settings, 'checker'),
  spec: {
    groups: [
      {
        name: `${PROJECT}-${settings.cluster}`,
        rules: alertsOf({
          timing: settings.timing,
          jobs: { checker: jobOf(settings, 'checker'), runner: jobOf(settings, 'runner') },
          runbooks: settings.monitoring.runbooks,
        }).map((alert) => ({ ...alert, labels: { ...alert.labels }, annotations: { ...alert.annotations } })),
      },
    ],
  },
});

const DASHBOARD = fileURLToPath(new URL('dashboard.json', import.meta.url));

/** By this label Grafana's own sidecar finds it. */
export const dashboard = (settings: Settings) => ({
  metadata: {
    ...metadata(settings, 'checker', { grafana_dashboard: '1' }),
    name: `${PROJECT}-${settings.cluster}-dashboard`,
  },
  data: { [`${PROJECT}-${settings.cluster}.json`]: readFileSync(DASHBOARD, 'utf8') },
});
