import * as pulumi from '@pulumi/pulumi';
import { version } from './shape.ts';
import type * as outputs from './types/output.ts';

const token = 'gitlab:index/getProject:getProject';

export interface GetProjectArgs {
  /** The number, as text (its full path is taken too); or give `pathWithNamespace`. */
  readonly id?: string;
  /** The full path, `group/subgroup/project`. */
  readonly pathWithNamespace?: string;
}

export interface GetProjectOutputArgs {
  /** The number, as text (its full path is taken too); or give `pathWithNamespace`. */
  readonly id?: pulumi.Input<string>;
  /** The full path, `group/subgroup/project`. */
  readonly pathWithNamespace?: pulumi.Input<string>;
}

/** What GitLab says of the project; what the token may not see is empty. */
export interface GetProjectResult {
  readonly allowMergeOnSkippedPipeline: boolean;
  readonly allowPipelineTriggerApproveDeployment: boolean;
  readonly analyticsAccessLevel: string;
  /** @deprecated Use the Merge Request Approvals API instead. */
  readonly approvalsBeforeMerge: number;
  readonly archived: boolean;
  readonly autoCancelPendingPipelines: string;
  readonly autoDevopsDeployStrategy: string;
  readonly autoDevopsEnabled: boolean;
  readonly autoDuoCodeReviewEnabled: boolean;
  readonly autocloseReferencedIssues: boolean;
  readonly avatarUrl: string;
  readonly buildCoverageRegex: string;
  readonly buildGitStrategy: string;
  readonly buildTimeout: number;
  readonly buildsAccessLevel: string;
  readonly canCreateMergeRequestIn: boolean;
  readonly ciAllowForkPipelinesToRunInParentProject: boolean;
  readonly ciConfigPath: string;
  readonly ciDefaultGitDepth: number;
  readonly ciDeletePipelinesInSeconds: number;
  readonly ciDisplayPipelineVariables: boolean;
  readonly ciForwardDeploymentEnabled: boolean;
  readonly ciForwardDeploymentRollbackAllowed: boolean;
  readonly ciIdTokenSubClaimComponents: string[];
  readonly ciJobTokenScopeEnabled: boolean;
  readonly ciOptInJwt: boolean;
  readonly ciPipelineVariablesMinimumOverrideRole: string;
  readonly ciPushRepositoryForJobTokenAllowed: boolean;
  readonly ciRestrictPipelineCancellationRole: string;
  readonly ciSeparatedCaches: boolean;
  readonly complianceFrameworks: string[];
  readonly containerExpirationPolicies: outputs.GetProjectContainerExpirationPolicy[];
  readonly containerRegistryAccessLevel: string;
  /** @deprecated Use `containerRegistryAccessLevel` instead. */
  readonly containerRegistryEnabled: boolean;
  readonly containerRegistryImagePrefix: string;
  readonly createdAt: string;
  readonly creatorId: number;
  readonly customAttributes: { [key: string]: string }[];
  readonly defaultBranch: string;
  readonly description: string;
  readonly emailsDisabled: boolean;
  readonly emailsEnabled: boolean;
  readonly emptyRepo: boolean;
  readonly enforceAuthChecksOnUploads: boolean;
  readonly environmentsAccessLevel: string;
  readonly externalAuthorizationClassificationLabel: string;
  readonly featureFlagsAccessLevel: string;
  readonly forkedFromProjects: outputs.GetProjectForkedFromProject[];
  readonly forkingAccessLevel: string;
  readonly forksCount: number;
  readonly groupRunnersEnabled: boolean;
  readonly httpUrlToRepo: string;
  readonly id: string;
  readonly importError: string;
  readonly importStatus: string;
  readonly importType: string;
  readonly importUrl: string;
  readonly infrastructureAccessLevel: string;
  readonly issueBranchTemplate: string;
  readonly issuesAccessLevel: string;
  /** @deprecated Use `issuesAccessLevel` instead. */
  readonly issuesEnabled: boolean;
  readonly issuesTemplate: string;
  /** @deprecated Use `buildsAccessLevel` instead. */
  readonly jobsEnabled: boolean;
  readonly keepLatestArtifact: boolean;
  readonly lastActivityAt: string;
  readonly lfsEnabled: boolean;
  readonly licenseUrl: string;
  readonly licenses: outputs.GetProjectLicense[];
  readonly links: { [key: string]: string };
  readonly markedForDeletion: boolean;
  /** @deprecated Use `markedForDeletionOn` instead. */
  readonly markedForDeletionAt: string;
  readonly markedForDeletionOn: string;
  readonly maxArtifactsSize: number;
  readonly mergeCommitTemplate: string;
  readonly mergeMethod: string;
  readonly mergePipelinesEnabled: boolean;
  readonly mergeRequestTitleRegex: string;
  readonly mergeRequestTitleRegexDescription: string;
  readonly mergeRequestsAccessLevel: string;
  /** @deprecated Use `mergeRequestsAccessLevel` instead. */
  readonly mergeRequestsEnabled: boolean;
  readonly mergeRequestsTemplate: string;
  readonly mergeTrainsEnabled: boolean;
  readonly mergeTrainsSkipTrainAllowed: boolean;
  readonly mirror: boolean;
  readonly mirrorOverwritesDivergedBranches: boolean;
  readonly mirrorTriggerBuilds: boolean;
  readonly mirrorUserId: number;
  readonly modelExperimentsAccessLevel: string;
  readonly modelRegistryAccessLevel: string;
  readonly monitorAccessLevel: string;
  readonly mrDefaultTargetSelf: boolean;
  readonly name: string;
  readonly nameWithNamespace: string;
  /** @deprecated Use `namespace[0].id` instead. */
  readonly namespaceId: number;
  readonly namespaces: outputs.GetProjectNamespace[];
  readonly onlyAllowMergeIfAllDiscussionsAreResolved: boolean;
  readonly onlyAllowMergeIfPipelineSucceeds: boolean;
  readonly onlyMirrorProtectedBranches: boolean;
  readonly openIssuesCount: number;
  readonly operationsAccessLevel: string;
  readonly owners: outputs.GetProjectOwner[];
  readonly packageRegistryAccessLevel: string;
  /** @deprecated Use `packageRegistryAccessLevel` instead. */
  readonly packagesEnabled: boolean;
  readonly pagesAccessLevel: string;
  readonly path: string;
  readonly pathWithNamespace: string;
  readonly permissions: outputs.GetProjectPermission[];
  readonly preReceiveSecretDetectionEnabled: boolean;
  readonly preventMergeWithoutJiraIssue: boolean;
  readonly printingMergeRequestLinkEnabled: boolean;
  readonly protectMergeRequestPipelines: boolean;
  /** @deprecated Use `publicJobs` instead. */
  readonly publicBuilds: boolean;
  readonly publicJobs: boolean;
  readonly pushRules: outputs.GetProjectPushRule[];
  readonly readmeUrl: string;
  readonly releasesAccessLevel: string;
  readonly removeSourceBranchAfterMerge: boolean;
  readonly repositoryAccessLevel: string;
  readonly repositoryStorage: string;
  readonly requestAccessEnabled: boolean;
  readonly requirementsAccessLevel: string;
  readonly requirementsEnabled: boolean;
  readonly resolveOutdatedDiffDiscussions: boolean;
  readonly resourceGroupDefaultProcessMode: string;
  /** @deprecated Use `ciPipelineVariablesMinimumOverrideRole` instead. */
  readonly restrictUserDefinedVariables: boolean;
  readonly runnerTokenExpirationInterval: number;
  readonly runnersToken: string;
  readonly securityAndComplianceAccessLevel: string;
  readonly securityAndComplianceEnabled: boolean;
  readonly serviceDeskAddress: string;
  readonly serviceDeskEnabled: boolean;
  readonly sharedRunnersEnabled: boolean;
  readonly sharedWithGroups: outputs.GetProjectSharedWithGroup[];
  readonly snippetsAccessLevel: string;
  /** @deprecated Use `snippetsAccessLevel` instead. */
  readonly snippetsEnabled: boolean;
  readonly squashCommitTemplate: string;
  readonly squashOption: string;
  readonly sshUrlToRepo: string;
  readonly starCount: number;
  readonly statistics: { [key: string]: number };
  readonly suggestionCommitMessage: string;
  /** @deprecated Use `topics` instead. */
  readonly tagLists: string[];
  readonly topics: string[];
  readonly updatedAt: string;
  readonly visibility: string;
  /** @deprecated Use `visibility` instead. */
  readonly visibilityLevel: string;
  readonly webUrl: string;
  readonly wikiAccessLevel: string;
  /** @deprecated Use `wikiAccessLevel` instead. */
  readonly wikiEnabled: boolean;
}

/** Reads one project; fails if there is none or the token may not see it. */
export function getProject(args?: GetProjectArgs, opts?: pulumi.InvokeOptions): Promise<GetProjectResult> {
  return pulumi.runtime.invoke(token, inputs(args), { version, ...opts });
}

/** The same for arguments that are known only once other resources exist; secrets in the answer stay secrets. */
export function getProjectOutput(
  args?: GetProjectOutputArgs,
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetProjectResult> {
  return pulumi.runtime.invokeOutput(token, inputs(args), { version, ...opts });
}

function inputs(args: GetProjectOutputArgs | undefined): pulumi.Inputs {
  return { id: args?.id, pathWithNamespace: args?.pathWithNamespace };
}
