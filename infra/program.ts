/** One stack is one cluster. Everything that is deployed is declared from here. */
import type * as pulumi from '@pulumi/pulumi';
import { systemClock, wallClock } from '../runtime/adapters/process/clock.ts';
import { bundleRuntime, type Bundles } from './bundle/bundle.ts';
import { Checker, type WatchedDeployment } from './checker/checker.ts';
import { findEdition } from './gitlab/edition.ts';
import { findOwner, type Owner } from './gitlab/owner.ts';
import { StatusProject } from './gitlab/status-project.ts';
import { expiryOf, shareOf } from './gitlab/token-expiry.ts';
import { Tokens } from './gitlab/tokens.ts';
import { HandOver } from './hand-over.ts';
import { createNamespaces } from './kubernetes/namespaces.ts';
import { SecretSync } from './kubernetes/secret-sync.ts';
import { Monitoring } from './monitoring/monitoring.ts';
import { namesOf } from './names.ts';
import { outputsOf, type Outputs } from './outputs.ts';
import { createProviders } from './providers.ts';
import { RunnerGroup } from './runners/runner-group.ts';
import { loadSettings, type Settings } from './settings/settings.ts';

/** Settings and bundles come first: if the config is refused or the code does not build, nothing is changed. */
export async function program(bundle: () => Promise<Bundles> = bundleRuntime, now = wallClock): Promise<Outputs> {
  const settings = loadSettings();
  const code = await bundle();

  const providers = createProviders(settings);
  const { fleet, gitlab, kubernetes } = settings;
  const edition = settings.statusProject.manage ? await findEdition(gitlab.url, providers.gitlab) : undefined;
  const dependsOn = createNamespaces(settings, providers.kubernetes);
  const inCluster = { provider: providers.kubernetes, dependsOn };
  const inGitLab = { provider: providers.gitlab };

  const owner = findOwner(gitlab.owner, providers.gitlab);
  const statusProject = new StatusProject('status', { settings: settings.statusProject, fleet, edition }, inGitLab);
  const statusProjectId = statusProject.projectId;
  const tokens = new Tokens('tokens', tokensOf(settings, owner, statusProjectId, now()), inGitLab);
  const sync = new SecretSync(kubernetes.secretSyncSeconds, systemClock);
  const runners =
    tokens.sidecar &&
    new RunnerGroup(
      'runners',
      { settings, owner, code: code.sidecar, sidecarToken: tokens.sidecar.value, sync },
      { clients: providers, dependsOn },
    );
  const deployments = deploymentsOf(settings, runners);
  const checker = new Checker(
    'checker',
    { settings, code: code.checker, statusProjectId, deployments, tokens, sync },
    inCluster,
  );
  const monitoring = settings.monitoring.enabled ? [new Monitoring('monitoring', { settings }, inCluster)] : [];
  new HandOver(
    'hand-over',
    { settings, statusProjectId },
    { dependsOn: [...dependsOn, statusProject, tokens, ...(runners ? [runners] : []), checker, ...monitoring] },
  );
  return outputsOf({ settings, statusProject, runners, deployments, checker, sync });
}

function tokensOf(settings: Settings, owner: Owner, statusProject: pulumi.Output<number>, now: number) {
  const { cluster, fleet, tokens, adopt } = settings;
  return {
    owner,
    statusProject,
    statusRole: settings.statusProject.pushRole,
    names: namesOf(cluster).tokens,
    given: tokens.given,
    sidecars: adopt.length === 0,
    expiresOn: expiryOf(now, tokens, shareOf(fleet.indexOf(cluster))),
  };
}

/**
 * The name is an output of the Deployment, which Pulumi gives when the runners are ready for the first time. The checker's rights
 * depend on it: a stack that was never completed, and has no hand-over yet, cannot claim.
 */
function deploymentsOf(
  { adopt, kubernetes }: Settings,
  runners: RunnerGroup | undefined,
): readonly WatchedDeployment[] {
  return runners
    ? [{ namespace: kubernetes.namespace, name: runners.deployment }]
    : adopt.map(({ namespace, deployment }) => ({ namespace, name: deployment }));
}
