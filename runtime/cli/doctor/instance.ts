/** GitLab itself and the person's own token. */
import type { Read } from '../../core/model/read.ts';
import type { GitLabSeconds } from '../../core/model/time.ts';
import { WARN_DAYS } from '../../core/page/expiry.ts';
import type { BranchView, ProjectView, TokenView } from '../../ports.ts';
import { daysLeft, note, ok, unseen, wrong, type Finding } from './finding.ts';

/** The scope manage_runner, which the runtime's tokens have, is as old (gitlab-facts A1). */
const OLDEST: readonly [number, number] = [17, 1];

export function versionFinding(url: string, version: Read<string>, answers: boolean): Finding {
  const check = 'GitLab';
  if (version.kind !== 'found') {
    const why = version.kind === 'unknown' ? version.why : 'no GitLab API at this address';
    return unseen(
      check,
      `${url} ${answers ? 'answers, but gives no version' : 'does not answer'}: ${why}`,
      'fix this first; the other checks depend on it',
    );
  }
  const [major = 0, minor = 0] = version.value.split('.').map(Number);
  const [least, lesser] = OLDEST;
  if (major > least || (major === least && minor >= lesser))
    return ok(check, `${url} answers, version ${version.value}`);
  return wrong(check, `${url} has version ${version.value}`, `upgrade GitLab to ${OLDEST.join('.')} or later`);
}

/** No decision compares clocks; a wrong one only confuses people, and TLS. */
const SKEW_SECONDS = 5;

export function clockFinding(gitlab: GitLabSeconds, here: number): Finding {
  const skew = Math.round(here - gitlab);
  const found = `this machine's clock is ${Math.abs(skew)} s ${skew < 0 ? 'behind' : 'ahead of'} GitLab's`;
  return Math.abs(skew) <= SKEW_SECONDS
    ? ok('clock', found)
    : note('clock', found, 'synchronise it with NTP; no decision depends on it, but you compare its time with logs');
}

export function ownTokenFinding(token: Read<TokenView>): Finding {
  const check = 'your token';
  if (token.kind !== 'found')
    return unseen(
      check,
      `GitLab does not show it: ${token.kind === 'unknown' ? token.why : 'it is not an access token'}`,
      'set HADR_TOKEN to another token',
    );
  const { scopes, expiresAt } = token.value;
  if (!scopes.includes('api'))
    return wrong(
      check,
      `its scopes are ${scopes.join(', ')}`,
      'create a token with scope api: commits to the status project need it',
    );
  if (expiresAt === null) return ok(check, 'scope api, and it never expires');
  const days = daysLeft(expiresAt, token.at);
  const found = `scope api, expires in ${days} d (${expiresAt})`;
  return days > WARN_DAYS ? ok(check, found) : note(check, found, 'make a new one in GitLab, under your access tokens');
}

export function projectFinding(path: string | number, project: Read<ProjectView>): Finding {
  const check = 'status project';
  if (project.kind === 'found') return ok(check, `it can be read: ${project.value.url}`);
  return unseen(
    check,
    `${path} cannot be read: ${project.kind === 'unknown' ? project.why : 'it does not exist'}`,
    'check statusProject.path and the token; the branch, files, reports, records and leases are checked once it can be read',
  );
}

export function branchFinding(name: string, branch: Read<BranchView>, isEmpty: boolean): Finding {
  const check = `branch ${name}`;
  if (isEmpty)
    return wrong(
      check,
      'it does not exist: the repository is empty',
      'run pulumi up for the stack with statusProject.manage',
    );
  if (branch.kind === 'absent')
    return wrong(
      check,
      'it does not exist, and the repository is not empty',
      'check statusProject.branch: the branch has another name',
    );
  if (branch.kind === 'unknown') return unseen(check, branch.why, 'fix this and run hadr doctor again');
  if (!branch.value.protected)
    return wrong(
      check,
      'it is not protected: a force push could lose terms',
      'run pulumi up for the stack with statusProject.manage',
    );
  return branch.value.mayPush
    ? ok(check, 'it is protected, and you may commit to it')
    : note(
        check,
        'it is protected, and your token may not commit to it',
        'status and history work; for other commands use a token with role Developer of the status project',
      );
}
