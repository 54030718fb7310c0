/** The runner pod as data: prepare, runner, sidecar. */
import type { types } from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { readinessCommand, runnerLivenessCommand, sidecarLivenessCommand } from '../../runtime/sidecar/health.ts';
import { probePeriodSeconds } from '../../runtime/timing.ts';
import { PULL_POLICY, pullSecrets } from '../kubernetes/images.ts';
import { selectorOf } from '../names.ts';
import * as paths from '../kubernetes/paths.ts';
import { containerSecurity, podSecurity, resources, STATE_LIMIT } from '../kubernetes/pod-security.ts';
import { prepareCommand, runCommand } from './scripts.ts';
import type { Settings } from '../settings/settings.ts';
import { configMapVolume, secretVolume, serviceAccountVolume } from '../kubernetes/volumes.ts';

type PodSpec = types.input.core.v1.PodSpec;
type Container = types.input.core.v1.Container;
type Probe = types.input.core.v1.Probe;

export interface RunnerPodArgs {
  readonly settings: Settings;
  readonly serviceAccount: pulumi.Input<string>;
  /** Secret with config.toml. */
  readonly runnerSecret: pulumi.Input<string>;
  /** Secret with the file `sidecar`. */
  readonly tokenSecret: pulumi.Input<string>;
  /** ConfigMap with sidecar.json. */
  readonly config: pulumi.Input<string>;
  /** ConfigMap with sidecar.cjs. */
  readonly code: pulumi.Input<string>;
}

export function runnerPod(args: RunnerPodArgs): PodSpec {
  const { settings } = args;
  const labelSelector = { matchLabels: selectorOf(settings.cluster, 'runner') };
  return {
    ...pullSecrets(settings.images.pullSecrets),
    serviceAccountName: args.serviceAccount,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity(),
    // A stopped runner finishes its jobs first.
    terminationGracePeriodSeconds: settings.runner.graceSeconds,
    // One node or one zone that fails should leave runners; a cluster with a single one still gets all of its pods.
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector } },
        ],
      },
    },
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector },
    ],
    initContainers: [prepareContainer(settings)],
    containers: [runnerContainer(settings), sidecarContainer(settings)],
    volumes: [
      { name: 'state', emptyDir: { sizeLimit: STATE_LIMIT } },
      { name: 'health', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
      secretVolume('runner-config', args.runnerSecret),
      secretVolume('tokens', args.tokenSecret),
      configMapVolume('config', args.config),
      configMapVolume('code', args.code),
      serviceAccountVolume('service-account'),
    ],
  };
}

const prepareContainer = (settings: Settings): Container => ({
  name: 'prepare',
  image: settings.runner.image,
  imagePullPolicy: PULL_POLICY,
  command: prepareCommand(),
  env: [{ name: 'POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } }],
  volumeMounts: [
    { name: 'state', mountPath: paths.RUNNER_DIR },
    { name: 'runner-config', mountPath: paths.RUNNER_SECRET_DIR, readOnly: true },
  ],
  securityContext: containerSecurity(),
  resources: resources.prepare,
});

const runnerContainer = (settings: Settings): Container => ({
  name: 'runner',
  image: settings.runner.image,
  imagePullPolicy: PULL_POLICY,
  command: runCommand(),
  env: [
    // The image's user is not ours: without these, Go asks the password file for a home that is not there.
    { name: 'HOME', value: paths.RUNNER_DIR },
    { name: 'USER', value: 'gitlab-runner' },
    { name: 'TMPDIR', value: paths.RUNNER_DIR },
  ],
  volumeMounts: [
    { name: 'state', mountPath: paths.RUNNER_DIR },
    { name: 'health', mountPath: paths.HEALTH_DIR, readOnly: true },
    { name: 'service-account', mountPath: paths.EXECUTOR_SERVICE_ACCOUNT_DIR, readOnly: true },
  ],
  readinessProbe: readiness(settings),
  livenessProbe: {
    exec: { command: runnerLivenessCommand(paths.HEALTH_FILE) },
    periodSeconds: probePeriodSeconds(settings.timing),
    timeoutSeconds: probeTimeout(settings),
    failureThreshold: 3,
    // A stuck runner does not drain either; it need not be waited for as long as a healthy one.
    terminationGracePeriodSeconds: Math.min(60, settings.runner.graceSeconds),
  },
  securityContext: containerSecurity(),
  resources: resources.runner,
});

const sidecarContainer = (settings: Settings): Container => ({
  name: 'sidecar',
  image: settings.images.node,
  imagePullPolicy: PULL_POLICY,
  command: ['node', `${paths.CODE_DIR}/sidecar.cjs`],
  env: [
    { name: 'HADR_CONFIG', value: `${paths.CONFIG_DIR}/sidecar.json` },
    { name: 'HADR_TOKENS', value: paths.TOKENS_DIR },
    { name: 'HADR_HEALTH', value: paths.HEALTH_FILE },
    { name: 'HADR_SYSTEM_ID', value: paths.SYSTEM_ID },
  ],
  ports: [{ name: 'metrics', containerPort: settings.runner.sidecarPort, protocol: 'TCP' }],
  volumeMounts: [
    { name: 'code', mountPath: paths.CODE_DIR, readOnly: true },
    { name: 'config', mountPath: paths.CONFIG_DIR, readOnly: true },
    { name: 'tokens', mountPath: paths.TOKENS_DIR, readOnly: true },
    { name: 'health', mountPath: paths.HEALTH_DIR },
    { name: 'state', mountPath: paths.RUNNER_DIR, readOnly: true },
  ],
  livenessProbe: {
    exec: { command: sidecarLivenessCommand(paths.HEALTH_FILE) },
    initialDelaySeconds: 15,
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 3,
  },
  securityContext: containerSecurity(),
  resources: resources.sidecar,
});

/** Two failures in a row, so that one slow exec on a busy node does not make the pod unready; two periods and a check of the sidecar fit into D. */
const readiness = (settings: Settings): Probe => ({
  exec: { command: readinessCommand(paths.HEALTH_FILE) },
  periodSeconds: probePeriodSeconds(settings.timing),
  timeoutSeconds: probeTimeout(settings),
  successThreshold: 1,
  failureThreshold: 2,
});

const probeTimeout = (settings: Settings): number => Math.max(1, probePeriodSeconds(settings.timing) - 1);
