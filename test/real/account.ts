/** Access to the API as a ServiceAccount, with a token like those of its pods. */
import * as z from 'zod';
import type { KubernetesAccess, KubernetesApi } from '../../lab/kubernetes/access.ts';

const tokenRequest = z.object({ status: z.object({ token: z.string() }) });

export async function accountAccess(
  { api, access }: { readonly api: KubernetesApi; readonly access: KubernetesAccess },
  namespace: string,
  account: string,
): Promise<KubernetesAccess> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  const { status } = tokenRequest.parse(await api.call('POST', path, body));
  return { ...access, token: status.token };
}
