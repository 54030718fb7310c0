/** The real engine on the lab, and all that it printed. */
import { GitLabLabProvider } from '../../lab/pulumi/gitlab-provider.ts';
import { KubernetesLabProvider } from '../../lab/pulumi/kubernetes-provider.ts';
import { serveProvider } from '../../lab/pulumi/provider-server.ts';
import { RealEngine } from '../../lab/pulumi/real-engine.ts';
import { toolNamed } from '../../tools/catalogue.ts';
import { findTool } from '../../tools/find.ts';
import { ROOT, type Reach } from '../support/stacks.ts';

export async function realEngine({ kubernetes }: Reach, onOutput: (text: string) => void): Promise<RealEngine> {
  const tool = await findTool(toolNamed('pulumi'));
  if (!tool) throw new Error('there is no pulumi; build it once with: npm run real:tools');
  const providers = await Promise.all([
    // Address and token are those that the program gives to its provider.
    serveProvider('gitlab', '10.1.1', ({ baseUrl, token }) => {
      return new GitLabLabProvider({
        url: String(baseUrl).replace(/\/api\/v4\/$/, ''),
        token: String(token),
        now: Date.now,
      });
    }),
    // The program gives a context of a kubeconfig that the lab does not have.
    serveProvider('kubernetes', '4.34.2', () => new KubernetesLabProvider(kubernetes)),
  ]);
  return RealEngine.start({ command: tool.path, projectFolder: ROOT, providers, onOutput });
}
