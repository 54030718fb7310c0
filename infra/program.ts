/** One stack is one cluster. Everything that is deployed is declared from here. */
import * as pulumi from '@pulumi/pulumi';
import { wallClock } from '../runtime/adapters/process/clock.ts';
import { adoptedDetectionSeconds, bounds } from '../runtime/timing.ts';
import { bundleRuntime, type Bundles } from './bundle/bundle.ts';
import { Checker, type WatchedDeployment } from './checker/checker.ts';
import { HandOver } from './hand-over.ts';
import { Monitoring } from './monitoring/monitoring.ts';
import { namesOf } from './names.ts';
import { createNamespaces } from './kubernetes/namespaces.ts';
import { findOwner } from './gitlab/owner.ts';
import { createProviders } from './providers.ts';
import { RunnerGroup } from './runners/runner-group.ts';
import { SecretSync } from './kubernetes/secret-sync.ts';
import { loadSettings, type Settings } from './settings/settings.ts';
import { StatusProject } from './gitlab/status-project.ts';
import { expiryOf } from './gitlab/token-expiry.ts';
import { Tokens } from './gitlab/tokens.ts';

/** What `pulumi up` prints at its end. */
export interface Outputs {
  readonly cluster: string;
  /** The promise of docs/guarantees.md, with this stack's times. */
  readonly bounds: string;
  /** The stack's own runner record, or those that it adopts. */
  readonly runnerRecordIds: pulumi.Output<number[]>;
  readonly statusProjectId: pulumi.Output<number>;
  readonly statusProjectUrl: pulumi.Output<string>;
  /** Of the stack's own runners. */
  readonly runnerImage?: string;
  readonly next: pulumi.Output<string[]>;
}

/** Settings and bundles come first: a config that is refused, or code that does not build, leaves everything as it was. */
export async function program(bundle: () => Promise<Bundles> = bundleRuntime, now = wallClock): Promise<Outputs> {
  const settings = loadSettings();
  const code = await bundle();

  const providers = createProviders(settings);
  const dependsOn = createNamespaces(settings, providers.kubernetes);
  const owner = findOwner(settings.gitlab.owner, providers.gitlab);
  const statusProject = new StatusProject(
    'status',
    { settings: settings.statusProject, fleet: settings.fleet },
    { provider: providers.gitlab },
  );
  const tokens = new Tokens(
    'tokens',
    {
      owner,
      statusProject: statusProject.projectId,
      names: namesOf(settings.cluster).tokens,
      given: settings.tokens.given,
      sidecars: settings.adopt.length === 0,
      expiresOn: expiryOf(now(), settings.tokens, settings.fleet.indexOf(settings.cluster) / settings.fleet.length),
    },
    { provider: providers.gitlab },
  );
  const sync = new SecretSync(settings.kubernetes.secretSyncSeconds);
  const runners =
    tokens.sidecar &&
    new RunnerGroup(
      'runners',
      { settings, owner, code: code.sidecar, sidecarToken: tokens.sidecar.value, sync },
      { clients: providers, dependsOn },
    );
  // The name is an output of the Deployment, and Pulumi gives that when the runners are ready for the first time. The checker's
  // rights wait for it: a stack that was never made whole, and has no hand-over yet, claims nothing.
  const deployments: readonly WatchedDeployment[] = runners
    ? [{ namespace: settings.kubernetes.namespace, name: runners.deployment }]
    : settings.adopt.map(({ namespace, deployment }) => ({ namespace, name: deployment }));
  const checker = new Checker(
    'checker',
    {
      settings,
      code: code.checker,
      statusProjectId: statusProject.projectId,
      deployments,
      tokens,
      sync,
    },
    { provider: providers.kubernetes, dependsOn },
  );
  const monitoring = settings.monitoring.enabled
    ? [new Monitoring('monitoring', { settings }, { provider: providers.kubernetes, dependsOn })]
    : [];
  new HandOver(
    'hand-over',
    { settings, statusProjectId: statusProject.projectId },
    { dependsOn: [...dependsOn, statusProject, tokens, ...(runners ? [runners] : []), checker, ...monitoring] },
  );

  return {
    cluster: settings.cluster,
    bounds: boundsText(settings),
    runnerRecordIds: runners
      ? runners.recordId.apply((id) => [id])
      : pulumi.output(settings.adopt.map(({ record }) => record)),
    statusProjectId: statusProject.projectId,
    statusProjectUrl: statusProject.webUrl,
    ...(runners && { runnerImage: settings.runner.image }),
    next: sync.settled(
      [...(runners ? [runners.tokenSecret] : []), checker.tokenSecret],
      pulumi.all(nextCommands(settings, deployments, checker)),
    ),
  };
}

function boundsText({ timing, policy, adopt }: Settings): string {
  const detectionSeconds = adopt.length > 0 ? adoptedDetectionSeconds(timing) : timing.detectionSeconds;
  const { deadSeconds, deadBusySeconds, faintedSeconds } = bounds({ ...timing, detectionSeconds }, policy.confirm);
  return `a dead cluster loses the main tags within ${rounded(deadSeconds)} s (${rounded(deadBusySeconds)} s where all its runners were at work), one that fainted within ${rounded(faintedSeconds)} s`;
}

/** The lab's times have fractions; a bound is rounded up. */
const rounded = (seconds: number): number => Math.ceil(seconds * 10) / 10;

function nextCommands(
  { kubernetes, fleet, cluster }: Settings,
  deployments: readonly WatchedDeployment[],
  checker: Checker,
) {
  const kubectl = kubernetes.context === undefined ? 'kubectl' : `kubectl --context ${kubernetes.context}`;
  const ours = `${kubectl} -n ${kubernetes.namespace}`;
  return [
    ...deployments.map(
      ({ namespace, name }) => pulumi.interpolate`${kubectl} -n ${namespace} rollout status deployment/${name}`,
    ),
    pulumi.interpolate`${ours} get cronjob/${checker.cronJob}`,
    pulumi.output(
      `${ours} logs --tail=20 --selector=app.kubernetes.io/component=checker,app.kubernetes.io/instance=${cluster}`,
    ),
    ...fleet.filter((name) => name !== cluster).map((name) => pulumi.output(`pulumi up --stack ${name}`)),
  ];
}
