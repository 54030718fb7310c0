import { GitLabLabProvider } from '../../../lab/pulumi/gitlab-provider.ts';
import { KubernetesLabProvider } from '../../../lab/pulumi/kubernetes-provider.ts';
import { LabEngine } from '../../../lab/pulumi/lab-engine.ts';
import { destroyCases } from '../../support/destroy-cases.ts';
import { startStacks } from '../../support/stacks.ts';

describe('destroying a stack, under the engine in this process', function () {
  this.timeout(60_000);
  destroyCases(() =>
    startStacks(
      ({ gitlab, kubernetes }) =>
        new LabEngine([
          new GitLabLabProvider({ url: gitlab.url, token: gitlab.adminToken, now: Date.now }),
          new KubernetesLabProvider(kubernetes),
        ]),
    ),
  );
});
