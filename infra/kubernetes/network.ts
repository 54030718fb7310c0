/**
 * Which addresses pods may reach, and which pods may reach them. A NetworkPolicy has ports and blocks of addresses, but no host
 * names: if kubernetes.egressTo has no addresses, a rule allows its ports everywhere.
 */
import type { types } from '@pulumi/kubernetes';
import type { Settings } from '../settings/settings.ts';
import { portOf } from '../settings/web-address.ts';

type Ingress = types.input.networking.v1.NetworkPolicyIngressRule;
type Egress = types.input.networking.v1.NetworkPolicyEgressRule;
type Port = types.input.networking.v1.NetworkPolicyPort;

const DNS: Port[] = [
  { protocol: 'UDP', port: 53 },
  { protocol: 'TCP', port: 53 },
];

/** Most network plugins apply a policy to the address behind the Service `kubernetes`, where its port 443 is often 6443. */
const API_SERVER_PORTS = [443, 6443];

const tcp = (ports: readonly number[]): Port[] =>
  [...new Set(ports)].sort((a, b) => a - b).map((port) => ({ protocol: 'TCP', port }));

const rule = (addresses: readonly string[], ports: Port[]): Egress => ({
  ...(addresses.length > 0 && { to: addresses.map((cidr) => ({ ipBlock: { cidr } })) }),
  ports,
});

/** DNS, GitLab and the API server: runner and checker need all three. `further` TCP ports are open everywhere. */
export function egressRules(
  { gitlab, kubernetes }: Pick<Settings, 'gitlab' | 'kubernetes'>,
  further: readonly number[] = [],
): Egress[] {
  const { egressTo, server } = kubernetes;
  return [
    rule(egressTo.dns, DNS),
    rule(egressTo.gitlab, tcp([portOf(gitlab.url)])),
    rule(egressTo.apiServer, tcp([...API_SERVER_PORTS, portOf(server)])),
    ...(further.length > 0 ? [rule([], tcp(further))] : []),
  ];
}

/** Access to the webhook, if one is configured. */
export const webhookRules = ({ webhookPort, kubernetes }: Pick<Settings, 'webhookPort' | 'kubernetes'>): Egress[] =>
  webhookPort === undefined ? [] : [rule(kubernetes.egressTo.webhook, tcp([webhookPort]))];

/** Only Prometheus may read metrics. Kubernetes itself sets this label on every namespace. */
export const metricsRule = ({ monitoring }: Pick<Settings, 'monitoring'>, port: number): Ingress => ({
  from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': monitoring.namespace } } }],
  ports: tcp([port]),
});
