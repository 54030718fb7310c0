/**
 * What the stack writes and the runtime reads: one schema for both sides. The descriptions are the reference that users
 * read, so each gives the meaning and the unit.
 */
import * as z from 'zod';
import { DEFAULT_TIMING } from './timing.ts';
import {
  branchName,
  caCertificate,
  clusterName,
  deploymentName,
  fleetNames,
  gitlabId,
  kubernetesName,
  MAX_TAGS,
  tagList,
} from './values.ts';

/** The annotation of a runner Deployment that names its runner record. The checker reads it there in every round. */
export const RECORD_ANNOTATION = 'gitlab-runner-hadr/record-id';

const seconds = z.number().positive('must be more than 0 seconds').max(86_400, 'must be at most a day (86400 seconds)');
const describedSeconds = (fallback: number, text: string) => seconds.default(fallback).describe(text);

export const timingSchema = z.strictObject({
  roundSeconds: describedSeconds(
    DEFAULT_TIMING.roundSeconds,
    'T: from one round of the checker to the next, in seconds.',
  ),
  startLagSeconds: describedSeconds(
    DEFAULT_TIMING.startLagSeconds,
    's: the longest time from the schedule of a CronJob pod, through its preflight, to its first round, in seconds.',
  ),
  endMarginSeconds: describedSeconds(
    DEFAULT_TIMING.endMarginSeconds,
    'E: no round begins in the last E seconds of a run, so that none is cut short by the next run.',
  ),
  requestSeconds: describedSeconds(DEFAULT_TIMING.requestSeconds, 'r: one call to GitLab with its retry, in seconds.'),
  rollCallSeconds: describedSeconds(
    DEFAULT_TIMING.rollCallSeconds,
    "c: how long a roll call waits for the answers of the holder's runners, in seconds.",
  ),
  budgetSeconds: describedSeconds(
    DEFAULT_TIMING.budgetSeconds,
    'R: a round writes nothing more after this many seconds.',
  ),
  leaseSeconds: describedSeconds(
    DEFAULT_TIMING.leaseSeconds,
    'L: a lease that was not renewed for this many seconds has lapsed.',
  ),
  detectionSeconds: describedSeconds(
    DEFAULT_TIMING.detectionSeconds,
    'D: from the end of a runner process until its pod is not ready, in seconds. The intervals of sidecar and probes follow from it.',
  ),
  periodSeconds: describedSeconds(
    DEFAULT_TIMING.periodSeconds,
    "The CronJob's period in seconds: 60 on every real cluster, shorter only in a lab.",
  ),
  checkIntervalSeconds: z
    .number()
    .int('must be a whole number: gitlab-runner takes no fractions')
    .min(1, 'must be at least 1')
    .default(DEFAULT_TIMING.checkIntervalSeconds)
    .describe("gitlab-runner's check_interval, in whole seconds."),
  unhealthyIntervalSeconds: describedSeconds(
    DEFAULT_TIMING.unhealthyIntervalSeconds,
    "gitlab-runner's unhealthy_interval in seconds: how long a runner does not poll after three failed requests.",
  ),
  longPollSeconds: describedSeconds(
    DEFAULT_TIMING.longPollSeconds,
    "GitLab's apiCiLongPollingDuration in seconds: how long GitLab may hold the poll of a runner without jobs.",
  ),
  jobReportSeconds: describedSeconds(
    DEFAULT_TIMING.jobReportSeconds,
    'How often a running job reports to GitLab, in seconds.',
  ),
});

/** Longer than any wait makes sense, and short enough to be added to GitLab's time. */
const MOST_WAIT_SECONDS = 366 * 86_400;

export const policySchema = z.strictObject({
  minOnline: z
    .number()
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(10_000, 'must be at most 10000')
    .default(1)
    .describe('A cluster with fewer online runners than this may not hold the main tags.'),
  confirm: z
    .number()
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(20, 'must be at most 20')
    .default(2)
    .describe(
      'How many different renewals of the lease of the holder must show that it is unhealthy before that is believed.',
    ),
  minAdvantage: z
    .number()
    .int(
      'must be a whole number of runners (it was a share of Online / Total before); give 1 to move for one runner more than the holder has',
    )
    .min(1, 'must be at least 1: equal strength never moves a tag')
    .max(10_000, 'must be at most 10000')
    .default(1)
    .describe(
      'How many more runners than a degraded holder a cluster must have online before the tags move for strength. A holder is degraded while fewer of its runners are online than it has wanted at all times in the last settleSeconds.',
    ),
  confirmSeconds: z
    .number()
    .min(0, 'must not be negative')
    .max(MOST_WAIT_SECONDS, 'must be at most a year')
    .default(180)
    .describe(
      'For how long a cluster must have more runners online than the degraded holder before the tags move for strength, in seconds. Longer than an evicted pod takes to come back on another node.',
    ),
  settleSeconds: z
    .number()
    .min(0, 'must not be negative')
    .max(MOST_WAIT_SECONDS, 'must be at most a year')
    .default(600)
    .describe(
      'How long a higher number of runners must be wanted before fewer count as degraded, in seconds. Until then a cluster that grows is measured by its former number.',
    ),
  holdForSeconds: z
    .number()
    .min(0, 'must not be negative')
    .max(MOST_WAIT_SECONDS, 'must be at most a year')
    .default(600)
    .describe('After a term began, the tags do not move for strength or preference for this many seconds.'),
  failback: z
    .enum(['manual', 'automatic'])
    .default('manual')
    .describe(
      'automatic: a preferred cluster takes the tags back once it has not been degraded for failbackAfterSeconds.',
    ),
  failbackAfterSeconds: z
    .number()
    .min(0, 'must not be negative')
    .max(MOST_WAIT_SECONDS, 'must be at most a year')
    .default(1800)
    .describe('How long a preferred cluster must not have been degraded before an automatic failback, in seconds.'),
  busyMaxSeconds: z
    .number()
    .min(0, 'must not be negative')
    .max(MOST_WAIT_SECONDS, 'must be at most a year')
    .default(3600)
    .describe(
      'How long running jobs of the holder count as answers to a roll call after its lease lapsed, in seconds.',
    ),
});

const hasProtocol = (url: string, ...allowed: readonly string[]): boolean =>
  URL.canParse(url) && allowed.includes(new URL(url).protocol);

/** Where GitLab is, unless gitlab.url says otherwise. */
export const DEFAULT_GITLAB_URL = 'https://gitlab.com';

/** How this program reaches GitLab. */
export const gitlabSchema = z
  .strictObject({
    url: z.string().describe('Address of GitLab, for example https://gitlab.example.com.'),
    allowHttp: z.boolean().default(false).describe('Allow a URL without TLS. For a lab only.'),
    caCertificate: caCertificate
      .optional()
      .describe('Certificate authority of GitLab in PEM; trusted instead of the public ones.'),
  })
  .refine(({ url, allowHttp }) => hasProtocol(url, 'https:', ...(allowHttp ? ['http:'] : [])), {
    path: ['url'],
    error: 'must be an https URL like https://gitlab.example.com',
  });

/** Each is read in every round. */
const MOST_DEPLOYMENTS = 100;

const RECORD_ID = 'must be the numeric id of a runner record, as GitLab shows it: #123 is 123';

/** A Deployment of runners that the stack did not make, and the runner record that its pods use. */
export const adoptedSchema = z.strictObject({
  namespace: kubernetesName.describe('Namespace of the Deployment.'),
  deployment: deploymentName.describe('Name of the Deployment, as kubectl get deployments shows it.'),
  // Pulumi's CLI may store a number as text.
  record: z
    .union(
      [
        z.number().int().positive(),
        z
          .string()
          .regex(/^[1-9]\d*$/)
          .transform(Number),
      ],
      { error: RECORD_ID },
    )
    .describe('Id of the runner record whose authentication token its pods use.'),
});

const port = z.number().int().min(1).max(65_535);

export const logSchema = z.strictObject({
  format: z
    .enum(['text', 'json'])
    .default('text')
    .describe('Format of the log of checker and sidecar: text for people, or json with one object on each line.'),
});

export type LogFormat = z.infer<typeof logSchema>['format'];

const checkerKeys = z.strictObject({
  version: z.literal(1),
  cluster: clusterName,
  fleet: fleetNames.describe('The names of all clusters, this one included.'),
  preferred: z.boolean(),
  mainTags: tagList,
  ownTags: tagList,
  gitlab: gitlabSchema,
  statusProject: z.strictObject({
    id: gitlabId.describe('The numeric id: a project that was renamed keeps it.'),
    branch: branchName,
  }),
  kubernetes: z
    .strictObject({
      server: z
        .string()
        .refine((url) => hasProtocol(url, 'https:', 'http:'), 'must be a URL like https://kubernetes.default.svc')
        .describe('Address of the API server for pods.'),
      namespace: kubernetesName,
      deployments: z
        .array(deploymentName)
        .max(MOST_DEPLOYMENTS)
        .describe('The Deployments that the stack made; each names its record in an annotation.'),
      adopted: z
        .array(adoptedSchema)
        .max(MOST_DEPLOYMENTS)
        .default([])
        .describe('The Deployments that the stack did not make.'),
    })
    .refine(({ deployments, adopted }) => deployments.length + adopted.length > 0, {
      path: ['deployments'],
      error: 'must name at least one Deployment, here or in adopted',
    }),
  policy: policySchema,
  timing: timingSchema,
  log: logSchema.prefault({}),
  metricsPort: port
    .optional()
    .describe('The port on which the checker serves /metrics while it runs; absent: no metrics.'),
});

/** checker.json. The rules between its keys are those of the stack: a config edited by hand must not get past them. */
export const checkerConfigSchema = checkerKeys
  .refine(({ cluster, fleet }) => fleet.includes(cluster), {
    path: ['fleet'],
    error: 'does not name cluster: add this cluster, or correct cluster',
  })
  .refine(({ mainTags, ownTags }) => !ownTags.some((each) => mainTags.includes(each)), {
    path: ['ownTags'],
    error: 'has a tag that mainTags has too: a tag either moves or stays, so remove it from one of them',
  })
  .refine(({ mainTags, ownTags }) => mainTags.length + ownTags.length <= MAX_TAGS, {
    path: ['ownTags'],
    error: `has more than ${MAX_TAGS} tags together with mainTags: GitLab takes at most ${MAX_TAGS} for a runner`,
  });

/** sidecar.json */
export const sidecarConfigSchema = z.strictObject({
  version: z.literal(1),
  cluster: clusterName,
  record: gitlabId.describe('The runner record of the runner in this pod.'),
  gitlab: gitlabSchema,
  runnerMetricsUrl: z
    .string()
    .refine((url) => hasProtocol(url, 'http:'), 'must be an http URL like http://127.0.0.1:9252/metrics')
    .describe("The runner's metrics endpoint inside the pod."),
  port: port.describe('The port on which the sidecar serves /metrics and /healthz.'),
  timing: timingSchema,
  log: logSchema.prefault({}),
});

/** The file with the webhook's address, in the Secret of the checker's tokens; absent without notify.webhook. */
export const WEBHOOK_FILE = 'webhook';

export type Policy = z.infer<typeof policySchema>;
export type CheckerConfig = z.infer<typeof checkerConfigSchema>;
export type SidecarConfig = z.infer<typeof sidecarConfigSchema>;
export type Adopted = z.infer<typeof adoptedSchema>;
export type GitLabConfig = z.infer<typeof gitlabSchema>;

/** All problems of a parse, a line each: the key as a path and what is wrong, never the value. */
export function problemsOf(error: z.ZodError): string[] {
  return error.issues.map((issue) => {
    const key = issue.path.map(String).join('.');
    const text = issue.code === 'unrecognized_keys' ? `unknown key ${issue.keys.join(', ')}` : issue.message;
    return key === '' ? text : `${key}: ${text}`;
  });
}
