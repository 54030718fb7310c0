/** Which roles may push to the status branch, in the arguments for GitLab's edition. */
import type { BranchProtectionArgs } from '@pulumi/gitlab';
import type { Settings } from '../settings/settings.ts';
import type { Edition } from './edition.ts';

type Access = Pick<
  BranchProtectionArgs,
  'pushAccessLevel' | 'mergeAccessLevel' | 'allowedToPushes' | 'allowedToMerges'
>;

/** `role` is the smallest that may push and merge. */
export function branchAccess(edition: Edition, role: Settings['statusProject']['pushRole']): Access {
  switch (edition) {
    case 'CE':
      return { pushAccessLevel: role, mergeAccessLevel: role };
    case 'EE':
      return { allowedToPushes: [{ accessLevel: role }], allowedToMerges: [{ accessLevel: role }] };
  }
}
