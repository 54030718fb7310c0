/** Both engines, with the lab's providers under them. */
import { fileURLToPath } from 'node:url';
import { requireTool } from '../../tools/find.ts';
import { GitLabLabProvider } from './gitlab-provider.ts';
import type { KubernetesAccess } from '../kubernetes/access.ts';
import { KubernetesLabProvider } from './kubernetes-provider.ts';
import { LabEngine } from './lab-engine.ts';
import { serveProvider } from './provider-server.ts';
import { RealEngine } from './real-engine.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a stack's resources are made in. */
export interface Reach {
  readonly gitlab: { readonly url: string; readonly adminToken: string };
  readonly kubernetes: KubernetesAccess;
}

export const labEngine = ({ gitlab, kubernetes }: Reach): LabEngine =>
  new LabEngine([
    new GitLabLabProvider({ url: gitlab.url, token: gitlab.adminToken }),
    new KubernetesLabProvider(kubernetes),
  ]);

/** Throws where there is no Pulumi CLI. */
export async function realEngine({ kubernetes }: Reach, onOutput?: (text: string) => void): Promise<RealEngine> {
  const tool = await requireTool('pulumi');
  const providers = await Promise.all([
    // Address and token are those that the program gives to its provider.
    serveProvider('gitlab', '10.1.1', ({ baseUrl, token }) => {
      const url = String(baseUrl).replace(/\/api\/v4\/$/, '');
      return new GitLabLabProvider({ url, token: String(token) });
    }),
    // The program names a context of a kubeconfig, and the lab has none.
    serveProvider('kubernetes', '4.34.2', () => new KubernetesLabProvider(kubernetes)),
  ]);
  return RealEngine.start({ command: tool.path, projectFolder: ROOT, providers, ...(onOutput && { onOutput }) });
}
