/**
 * The stack's config, key by key. The descriptions are the reference that users read. The keys that the runtime reads as
 * well are its own schemas (runtime/config.ts); rules between keys are in rules.ts.
 */
import * as z from 'zod';
import { adoptedSchema, DEFAULT_GITLAB_URL, logSchema, policySchema, timingSchema } from '../../runtime/config.ts';
import { caCertificate, branchName, fleetNames, kubernetesName, pathOrId, tagList } from '../../runtime/values.ts';
import { expiryDay } from '../../runtime/expiries.ts';
import { WARN_DAYS } from '../../runtime/core/page/expiry.ts';

const port = z
  .number()
  .int('must be a whole number')
  .min(1, 'must be a port from 1 to 65535')
  .max(65_535, 'must be a port from 1 to 65535');

const whole = (least: number, most: number) =>
  z.number().int('must be a whole number').min(least, `must be at least ${least}`).max(most, `must be at most ${most}`);

const image = z
  .string()
  .regex(/^[^@]*(@sha256:[0-9a-f]{64})?$/, 'must end, if by digest, in @sha256: and 64 lower-case hexadecimal digits')
  .regex(/^[^\s:@]+(:\d+\/[^\s:@]+)?(:[\w][\w.-]*)?(@.*)?$/, 'must be an image such as registry/name:tag')
  .refine((text) => /:[\w][\w.-]*$|@sha256:/.test(text.slice(text.lastIndexOf('/') + 1)) && !text.endsWith(':latest'), {
    error: 'must name a version: without one, the image may change at any time',
  });

const registryHost = z
  .string()
  .regex(/^([-a-z0-9]+(\.[-a-z0-9]+)+|localhost)(:\d+)?$/, 'must be the host of a registry, such as docker.io');

const mirror = z
  .string()
  .regex(
    /^[-.a-z0-9]+(:\d+)?(\/[-._a-z0-9]+)*$/,
    'must be a registry with or without a path, without https:// and without a final slash, such as mirror.example.com/dockerhub',
  );

const addresses = z
  .array(z.union([z.cidrv4(), z.cidrv6()], { error: 'must be a block of addresses such as 203.0.113.7/32' }))
  .default([]);

const secret = z.string().regex(/^\S+$/, 'must be a token without spaces or line breaks');

/** Checked in rules.ts, whose messages never quote it. */
const webAddress = z.string().refine((text) => URL.canParse(text), 'must be a web address');

const gitlab = z.strictObject({
  url: z.string().default(DEFAULT_GITLAB_URL).describe('Address of GitLab: scheme, host and port, without a path.'),
  group: pathOrId.optional().describe('The group that owns the runner records of all clusters: its path or id.'),
  project: pathOrId
    .optional()
    .describe('Instead of a group: the project that owns the runner records of all clusters, its path or id.'),
  allowHttp: z.boolean().default(false).describe('Allow a URL without TLS. Needs lab.'),
  caCertificate: caCertificate
    .optional()
    .describe(
      'The private authority that signed GitLab’s certificate, as PEM text. Runner, sidecar and checker trust it. The machine that runs pulumi up must trust it too, by its own settings.',
    ),
});

const statusProject = z.strictObject({
  manage: z
    .boolean()
    .default(false)
    .describe(
      'true in the one stack that creates the status project. Run this stack first, because the others only find the project.',
    ),
  path: pathOrId.describe('The full path of the status project. If manage is false, its id works too.'),
  branch: branchName.default('main').describe('The branch that holds the status.'),
  pushRole: z
    .enum(['developer', 'maintainer'])
    .default('developer')
    .describe(
      'The lowest role that may push to the branch, and the role of the status tokens that the stacks create. With maintainer, Developers cannot write terms, not even inherited ones. The same in every stack.',
    ),
});

const runner = z.strictObject({
  image: image
    .default('docker.io/gitlab/gitlab-runner:alpine-v18.4.0')
    .describe('The image of gitlab-runner; it needs sh, grep and find.'),
  replicas: whole(1, 1000).default(2).describe('Number of runner pods. Each is a manager of the same record.'),
  concurrent: whole(1, 10_000).default(10).describe('Number of jobs that one runner pod runs at the same time.'),
  kubernetesToml: z
    .string()
    .default('')
    .describe('TOML for [runners.kubernetes], for example image, helper_image, cpu_request.'),
  cacheToml: z.string().default('').describe('TOML for [runners.cache].'),
  graceSeconds: whole(30, 86_400)
    .default(3600)
    .describe('How long a runner pod may take to finish its jobs when it is stopped, in seconds.'),
  metricsPort: port
    .default(9252)
    .describe('The port on which the runner serves its metrics inside the pod. The sidecar reads them.'),
  sidecarPort: port.default(9253).describe('The port on which the sidecar serves /metrics and /healthz.'),
});

const kubernetes = z.strictObject({
  context: z.string().min(1, 'must not be empty').optional().describe('The kubeconfig context of this cluster.'),
  kubeconfig: z
    .string()
    .min(1, 'must not be empty')
    .optional()
    .describe('A kubeconfig, as text or as the path of a file. Default: the one that kubectl uses.'),
  namespace: kubernetesName.default('gitlab-runner').describe('Namespace of runner pods and checker.'),
  jobNamespace: kubernetesName
    .optional()
    .describe(
      'Namespace of job pods. Default: the namespace with -jobs appended. It must differ from the namespace, because jobs must not see the tokens.',
    ),
  manageNamespaces: z.boolean().default(true).describe('Create both namespaces; false if they exist.'),
  server: z
    .string()
    .default('https://kubernetes.default.svc')
    .describe('Address of the API server for pods. http:// needs lab.'),
  secretSyncSeconds: whole(1, 3600)
    .default(150)
    .describe(
      'How long a changed Secret may take to reach running pods, in seconds. pulumi up waits this long before it revokes an old token. The default fits the kubelet’s usual settings: it syncs each pod after 60 to 90 seconds, and caches a Secret for a minute.',
    ),
  egressPorts: z
    .array(port)
    .default([])
    .describe('More TCP ports that runner pods may reach, for example of a cache or a proxy.'),
  egressTo: z
    .strictObject({
      gitlab: addresses.describe('Addresses of GitLab, for example of its load balancer.'),
      apiServer: addresses.describe('Addresses of the API server: the Service `kubernetes` and its endpoints.'),
      dns: addresses.describe('Addresses of DNS: its Service, its pods, a cache on the node.'),
      webhook: addresses.describe('Addresses of notify.webhook.'),
    })
    .prefault({})
    .describe(
      'CIDR blocks that pods may reach, because a NetworkPolicy has no host names: gitlab, apiServer, dns, webhook. Empty: any address, but only on the ports of that service.',
    ),
});

const images = z.strictObject({
  node: image
    .default('docker.io/library/node:22.20.0-alpine3.22')
    .describe('The image that runs sidecar and checker; a stock Node of version 20 or later with sh.'),
  mirrors: z
    .record(registryHost, mirror)
    .default({})
    .describe('Mirrors of registries, by the host of the original: {"docker.io": "mirror.example.com/hub"}.'),
  pullSecrets: z
    .array(kubernetesName)
    .default([])
    .describe('Names of Secrets with a registry’s credentials; create them in kubernetes.namespace.'),
  requireDigests: z.boolean().default(false).describe('Refuse runner.image and images.node without a digest.'),
});

const tokens = z.strictObject({
  lifetimeDays: whole(WARN_DAYS + 2, 400)
    .default(364)
    .describe(
      'Longest lifetime of a token that the stack creates, in days. GitLab allows 365, or 400 if an administrator enabled that (17.6).',
    ),
  rotateBeforeDays: z
    .number()
    .int('must be a whole number')
    .min(WARN_DAYS + 1, `must be at least ${WARN_DAYS + 1}: checkers warn ${WARN_DAYS} days before a token expires`)
    .default(90)
    .describe('pulumi up replaces a token that has this many days left or fewer.'),
  fleet: secret
    .optional()
    .describe(
      'Token of the checker, which edits every runner record. Role Owner of the group or Maintainer of the project, scope manage_runner.',
    ),
  fleetExpiresOn: expiryDay.optional().describe('The day on which tokens.fleet expires, as GitLab shows it, or never.'),
  sidecar: secret.optional().describe('Token of the sidecar, which only reads. Role Maintainer, scope manage_runner.'),
  sidecarExpiresOn: expiryDay.optional().describe('The same for tokens.sidecar.'),
  status: secret
    .optional()
    .describe('Token of the checker for commits to the status project. Role Developer there, scope api.'),
  statusExpiresOn: expiryDay.optional().describe('The same for tokens.status.'),
});

const notify = z.strictObject({
  webhook: webAddress
    .optional()
    .describe(
      'Secret. The address of a webhook of Slack, Mattermost or another service that takes {"text": …}. It is called for each term, and when no cluster can hold the main tags.',
    ),
});

const monitoring = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe(
      'Checkers serve /metrics, and the stack creates PodMonitors, a PrometheusRule and a dashboard. Needs the CRDs of the Prometheus operator in the cluster.',
    ),
  namespace: kubernetesName.default('monitoring').describe('Namespace of Prometheus: only its pods may read metrics.'),
  labels: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      'Labels by which your Prometheus selects PodMonitors and rules, such as {"release": "kube-prometheus-stack"}.',
    ),
  checkerPort: port.default(9254).describe('The port on which the checker serves /metrics.'),
  runbooks: z
    .string()
    .min(1, 'must not be empty')
    .default('docs/runbooks')
    .describe('Where your team reads docs/runbooks of this project. The runbook_url of each alert begins with it.'),
});

export const settingsSchema = z.strictObject({
  fleet: fleetNames.describe('The names of all clusters. Each is the name of a stack. The same list in every stack.'),
  mainTags: tagList.describe('The tags that move. Jobs use them. The same list in every stack.'),
  ownTags: tagList.describe('The tags that this cluster always has.'),
  preferred: z
    .boolean()
    .default(false)
    .describe('This cluster gets the main tags first. It also gets them back, if policy.failback is automatic.'),
  lab: z
    .boolean()
    .default(false)
    .describe('Only for a lab: allows http, and times that are too short for a real GitLab.'),
  gitlab,
  gitlabToken: secret.describe(
    'Secret. The token that pulumi up uses: Owner of the group (or Maintainer of the project), scope api.',
  ),
  statusProject,
  runner: runner.prefault({}),
  adopt: z
    .array(adoptedSchema)
    .default([])
    .describe(
      'Runners that exist already, for example from the Helm chart. The stack then creates no runners, and leaves these Deployments and records as they are. See docs/adoption.md.',
    ),
  policy: policySchema.prefault({}),
  timing: timingSchema.prefault({}),
  kubernetes: kubernetes.prefault({}),
  images: images.prefault({}),
  notify: notify.prefault({}),
  monitoring: monitoring.prefault({}),
  log: logSchema.prefault({}),
  tokens: tokens
    .prefault({})
    .describe('Lifetime of tokens. Also, as secrets, your own tokens instead of those that the stack creates.'),
});

/** The keys of each section, for the message about an unknown one. */
export const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(settingsSchema.shape),
  gitlab: Object.keys(gitlab.shape),
  statusProject: Object.keys(statusProject.shape),
  runner: Object.keys(runner.shape),
  adopt: Object.keys(adoptedSchema.shape),
  policy: Object.keys(policySchema.shape),
  timing: Object.keys(timingSchema.shape),
  kubernetes: Object.keys(kubernetes.shape),
  'kubernetes.egressTo': Object.keys(kubernetes.shape.egressTo.unwrap().shape),
  images: Object.keys(images.shape),
  notify: Object.keys(notify.shape),
  monitoring: Object.keys(monitoring.shape),
  log: Object.keys(logSchema.shape),
  tokens: Object.keys(tokens.shape),
};

/** The defaults of the runner section. With adopt no other value is allowed. */
export const RUNNER_DEFAULTS = runner.parse({});

export type ParsedSettings = z.infer<typeof settingsSchema>;
export type PathOrId = z.infer<typeof pathOrId>;
