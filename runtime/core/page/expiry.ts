/** Warnings for tokens that expire soon. By GitLab's time; GitLab is not asked, for the stack has stored the dates. */
import type { Expiries, TokenExpiry } from '../../expiries.ts';
import type { GitLabSeconds } from '../model/time.ts';
import type { Known } from '../model/read.ts';

/** From how many days before its end a token is warned of. */
export const WARN_DAYS = 14;

const DAY_SECONDS = 86_400;

const PARTS = ['fleet', 'sidecar', 'status'] as const;
type Part = (typeof PARTS)[number];

/**
 * A sentence for each token that expires within WARN_DAYS or has expired. It names the date and not the days that are left: those
 * change every midnight, and each change would commit the report.
 */
export function expiryWarnings(expiries: Known<Expiries>, cluster: string, now: GitLabSeconds): string[] {
  if (expiries.kind === 'unknown')
    return [`it is unknown when the tokens of ${cluster} expire (${expiries.why}): run pulumi up --stack ${cluster}`];
  return PARTS.flatMap((part) => warningOf(part, expiries.value[part], cluster, now));
}

function warningOf(part: Part, expiry: TokenExpiry | undefined, cluster: string, now: GitLabSeconds): string[] {
  if (!expiry || expiry.expiresOn === 'never') return [];
  const { expiresOn, madeBy } = expiry;
  const end = Date.parse(expiresOn) / 1000;
  if (now < end - WARN_DAYS * DAY_SECONDS) return [];
  const tense = now < end ? 'expires' : 'has expired';
  return [`the ${part} token of ${cluster} ${tense} on ${expiresOn}: ${fixOf(part, madeBy, cluster)}`];
}

function fixOf(part: Part, madeBy: TokenExpiry['madeBy'], cluster: string): string {
  const up = `pulumi up --stack ${cluster}`;
  switch (madeBy) {
    case 'stack':
      return `${up} replaces it`;
    case 'people':
      return `create a new token, set tokens.${part} to it and tokens.${part}ExpiresOn to its expiry date, and run ${up}`;
  }
}
