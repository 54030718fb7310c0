/** Both engines with the lab's providers. With a real control plane, the real engine uses the real Kubernetes plugin. */
import { fileURLToPath } from 'node:url';
import { requireTool } from '../../tools/find.ts';
import { GitLabLabProvider } from './gitlab-provider.ts';
import type { KubernetesAccess } from '../kubernetes/access.ts';
import { KubernetesLabProvider } from './kubernetes-provider.ts';
import { LabEngine } from './lab-engine.ts';
import { serveProvider, type ProviderServer } from './provider-server.ts';
import { RealEngine } from './real-engine.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Where the resources of a stack are created. */
export interface Reach {
  readonly gitlab: { readonly url: string; readonly adminToken: string };
  readonly kubernetes: KubernetesAccess;
  /** Only with a real control plane: the path of a kubeconfig with the program's context. */
  readonly kubeconfig?: string | undefined;
}

export const labEngine = ({ gitlab, kubernetes }: Reach): LabEngine =>
  new LabEngine([
    new GitLabLabProvider({ url: gitlab.url, token: gitlab.adminToken }),
    new KubernetesLabProvider(kubernetes),
  ]);

/**
 * Throws if there is no Pulumi CLI. The Kubernetes provider is the real plugin, but not with the lab's Kubernetes API: that one
 * has no discovery, no OpenAPI and no server-side apply, which the plugin needs.
 */
export async function realEngine(reach: Reach, onOutput?: (text: string) => void): Promise<RealEngine> {
  const { kubernetes, kubeconfig } = reach;
  const { path: command } = await requireTool('pulumi');
  const gitlab = await serveGitLab();
  const shared = { command, projectFolder: ROOT, ...(onOutput && { onOutput }) };
  if (kubeconfig === undefined) {
    // The program names a context of a kubeconfig, and the lab has none.
    const standIn = await serveProvider('kubernetes', '4.34.2', () => new KubernetesLabProvider(kubernetes));
    return RealEngine.start({ ...shared, providers: [gitlab, standIn] });
  }
  const plugin = await requireTool('pulumi-resource-kubernetes');
  return RealEngine.start({ ...shared, providers: [gitlab], plugins: [plugin.path], kubeconfig });
}

/** The program gives address and token to this provider. */
export const serveGitLab = (): Promise<ProviderServer> =>
  serveProvider('gitlab', '10.1.1', ({ baseUrl, token }) => {
    const url = String(baseUrl).replace(/\/api\/v4\/$/, '');
    return new GitLabLabProvider({ url, token: String(token) });
  });
