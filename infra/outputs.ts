/** The outputs that `pulumi up` prints. */
import * as pulumi from '@pulumi/pulumi';
import { adoptedDetectionSeconds, bounds } from '../runtime/timing.ts';
import type { Checker, WatchedDeployment } from './checker/checker.ts';
import type { StatusProject } from './gitlab/status-project.ts';
import type { SecretSync } from './kubernetes/secret-sync.ts';
import type { RunnerGroup } from './runners/runner-group.ts';
import type { Settings } from './settings/settings.ts';

export interface Outputs {
  readonly cluster: string;
  /** The bounds of docs/guarantees.md with this stack's times. */
  readonly bounds: string;
  /** The stack's own runner record, or those that it adopts. */
  readonly runnerRecordIds: pulumi.Output<number[]>;
  readonly statusProjectId: pulumi.Output<number>;
  readonly statusProjectUrl: pulumi.Output<string>;
  /** Of the stack's own runners. */
  readonly runnerImage?: string;
  /** Commands to run next. */
  readonly next: pulumi.Output<string[]>;
}

export interface Parts {
  readonly settings: Settings;
  readonly statusProject: StatusProject;
  /** Undefined where the stack adopts runners. */
  readonly runners: RunnerGroup | undefined;
  readonly deployments: readonly WatchedDeployment[];
  readonly checker: Checker;
  readonly sync: SecretSync;
}

export function outputsOf({ settings, statusProject, runners, deployments, checker, sync }: Parts): Outputs {
  const secrets = [...(runners ? [runners.tokenSecret] : []), checker.tokenSecret];
  return {
    cluster: settings.cluster,
    bounds: boundsText(settings),
    runnerRecordIds: runners
      ? runners.recordId.apply((id) => [id])
      : pulumi.output(settings.adopt.map(({ record }) => record)),
    statusProjectId: statusProject.projectId,
    statusProjectUrl: statusProject.webUrl,
    ...(runners && { runnerImage: settings.runner.image }),
    next: sync.settled(secrets, pulumi.all(nextCommands(settings, deployments, checker))),
  };
}

function boundsText({ timing, policy, adopt }: Settings): string {
  const detectionSeconds = adopt.length > 0 ? adoptedDetectionSeconds(timing) : timing.detectionSeconds;
  const { deadSeconds, deadBusySeconds, unhealthySeconds } = bounds({ ...timing, detectionSeconds }, policy.confirm);
  return `the main tags leave a dead cluster within ${rounded(deadSeconds)} s (${rounded(deadBusySeconds)} s if all its runners had jobs), and an unhealthy cluster within ${rounded(unhealthySeconds)} s`;
}

/** The lab's times have fractions; a bound is rounded up. */
const rounded = (seconds: number): number => Math.ceil(seconds * 10) / 10;

function nextCommands(
  { kubernetes, fleet, cluster }: Settings,
  deployments: readonly WatchedDeployment[],
  checker: Checker,
): pulumi.Output<string>[] {
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
