/**
 * What the stack writes and the runtime reads: one schema for both sides. The descriptions are the reference that users
 * read, so each gives the meaning and the unit.
 */
import { X509Certificate } from 'node:crypto';
import * as z from 'zod';
import { DEFAULT_TIMING } from './timing.ts';

/** GitLab refuses a runner record with more tags (`TAG_LIST_MAX_LENGTH`, app/models/ci/runner.rb). */
export const MAX_TAGS = 50;

/** The annotation of a runner Deployment that names its runner record. The checker reads it there in every round. */
export const RECORD_ANNOTATION = 'gitlab-runner-hadr/record-id';

/** A cluster's name: it is a file name in the status project, a word in a lease and a Kubernetes label. */
export const clusterName = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/,
    'must be lower-case letters, digits and dashes, at most 40 characters',
  );

/** A runner tag as GitLab keeps it: trimmed, without a comma (commas separate tags in GitLab's forms). */
const tag = z
  .string()
  .min(1, 'must not be empty')
  .max(255, 'must have at most 255 characters')
  .refine((text) => text.trim() === text && !text.includes(','), 'must not contain commas or begin or end with blanks');

export const tagList = z
  .array(tag)
  .min(1, 'must name at least one tag')
  .refine((tags) => new Set(tags).size === tags.length, 'must not name a tag twice');

const GITLAB_PATH = /^[A-Za-z0-9_.][-A-Za-z0-9_.]*(\/[A-Za-z0-9_.][-A-Za-z0-9_.]*)*$/;

const PATH_OR_ID = 'must be a path such as platform/runners, or a numeric id';

/** A path, or a numeric id. Pulumi's CLI may store a number as text, so digits alone are an id. */
export const pathOrId = z.union(
  [
    z.number(PATH_OR_ID).int(PATH_OR_ID).positive(PATH_OR_ID),
    z
      .string()
      .regex(GITLAB_PATH, PATH_OR_ID)
      .transform((text) => (/^[1-9]\d*$/.test(text) ? Number(text) : text)),
  ],
  { error: PATH_OR_ID },
);

const seconds = z.number().positive('must be more than 0 seconds').max(86_400, 'must be at most a day (86400 seconds)');
const describedSeconds = (fallback: number, text: string) => seconds.default(fallback).describe(text);

export const timingSchema = z.strictObject({
  roundSeconds: describedSeconds(
    DEFAULT_TIMING.roundSeconds,
    'T: from one round of the checker to the next, in seconds.',
  ),
  startLagSeconds: describedSeconds(
    DEFAULT_TIMING.startLagSeconds,
    's: the longest time that a CronJob pod takes from its schedule through its preflight to its first round, in seconds.',
  ),
  endMarginSeconds: describedSeconds(
    DEFAULT_TIMING.endMarginSeconds,
    'E: no round begins in the last E seconds of a run, so that none is cut short by the next run.',
  ),
  requestSeconds: describedSeconds(DEFAULT_TIMING.requestSeconds, 'r: one call to GitLab with its retry, in seconds.'),
  rollCallSeconds: describedSeconds(
    DEFAULT_TIMING.rollCallSeconds,
    'c: how long a roll call waits for the answers of a rival, in seconds.',
  ),
  budgetSeconds: describedSeconds(
    DEFAULT_TIMING.budgetSeconds,
    'R: a round writes nothing more after this many seconds.',
  ),
  leaseSeconds: describedSeconds(
    DEFAULT_TIMING.leaseSeconds,
    'L: a report that was not asserted for this many seconds is no longer trusted.',
  ),
  detectionSeconds: describedSeconds(
    DEFAULT_TIMING.detectionSeconds,
    'D: from the death of a runner to its pod being not ready, in seconds. The sidecar and the probes follow from it.',
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
    "gitlab-runner's unhealthy_interval in seconds: how long a runner stays silent after three failed requests.",
  ),
  longPollSeconds: describedSeconds(
    DEFAULT_TIMING.longPollSeconds,
    "GitLab's apiCiLongPollingDuration in seconds: how long an idle runner's poll may be held.",
  ),
  jobReportSeconds: describedSeconds(
    DEFAULT_TIMING.jobReportSeconds,
    'How often a running job reports to GitLab, in seconds.',
  ),
});

export const policySchema = z.strictObject({
  minOnline: z
    .number()
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .default(1)
    .describe('A cluster with fewer healthy runners than this may not hold the main tags.'),
  confirm: z
    .number()
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(20, 'must be at most 20')
    .default(2)
    .describe('How many different stamps of the holder must say the same before it is believed to be weaker or faint.'),
  minAdvantage: z
    .number()
    .min(0.01, 'must be at least 0.01, for equal strength never moves a tag')
    .max(1, 'must be at most 1')
    .default(0.3)
    .describe('By how much the share Online / Total must exceed that of the holder before the tags move for strength.'),
  holdForSeconds: z
    .number()
    .min(0, 'must not be negative')
    .default(600)
    .describe('After a term began, the tags do not move for strength or preference for this many seconds.'),
  failback: z
    .enum(['manual', 'automatic'])
    .default('manual')
    .describe(
      'automatic: a preferred cluster takes the tags back once it has been as strong as the holder for failbackAfterSeconds.',
    ),
  failbackAfterSeconds: z
    .number()
    .min(0, 'must not be negative')
    .default(1800)
    .describe('How long a preferred cluster must be as strong as the holder before an automatic failback, in seconds.'),
  busyMaxSeconds: z
    .number()
    .min(0, 'must not be negative')
    .default(3600)
    .describe('For how long after the lapse of a lease running jobs count as a sign of life, in seconds.'),
});

const hasProtocol = (url: string, ...allowed: readonly string[]): boolean =>
  URL.canParse(url) && allowed.includes(new URL(url).protocol);

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** One or more certificates; text around them is allowed, as tools write it, and any other block (a key!) is not. */
function areCertificates(text: string): boolean {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.length > 0 && blocks.length === text.split('-----BEGIN ').length - 1 && blocks.every(isCertificate);
}

export const caCertificate = z
  .string('must be the text of a certificate')
  .refine(
    areCertificates,
    'must be certificates in PEM, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, and no key; give that of the authority which signed GitLab’s',
  );

/** Where GitLab is, unless somebody says otherwise. */
export const DEFAULT_GITLAB_URL = 'https://gitlab.com';

/** How this program reaches GitLab. */
export const gitlabSchema = z
  .strictObject({
    url: z.string().describe('Where GitLab is, for example https://gitlab.example.com'),
    allowHttp: z.boolean().default(false).describe('Allow a URL without TLS. For a lab only.'),
    caCertificate: caCertificate.optional().describe('Trusted for GitLab instead of the public authorities: PEM.'),
  })
  .refine(({ url, allowHttp }) => hasProtocol(url, 'https:', ...(allowHttp ? ['http:'] : [])), {
    path: ['url'],
    error: 'must be an https URL like https://gitlab.example.com',
  });

/** A name of an object in Kubernetes: a DNS label. */
export const kubernetesName = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    'must be lower-case letters, digits and dashes, at most 63 characters',
  );

const RECORD_ID = 'must be the numeric id of a runner record, as GitLab shows it: #123 is 123';

/** A Deployment of runners that somebody else made and keeps, and the runner record that its pods serve. */
export const adoptedSchema = z.strictObject({
  namespace: kubernetesName.describe('Where the Deployment is.'),
  deployment: z
    .string()
    .regex(
      /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/,
      'must be the name of a Deployment: lower-case letters, digits, dashes and dots',
    )
    .describe('Its name, as kubectl get deployments shows it.'),
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
    .describe('The id of the runner record whose authentication token its pods have.'),
});

const port = z.number().int().min(1).max(65_535);

export const logSchema = z.strictObject({
  format: z
    .enum(['text', 'json'])
    .default('text')
    .describe('How checker and sidecar write their log: text for people, or json: one object on each line.'),
});

export type LogFormat = z.infer<typeof logSchema>['format'];

/** checker.json */
export const checkerConfigSchema = z.strictObject({
  version: z.literal(1),
  cluster: clusterName,
  fleet: z.array(clusterName).min(2).describe('The names of all clusters, this one included.'),
  preferred: z.boolean(),
  mainTags: tagList,
  ownTags: tagList,
  gitlab: gitlabSchema,
  statusProject: z.strictObject({
    id: z.number().int().positive().describe('The numeric id: a project that was renamed keeps it.'),
    branch: z.string().min(1),
  }),
  kubernetes: z
    .strictObject({
      server: z.string().describe('The API server, as pods reach it.'),
      namespace: z.string().min(1),
      deployments: z
        .array(z.string().min(1))
        .describe('The Deployments that the stack made; each names its record in an annotation.'),
      adopted: z.array(adoptedSchema).default([]).describe('The Deployments that it did not make.'),
    })
    .refine(({ deployments, adopted }) => deployments.length + adopted.length > 0, {
      path: ['deployments'],
      error: 'must name at least one Deployment, here or in adopted',
    }),
  policy: policySchema,
  timing: timingSchema,
  log: logSchema.prefault({}),
  metricsPort: port.optional().describe('Where the checker serves /metrics while it lives; absent: nowhere.'),
});

/** sidecar.json */
export const sidecarConfigSchema = z.strictObject({
  version: z.literal(1),
  cluster: clusterName,
  record: z.number().int().positive().describe('The runner record that the runner beside this sidecar serves.'),
  gitlab: gitlabSchema,
  runnerMetricsUrl: z
    .string()
    .refine((url) => hasProtocol(url, 'http:'), 'must be an http URL like http://127.0.0.1:9252/metrics')
    .describe("The runner's metrics endpoint inside the pod."),
  port: port.describe('Where the sidecar serves /metrics and /healthz.'),
  timing: timingSchema,
  log: logSchema.prefault({}),
});

const NO_DAY = 'must be the day that GitLab shows for the token, such as 2027-01-31, or never';

/** The day that a token's end comes with, as that day begins in UTC (gitlab-facts G); `never` where GitLab sets no end. */
export const expiryDay = z.union([z.literal('never'), z.iso.date(NO_DAY)], NO_DAY);

const tokenExpiry = z.strictObject({
  expiresOn: expiryDay,
  madeBy: z.enum(['stack', 'people']).describe('people: they gave it as config, and renew it before pulumi up.'),
});

/** The name of the file with the expiries, beside the checker's tokens: what belongs together is replaced together. */
export const EXPIRIES_FILE = 'expiries.json';

/** The name of the file with the webhook's address, beside the checker's tokens; absent where nobody is to be notified. */
export const WEBHOOK_FILE = 'webhook';

/** expiries.json: when each token of this cluster ends, so that nobody has to ask GitLab. */
export const expiriesSchema = z.strictObject({
  version: z.literal(1),
  fleet: tokenExpiry,
  sidecar: tokenExpiry.optional().describe('Absent where all runners are adopted: then there is no sidecar.'),
  status: tokenExpiry,
});

export type Policy = z.infer<typeof policySchema>;
export type CheckerConfig = z.infer<typeof checkerConfigSchema>;
export type SidecarConfig = z.infer<typeof sidecarConfigSchema>;
export type Adopted = z.infer<typeof adoptedSchema>;
export type GitLabConfig = z.infer<typeof gitlabSchema>;
export type TokenExpiry = z.infer<typeof tokenExpiry>;
export type Expiries = z.infer<typeof expiriesSchema>;

/** All problems of a parse, a line each: the key as a path and what is wrong, never the value. */
export function problemsOf(error: z.ZodError): string[] {
  return error.issues.map((issue) => {
    const key = issue.path.map(String).join('.');
    const text = issue.code === 'unrecognized_keys' ? `unknown key ${issue.keys.join(', ')}` : issue.message;
    return key === '' ? text : `${key}: ${text}`;
  });
}
