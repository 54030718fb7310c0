/** What single values of a config may be: names, tags, ids, certificates. */
import { X509Certificate } from 'node:crypto';
import * as z from 'zod';

/** GitLab refuses a runner record with more tags (`TAG_LIST_MAX_LENGTH`, app/models/ci/runner.rb). */
export const MAX_TAGS = 50;

/** A cluster's name: it is a file name in the status project, a word in a lease and a Kubernetes label. */
export const clusterName = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/,
    'must be lower-case letters, digits and dashes, at most 40 characters',
  );

/** Every round reads the records and the report of each. */
const MOST_CLUSTERS = 20;

export const fleetNames = z
  .array(clusterName)
  .min(2, 'must name at least two clusters')
  .max(MOST_CLUSTERS, `must name at most ${MOST_CLUSTERS} clusters`)
  .refine((names) => new Set(names).size === names.length, 'must not name a cluster twice');

/** A runner tag as GitLab keeps it: trimmed, without a comma (commas separate tags in GitLab's forms). */
const tag = z
  .string()
  .min(1, 'must not be empty')
  .max(255, 'must have at most 255 characters')
  .refine(
    (text) => text.trim() === text && !/[,\p{Cc}\u2028\u2029]/u.test(text),
    'must not contain commas or line breaks, or begin or end with blanks',
  );

export const tagList = z
  .array(tag)
  .min(1, 'must name at least one tag')
  .max(MAX_TAGS, `must name at most ${MAX_TAGS} tags, as GitLab does`)
  .refine((tags) => new Set(tags).size === tags.length, 'must not name a tag twice');

/** The id of a runner record or a project in GitLab. */
export const gitlabId = z.number().int().positive();

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
    'must be certificates in PEM, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, and no key; give the certificate of the authority that signed GitLab’s',
  );

/** A name of an object in Kubernetes: a DNS label. */
export const kubernetesName = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    'must be lower-case letters, digits and dashes, at most 63 characters',
  );

export const deploymentName = z
  .string()
  .regex(
    /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/,
    'must be the name of a Deployment: lower-case letters, digits, dashes and dots',
  );

/** A branch, by the rules of git check-ref-format that matter in a URL and in a log. */
export const branchName = z
  .string()
  .min(1, 'must not be empty')
  .max(200, 'must have at most 200 characters')
  .regex(/^[^\s\p{Cc}~^:?*[\\]+$/u, 'must be the name of a branch');
