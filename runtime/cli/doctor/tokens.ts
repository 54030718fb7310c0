/** Checks the runtime's tokens as GitLab lists them: scope, role and expiry. */
import type { Read, Found } from '../../core/model/read.ts';
import { WARN_DAYS } from '../../core/page/expiry.ts';
import { namesOf } from '../../names.ts';
import type { OwnerName, TokenView } from '../../ports.ts';
import { daysLeft, note, ok, unseen, wrong, type Finding } from './finding.ts';

const ROLES: Readonly<Record<number, string>> = {
  10: 'Guest',
  20: 'Reporter',
  30: 'Developer',
  40: 'Maintainer',
  50: 'Owner',
};
const roleOf = (level: number): string => ROLES[level] ?? `level ${level}`;

/** Later than any day. */
const NEVER = '9999-12-31';

interface Need {
  readonly name: string;
  readonly scope: string;
  readonly level: number;
  /** Adopted runners have no sidecar, so they need no token for it. */
  readonly sidecar?: true;
}

/** What each token must be able to do (README, the table of tokens). Those of a project's runners need Maintainer at most. */
export function needsOf(
  cluster: string,
  owner: OwnerName['kind'],
): { readonly owner: readonly Need[]; readonly status: readonly Need[] } {
  const { tokens } = namesOf(cluster);
  return {
    owner: [
      { name: tokens.fleet, scope: 'manage_runner', level: owner === 'group' ? 50 : 40 },
      { name: tokens.sidecar, scope: 'manage_runner', level: 40, sidecar: true },
    ],
    status: [{ name: tokens.status, scope: 'api', level: 30 }],
  };
}

/** The days are counted by GitLab's time, as it listed them. */
export function tokenFindings(where: string, list: Read<readonly TokenView[]>, needs: readonly Need[]): Finding[] {
  if (list.kind !== 'found')
    return [
      unseen(
        `tokens of ${where}`,
        `they cannot be listed: ${list.kind === 'unknown' ? list.why : 'it does not exist'}`,
        'use a token of an Owner of the group (Maintainer of the project)',
      ),
    ];
  return needs.map((need) => tokenFinding(where, list, need));
}

function tokenFinding(where: string, list: Found<readonly TokenView[]>, need: Need): Finding {
  const check = `token ${need.name}`;
  const renew = 'run pulumi up for its stack';
  const named = list.value.filter(({ name }) => name === need.name);
  // A renewal leaves revoked tokens in the list, and for a while two active ones: the newer one counts.
  const [token] = named
    .filter(({ active }) => active)
    .toSorted((a, b) => (b.expiresAt ?? NEVER).localeCompare(a.expiresAt ?? NEVER));
  if (!token)
    return named.length > 0
      ? wrong(check, 'it is expired or revoked', renew)
      : note(
          check,
          `${where} has no token of this name`,
          `if you set the token yourself (tokens.* in the stack), watch when it expires; ${need.sidecar ? 'a stack that adopts its runners needs none; ' : ''}otherwise run pulumi up`,
        );
  if (!token.scopes.includes(need.scope) && !token.scopes.includes('api'))
    return wrong(check, `its scopes are ${token.scopes.join(', ')}`, `it needs ${need.scope}: ${renew}`);
  const level = token.level ?? 0;
  if (level < need.level)
    return wrong(check, `its role is ${roleOf(level)}`, `it needs ${roleOf(need.level)}: ${renew}`);
  const what = `scope ${token.scopes.join(', ')}, role ${roleOf(level)}`;
  if (token.expiresAt === null) return ok(check, `${what}, never expires`);
  const days = daysLeft(token.expiresAt, list.at);
  const found = `${what}, expires in ${days} d (${token.expiresAt})`;
  if (days < 0) return wrong(check, found, renew);
  return days > WARN_DAYS ? ok(check, found) : note(check, found, renew);
}
