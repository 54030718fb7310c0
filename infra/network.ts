/** What pods may reach. GitLab's addresses are not known here, so a rule names ports and not addresses. */
import type { types } from '@pulumi/kubernetes';

type Egress = types.input.networking.v1.NetworkPolicyEgressRule;

const portOf = (url: string): number => {
  const { protocol, port } = new URL(url);
  return port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);
};

/**
 * DNS, GitLab and the API server. 6443 is where most API servers listen: a policy is applied to the address behind the
 * Service `kubernetes`, not to its port 443.
 */
export function egressRules(gitlabUrl: string, apiServer: string, further: readonly number[] = []): Egress[] {
  const ports = [...new Set([443, 6443, portOf(gitlabUrl), portOf(apiServer), ...further])].sort((a, b) => a - b);
  return [
    {
      ports: [
        { protocol: 'UDP', port: 53 },
        { protocol: 'TCP', port: 53 },
      ],
    },
    { ports: ports.map((port) => ({ protocol: 'TCP', port })) },
  ];
}
