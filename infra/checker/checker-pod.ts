/** The checker's pod as data. */
import type { types } from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { PULL_POLICY, pullSecrets } from '../kubernetes/images.ts';
import * as paths from '../kubernetes/paths.ts';
import { containerSecurity, podSecurity, resources } from '../kubernetes/pod-security.ts';
import type { Settings } from '../settings/settings.ts';
import { configMapVolume, secretVolume, serviceAccountVolume } from '../kubernetes/volumes.ts';

export interface CheckerPodArgs {
  readonly settings: Settings;
  readonly serviceAccount: pulumi.Input<string>;
  readonly priorityClass: pulumi.Input<string>;
  /** Secret with the files `fleet`, `status`, `expiries.json`, and `webhook` where there is one. */
  readonly tokenSecret: pulumi.Input<string>;
  /** ConfigMap with checker.json. */
  readonly config: pulumi.Input<string>;
  /** ConfigMap with checker.cjs. */
  readonly code: pulumi.Input<string>;
}

/** How much longer than its period a run may last, in seconds: its last round may begin just before the period's end. */
const OVERTIME_SECONDS = 25;

/**
 * In MiB. By default Node collects garbage late: with a thousand pods a checker used 105 to 137 MiB, and with these limits 83 to
 * 94 (test/real/scale.test.ts).
 */
const HEAP = ['--max-semi-space-size=2', '--max-old-space-size=48'];

export function checkerPod(args: CheckerPodArgs): types.input.core.v1.PodSpec {
  const { settings } = args;
  return {
    ...pullSecrets(settings.images.pullSecrets),
    serviceAccountName: args.serviceAccount,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    priorityClassName: args.priorityClass,
    restartPolicy: 'Never',
    // On the pod, not on the Job: the kubelet enforces it even while the control plane is down.
    activeDeadlineSeconds: Math.ceil(settings.timing.periodSeconds + OVERTIME_SECONDS),
    terminationGracePeriodSeconds: 10,
    securityContext: podSecurity(),
    containers: [
      {
        name: 'checker',
        image: settings.images.node,
        imagePullPolicy: PULL_POLICY,
        command: ['node', ...HEAP, `${paths.CODE_DIR}/checker.cjs`],
        env: [
          { name: 'HADR_CONFIG', value: `${paths.CONFIG_DIR}/checker.json` },
          { name: 'HADR_TOKENS', value: paths.TOKENS_DIR },
          { name: 'HADR_SERVICE_ACCOUNT', value: paths.SERVICE_ACCOUNT_DIR },
          { name: 'HADR_TERMINATION_LOG', value: paths.TERMINATION_LOG },
        ],
        ...(settings.monitoring.enabled && {
          ports: [{ name: 'metrics', containerPort: settings.monitoring.checkerPort, protocol: 'TCP' }],
        }),
        terminationMessagePath: paths.TERMINATION_LOG,
        volumeMounts: [
          { name: 'code', mountPath: paths.CODE_DIR, readOnly: true },
          { name: 'config', mountPath: paths.CONFIG_DIR, readOnly: true },
          { name: 'tokens', mountPath: paths.TOKENS_DIR, readOnly: true },
          { name: 'service-account', mountPath: paths.SERVICE_ACCOUNT_DIR, readOnly: true },
        ],
        securityContext: containerSecurity(),
        resources: resources.checker,
      },
    ],
    volumes: [
      configMapVolume('code', args.code),
      configMapVolume('config', args.config),
      secretVolume('tokens', args.tokenSecret),
      serviceAccountVolume('service-account'),
    ],
  };
}
