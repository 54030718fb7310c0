/** What Prometheus and Grafana need to watch this cluster. Only where people have the operator's kinds and say so. */
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { dashboard, podMonitor, prometheusRule } from './objects.ts';
import type { Settings } from '../settings/settings.ts';

const API_VERSION = 'monitoring.coreos.com/v1';

export class Monitoring extends pulumi.ComponentResource {
  constructor(
    name: string,
    { settings }: { readonly settings: Settings },
    opts: pulumi.ComponentResourceOptions & { readonly provider: k8s.Provider },
  ) {
    const { provider, ...rest } = opts;
    super('hadr:index:Monitoring', name, {}, { ...rest, providers: [provider] });
    const options = { parent: this, provider };
    const custom = (part: string, kind: string, object: object) =>
      new k8s.apiextensions.CustomResource(`${name}-${part}`, { apiVersion: API_VERSION, kind, ...object }, options);
    // Adopted runners have no sidecar to scrape.
    if (settings.adopt.length === 0) custom('runners', 'PodMonitor', podMonitor(settings, 'runner'));
    custom('checker', 'PodMonitor', podMonitor(settings, 'checker'));
    custom('alerts', 'PrometheusRule', prometheusRule(settings));
    new k8s.core.v1.ConfigMap(`${name}-dashboard`, dashboard(settings), options);
    this.registerOutputs();
  }
}
