import * as pulumi from '@pulumi/pulumi';
import { version } from './shape.ts';
import type * as outputs from './types/output.ts';

const token = 'gitlab:index/getGroup:getGroup';

export interface GetGroupArgs {
  /** The full path, `group/subgroup`; or give `groupId`. */
  readonly fullPath?: string;
  /** The number. */
  readonly groupId?: number;
}

export interface GetGroupOutputArgs {
  /** The full path, `group/subgroup`; or give `groupId`. */
  readonly fullPath?: pulumi.Input<string>;
  /** The number. */
  readonly groupId?: pulumi.Input<number>;
}

/** What GitLab says of the group; what the token may not see is empty. */
export interface GetGroupResult {
  readonly allowMergeOnSkippedPipeline: boolean;
  readonly allowedEmailDomainsList: string;
  readonly archived: boolean;
  readonly autoDevopsEnabled: boolean;
  readonly avatarUrl: string;
  readonly createdAt: string;
  readonly customAttributes: { [key: string]: string }[];
  readonly defaultBranch: string;
  /** @deprecated Use `defaultBranchProtectionDefaults` instead. */
  readonly defaultBranchProtection: number;
  readonly defaultBranchProtectionDefaults: outputs.GetGroupDefaultBranchProtectionDefault[];
  readonly description: string;
  readonly duoAvailability: string;
  readonly duoFeaturesEnabled: boolean;
  /** @deprecated Use `emailsEnabled` instead. */
  readonly emailsDisabled: boolean;
  readonly emailsEnabled: boolean;
  readonly enabledGitAccessProtocol: string;
  readonly experimentFeaturesEnabled: boolean;
  readonly extraSharedRunnersMinutesLimit: number;
  readonly fileTemplateProjectId: number;
  readonly fullName: string;
  readonly fullPath: string;
  readonly groupId: number;
  readonly id: string;
  readonly ipRestrictionRanges: string;
  readonly ldapAccess: number;
  readonly ldapCn: string;
  readonly lfsEnabled: boolean;
  readonly lockDuoFeaturesEnabled: boolean;
  readonly lockMathRenderingLimitsEnabled: boolean;
  readonly markedForDeletionOn: string;
  readonly mathRenderingLimitsEnabled: boolean;
  readonly maxArtifactsSize: number;
  readonly membershipLock: boolean;
  readonly mentionsDisabled: boolean;
  readonly name: string;
  readonly onlyAllowMergeIfAllDiscussionsAreResolved: boolean;
  readonly onlyAllowMergeIfPipelineSucceeds: boolean;
  readonly organizationId: number;
  readonly parentId: number;
  readonly path: string;
  readonly preventForkingOutsideGroup: boolean;
  readonly preventSharingGroupsOutsideHierarchy: boolean;
  readonly projectCreationLevel: string;
  readonly pushRules: outputs.GetGroupPushRule[];
  readonly repositoryStorage: string;
  readonly requestAccessEnabled: boolean;
  readonly requireTwoFactorAuthentication: boolean;
  readonly runnersToken: string;
  readonly shareWithGroupLock: boolean;
  readonly sharedRunnersMinutesLimit: number;
  readonly sharedRunnersSetting: string;
  readonly sharedWithGroups: outputs.GetGroupSharedWithGroup[];
  readonly statistics: { [key: string]: number };
  readonly subgroupCreationLevel: string;
  readonly twoFactorGracePeriod: number;
  readonly visibilityLevel: string;
  readonly webUrl: string;
  readonly wikiAccessLevel: string;
}

/** Reads one group; fails if there is none or the token may not see it. */
export function getGroup(args?: GetGroupArgs, opts?: pulumi.InvokeOptions): Promise<GetGroupResult> {
  return pulumi.runtime.invoke(token, inputs(args), { version, ...opts });
}

/** The same for arguments that are known only once other resources exist; secrets in the answer stay secrets. */
export function getGroupOutput(
  args?: GetGroupOutputArgs,
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetGroupResult> {
  return pulumi.runtime.invokeOutput(token, inputs(args), { version, ...opts });
}

function inputs(args: GetGroupOutputArgs | undefined): pulumi.Inputs {
  return { fullPath: args?.fullPath, groupId: args?.groupId };
}
