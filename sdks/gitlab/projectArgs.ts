import type * as pulumi from '@pulumi/pulumi';
import type * as inputs from './types/input.ts';

/** All settings of a project that the provider knows; what is unset is GitLab's choice. */
export interface ProjectArgs {
  readonly allowMergeOnSkippedPipeline?: pulumi.Input<boolean>;
  readonly allowPipelineTriggerApproveDeployment?: pulumi.Input<boolean>;
  readonly analyticsAccessLevel?: pulumi.Input<string>;
  /** Destroying the resource archives the project instead of deleting it. */
  readonly archiveOnDestroy?: pulumi.Input<boolean>;
  /** Read-only and out of the way. */
  readonly archived?: pulumi.Input<boolean>;
  readonly autoCancelPendingPipelines?: pulumi.Input<string>;
  readonly autoDevopsDeployStrategy?: pulumi.Input<string>;
  /** Run GitLab's own pipelines where there is no CI file. */
  readonly autoDevopsEnabled?: pulumi.Input<boolean>;
  readonly autoDuoCodeReviewEnabled?: pulumi.Input<boolean>;
  readonly autocloseReferencedIssues?: pulumi.Input<boolean>;
  /** File with the picture; goes with `avatarHash`. */
  readonly avatar?: pulumi.Input<string>;
  /** Checksum of `avatar`, so that a new picture is noticed. */
  readonly avatarHash?: pulumi.Input<string>;
  readonly branches?: pulumi.Input<string>;
  readonly buildGitStrategy?: pulumi.Input<string>;
  /** Longest time of a job, in seconds. */
  readonly buildTimeout?: pulumi.Input<number>;
  /** Pipelines and jobs for: `disabled`, `private` (members) or `enabled` (all who see the project). So with every access level here. */
  readonly buildsAccessLevel?: pulumi.Input<string>;
  readonly ciConfigPath?: pulumi.Input<string>;
  readonly ciDefaultGitDepth?: pulumi.Input<number>;
  /** Age from which GitLab deletes pipelines, in seconds. */
  readonly ciDeletePipelinesInSeconds?: pulumi.Input<number>;
  readonly ciDisplayPipelineVariables?: pulumi.Input<boolean>;
  readonly ciForwardDeploymentEnabled?: pulumi.Input<boolean>;
  readonly ciForwardDeploymentRollbackAllowed?: pulumi.Input<boolean>;
  readonly ciIdTokenSubClaimComponents?: pulumi.Input<pulumi.Input<string>[]>;
  readonly ciPipelineVariablesMinimumOverrideRole?: pulumi.Input<string>;
  readonly ciPushRepositoryForJobTokenAllowed?: pulumi.Input<boolean>;
  readonly ciRestrictPipelineCancellationRole?: pulumi.Input<string>;
  readonly ciSeparatedCaches?: pulumi.Input<boolean>;
  /** Which images the container registry throws away. */
  readonly containerExpirationPolicy?: pulumi.Input<inputs.ProjectContainerExpirationPolicy>;
  readonly containerRegistryAccessLevel?: pulumi.Input<string>;
  /** Name of the default branch; must exist unless the project is made with its first commit. */
  readonly defaultBranch?: pulumi.Input<string>;
  /** Text under the name. */
  readonly description?: pulumi.Input<string>;
  readonly emailsEnabled?: pulumi.Input<boolean>;
  readonly environmentsAccessLevel?: pulumi.Input<string>;
  readonly externalAuthorizationClassificationLabel?: pulumi.Input<string>;
  readonly featureFlagsAccessLevel?: pulumi.Input<string>;
  readonly forkedFromProjectId?: pulumi.Input<number>;
  readonly forkingAccessLevel?: pulumi.Input<string>;
  /** The group's runners take this project's jobs. */
  readonly groupRunnersEnabled?: pulumi.Input<boolean>;
  readonly groupWithProjectTemplatesId?: pulumi.Input<number>;
  /** Repository to begin with. */
  readonly importUrl?: pulumi.Input<string>;
  /** Password for `importUrl`; stored as a secret. */
  readonly importUrlPassword?: pulumi.Input<string>;
  readonly importUrlUsername?: pulumi.Input<string>;
  readonly infrastructureAccessLevel?: pulumi.Input<string>;
  /** Make a first commit. Without it there is no branch that could be written or protected. */
  readonly initializeWithReadme?: pulumi.Input<boolean>;
  readonly issueBranchTemplate?: pulumi.Input<string>;
  readonly issuesAccessLevel?: pulumi.Input<string>;
  readonly issuesTemplate?: pulumi.Input<string>;
  readonly keepLatestArtifact?: pulumi.Input<boolean>;
  readonly lfsEnabled?: pulumi.Input<boolean>;
  /** Of one artifact, in MB. */
  readonly maxArtifactsSize?: pulumi.Input<number>;
  readonly mergeCommitTemplate?: pulumi.Input<string>;
  readonly mergeMethod?: pulumi.Input<string>;
  readonly mergePipelinesEnabled?: pulumi.Input<boolean>;
  readonly mergeRequestTitleRegex?: pulumi.Input<string>;
  readonly mergeRequestTitleRegexDescription?: pulumi.Input<string>;
  readonly mergeRequestsAccessLevel?: pulumi.Input<string>;
  readonly mergeRequestsTemplate?: pulumi.Input<string>;
  readonly mergeTrainsEnabled?: pulumi.Input<boolean>;
  readonly mergeTrainsSkipTrainAllowed?: pulumi.Input<boolean>;
  readonly modelExperimentsAccessLevel?: pulumi.Input<string>;
  readonly modelRegistryAccessLevel?: pulumi.Input<string>;
  readonly monitorAccessLevel?: pulumi.Input<string>;
  readonly mrDefaultTargetSelf?: pulumi.Input<boolean>;
  /** The name shown; unset: made from the resource's name. */
  readonly name?: pulumi.Input<string>;
  /** Number of the group (or user) that holds the project; the token's user if unset. */
  readonly namespaceId?: pulumi.Input<number>;
  readonly onlyAllowMergeIfAllDiscussionsAreResolved?: pulumi.Input<boolean>;
  readonly onlyAllowMergeIfPipelineSucceeds?: pulumi.Input<boolean>;
  readonly packageRegistryAccessLevel?: pulumi.Input<string>;
  /** The package registry. */
  readonly packagesEnabled?: pulumi.Input<boolean>;
  readonly pagesAccessLevel?: pulumi.Input<string>;
  /** Last part of the address; derived from the name if unset. */
  readonly path?: pulumi.Input<string>;
  /** Destroying the resource deletes at once, without the days in which a project can be restored. */
  readonly permanentlyDeleteOnDestroy?: pulumi.Input<boolean>;
  readonly preReceiveSecretDetectionEnabled?: pulumi.Input<boolean>;
  readonly preventMergeWithoutJiraIssue?: pulumi.Input<boolean>;
  readonly printingMergeRequestLinkEnabled?: pulumi.Input<boolean>;
  readonly protectMergeRequestPipelines?: pulumi.Input<boolean>;
  /** @deprecated Use `publicJobs`. */
  readonly publicBuilds?: pulumi.Input<boolean>;
  /** Job logs are for all who see the project. */
  readonly publicJobs?: pulumi.Input<boolean>;
  /** What a push must look like. Premium. */
  readonly pushRules?: pulumi.Input<inputs.ProjectPushRules>;
  readonly releasesAccessLevel?: pulumi.Input<string>;
  readonly removeSourceBranchAfterMerge?: pulumi.Input<boolean>;
  readonly repositoryAccessLevel?: pulumi.Input<string>;
  readonly repositoryStorage?: pulumi.Input<string>;
  readonly requestAccessEnabled?: pulumi.Input<boolean>;
  readonly requirementsAccessLevel?: pulumi.Input<string>;
  readonly resolveOutdatedDiffDiscussions?: pulumi.Input<boolean>;
  readonly resourceGroupDefaultProcessMode?: pulumi.Input<string>;
  readonly securityAndComplianceAccessLevel?: pulumi.Input<string>;
  /** The instance's runners take this project's jobs. */
  readonly sharedRunnersEnabled?: pulumi.Input<boolean>;
  /** Do not wait for GitLab to protect the default branch of a new project. */
  readonly skipWaitForDefaultBranchProtection?: pulumi.Input<boolean>;
  readonly snippetsAccessLevel?: pulumi.Input<string>;
  readonly squashCommitTemplate?: pulumi.Input<string>;
  readonly squashOption?: pulumi.Input<string>;
  readonly suggestionCommitMessage?: pulumi.Input<string>;
  /** A built-in project to begin with. A change makes a new project. */
  readonly templateName?: pulumi.Input<string>;
  /** A custom template by number. A change makes a new project. */
  readonly templateProjectId?: pulumi.Input<number>;
  /** Words that the project is found by. */
  readonly topics?: pulumi.Input<pulumi.Input<string>[]>;
  readonly useCustomTemplate?: pulumi.Input<boolean>;
  /** Who sees the project: `private` (members), `internal` (all who are logged in), `public`. Unset: the server's choice. */
  readonly visibilityLevel?: pulumi.Input<string>;
  readonly wikiAccessLevel?: pulumi.Input<string>;
}

export interface ProjectState extends Partial<ProjectArgs> {
  readonly avatarUrl?: pulumi.Input<string>;
  readonly emptyRepo?: pulumi.Input<boolean>;
  readonly httpUrlToRepo?: pulumi.Input<string>;
  readonly pathWithNamespace?: pulumi.Input<string>;
  readonly runnersToken?: pulumi.Input<string>;
  readonly sshUrlToRepo?: pulumi.Input<string>;
  readonly webUrl?: pulumi.Input<string>;
}
