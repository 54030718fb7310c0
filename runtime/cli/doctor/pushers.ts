/** Who may push to the status project's branch: a term or control.json in it moves the main tags. */
import type { Read } from '../../core/model/read.ts';
import type { ProjectMember } from '../../ports.ts';
import { note, ok, unseen, type Finding } from './finding.ts';

const CHECK = 'who may push';
const MAINTAINER = 40;
/** The number of names that are shown. */
const SHOWN = 5;
const FIX =
  'put the status project into a group of its own without Developers, or let only Maintainers push (statusProject.pushRole: ' +
  'maintainer in every stack): docs/hardening.md';

/** GitLab's name for the user of an access token. */
const isProjectToken = ({ username }: ProjectMember): boolean => /^project_\d+_bot/.test(username);
const isGroupToken = ({ username }: ProjectMember): boolean => /^group_\d+_bot/.test(username);

const countOf = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export function pushersFinding(
  level: Read<number | undefined>,
  members: Read<readonly ProjectMember[]>,
  clusters: number,
): Finding {
  if (level.kind !== 'found')
    return unseen(CHECK, level.kind === 'unknown' ? level.why : 'the branch is not protected', 'fix the branch first');
  if (members.kind !== 'found')
    return unseen(
      CHECK,
      members.kind === 'unknown' ? members.why : 'GitLab lists no members',
      'use a token of a member',
    );
  const least = level.value;
  if (least === undefined) return ok(CHECK, 'no role may push, only users that the protection of the branch names');
  const pushers = members.value.filter((member) => member.level >= least);
  const tokens = pushers.filter(isProjectToken);
  const people = pushers.filter((member) => !isProjectToken(member) && !isGroupToken(member));
  // Maintainers and Owners can change the protection, so they can push in any case.
  const others = people.filter((member) => member.level < MAINTAINER);
  const groupTokens = pushers.filter(isGroupToken);
  const found = [
    `${countOf(tokens.length, 'token', 'tokens')} of the project (the fleet has ${countOf(clusters, 'cluster', 'clusters')})`,
    ...(groupTokens.length > 0 ? [`${countOf(groupTokens.length, 'token', 'tokens')} of groups, if of scope api`] : []),
    countOf(people.length - others.length, 'Maintainer or Owner', 'Maintainers and Owners'),
    countOf(others.length, 'Developer', 'Developers'),
  ].join(', ');
  if (others.length > 0) return note(CHECK, `${found}: ${namesOf(others)}`, FIX);
  // A renewal has two of a cluster for a while.
  if (tokens.length > 2 * clusters)
    return note(CHECK, found, 'revoke the access tokens of the status project that no stack uses');
  return ok(CHECK, found);
}

function namesOf(members: readonly ProjectMember[]): string {
  const names = members.slice(0, SHOWN).map(({ username }) => username);
  return [...names, ...(members.length > SHOWN ? [`and ${members.length - SHOWN} more`] : [])].join(', ');
}
