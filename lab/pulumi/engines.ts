/** Both engines, with the lab's providers under them; where a control plane is real, Kubernetes' own plugin under the real one. */
import { fileURLToPath } from 'node:url';
import { requireTool } from '../../tools/find.ts';
import { GitLabLabProvider } from './gitlab-provider.ts';
import type { KubernetesAccess } from '../kubernetes/access.ts';
import { KubernetesLabProvider } from './kubernetes-provider.ts';
import { LabEngine } from './lab-engine.ts';
import { serveProvider, type ProviderServer } from './provider-server.ts';
import { RealEngine } from './real-engine.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a stack's resources are made in. */
export interface Reach {
  readonly gitlab: { readonly url: string; readonly adminToken: string };
  readonly kubernetes: KubernetesAccess;
  /** Of a real control plane: the path of a kubeconfig, in which the program's context is. */
  readonly kubeconfig?: string | undefined;
}

export const labEngine = ({ gitlab, kubernetes }: Reach): LabEngine =>
  new LabEngine([
    new GitLabLabProvider({ url: gitlab.url, token: gitlab.adminToken }),
    new KubernetesLabProvider(kubernetes),
  ]);

/**
 * Throws where there is no Pulumi CLI. Kubernetes' provider is its own plugin, but for the lab's Kubernetes API: that one has no
 * discovery, no OpenAPI and no server-side apply, which the plugin asks for.
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

/** Address and token are those that the program gives to its provider. */
export const serveGitLab = (): Promise<ProviderServer> =>
  serveProvider('gitlab', '10.1.1', ({ baseUrl, token }) => {
    const url = String(baseUrl).replace(/\/api\/v4\/$/, '');
    return new GitLabLabProvider({ url, token: String(token) });
  });
