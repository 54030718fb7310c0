import * as pulumi from '@pulumi/pulumi';
import type { ProjectArgs, ProjectState } from './projectArgs.ts';
import { isOfType, lookup, options, properties, type Lookup, type Shape } from './shape.ts';
import type * as outputs from './types/output.ts';

const shape: Shape<ProjectArgs, ProjectState> = {
  token: 'gitlab:index/project:Project',
  inputs: {
    allowMergeOnSkippedPipeline: 'optional',
    allowPipelineTriggerApproveDeployment: 'optional',
    analyticsAccessLevel: 'optional',
    archiveOnDestroy: 'optional',
    archived: 'optional',
    autoCancelPendingPipelines: 'optional',
    autoDevopsDeployStrategy: 'optional',
    autoDevopsEnabled: 'optional',
    autoDuoCodeReviewEnabled: 'optional',
    autocloseReferencedIssues: 'optional',
    avatar: 'optional',
    avatarHash: 'optional',
    branches: 'optional',
    buildGitStrategy: 'optional',
    buildTimeout: 'optional',
    buildsAccessLevel: 'optional',
    ciConfigPath: 'optional',
    ciDefaultGitDepth: 'optional',
    ciDeletePipelinesInSeconds: 'optional',
    ciDisplayPipelineVariables: 'optional',
    ciForwardDeploymentEnabled: 'optional',
    ciForwardDeploymentRollbackAllowed: 'optional',
    ciIdTokenSubClaimComponents: 'optional',
    ciPipelineVariablesMinimumOverrideRole: 'optional',
    ciPushRepositoryForJobTokenAllowed: 'optional',
    ciRestrictPipelineCancellationRole: 'optional',
    ciSeparatedCaches: 'optional',
    containerExpirationPolicy: 'optional',
    containerRegistryAccessLevel: 'optional',
    defaultBranch: 'optional',
    description: 'optional',
    emailsEnabled: 'optional',
    environmentsAccessLevel: 'optional',
    externalAuthorizationClassificationLabel: 'optional',
    featureFlagsAccessLevel: 'optional',
    forkedFromProjectId: 'optional',
    forkingAccessLevel: 'optional',
    groupRunnersEnabled: 'optional',
    groupWithProjectTemplatesId: 'optional',
    importUrl: 'optional',
    importUrlPassword: 'secret',
    importUrlUsername: 'optional',
    infrastructureAccessLevel: 'optional',
    initializeWithReadme: 'optional',
    issueBranchTemplate: 'optional',
    issuesAccessLevel: 'optional',
    issuesTemplate: 'optional',
    keepLatestArtifact: 'optional',
    lfsEnabled: 'optional',
    maxArtifactsSize: 'optional',
    mergeCommitTemplate: 'optional',
    mergeMethod: 'optional',
    mergePipelinesEnabled: 'optional',
    mergeRequestTitleRegex: 'optional',
    mergeRequestTitleRegexDescription: 'optional',
    mergeRequestsAccessLevel: 'optional',
    mergeRequestsTemplate: 'optional',
    mergeTrainsEnabled: 'optional',
    mergeTrainsSkipTrainAllowed: 'optional',
    modelExperimentsAccessLevel: 'optional',
    modelRegistryAccessLevel: 'optional',
    monitorAccessLevel: 'optional',
    mrDefaultTargetSelf: 'optional',
    name: 'optional',
    namespaceId: 'optional',
    onlyAllowMergeIfAllDiscussionsAreResolved: 'optional',
    onlyAllowMergeIfPipelineSucceeds: 'optional',
    packageRegistryAccessLevel: 'optional',
    packagesEnabled: 'optional',
    pagesAccessLevel: 'optional',
    path: 'optional',
    permanentlyDeleteOnDestroy: 'optional',
    preReceiveSecretDetectionEnabled: 'optional',
    preventMergeWithoutJiraIssue: 'optional',
    printingMergeRequestLinkEnabled: 'optional',
    protectMergeRequestPipelines: 'optional',
    publicBuilds: 'optional',
    publicJobs: 'optional',
    pushRules: 'optional',
    releasesAccessLevel: 'optional',
    removeSourceBranchAfterMerge: 'optional',
    repositoryAccessLevel: 'optional',
    repositoryStorage: 'optional',
    requestAccessEnabled: 'optional',
    requirementsAccessLevel: 'optional',
    resolveOutdatedDiffDiscussions: 'optional',
    resourceGroupDefaultProcessMode: 'optional',
    securityAndComplianceAccessLevel: 'optional',
    sharedRunnersEnabled: 'optional',
    skipWaitForDefaultBranchProtection: 'optional',
    snippetsAccessLevel: 'optional',
    squashCommitTemplate: 'optional',
    squashOption: 'optional',
    suggestionCommitMessage: 'optional',
    templateName: 'optional',
    templateProjectId: 'optional',
    topics: 'optional',
    useCustomTemplate: 'optional',
    visibilityLevel: 'optional',
    wikiAccessLevel: 'optional',
  },
  outputs: {
    avatarUrl: 'plain',
    emptyRepo: 'plain',
    httpUrlToRepo: 'plain',
    pathWithNamespace: 'plain',
    runnersToken: 'secret',
    sshUrlToRepo: 'plain',
    webUrl: 'plain',
  },
};

/** A project with its settings. The id is its number as text. Destroying it deletes the repository: consider `protect`. */
export class Project extends pulumi.CustomResource {
  declare public readonly allowMergeOnSkippedPipeline: pulumi.Output<boolean>;
  declare public readonly allowPipelineTriggerApproveDeployment: pulumi.Output<boolean>;
  declare public readonly analyticsAccessLevel: pulumi.Output<string>;
  declare public readonly archiveOnDestroy: pulumi.Output<boolean | undefined>;
  declare public readonly archived: pulumi.Output<boolean | undefined>;
  declare public readonly autoCancelPendingPipelines: pulumi.Output<string>;
  declare public readonly autoDevopsDeployStrategy: pulumi.Output<string>;
  declare public readonly autoDevopsEnabled: pulumi.Output<boolean>;
  declare public readonly autoDuoCodeReviewEnabled: pulumi.Output<boolean>;
  declare public readonly autocloseReferencedIssues: pulumi.Output<boolean>;
  declare public readonly avatar: pulumi.Output<string | undefined>;
  declare public readonly avatarHash: pulumi.Output<string>;
  declare public readonly avatarUrl: pulumi.Output<string>;
  declare public readonly branches: pulumi.Output<string | undefined>;
  declare public readonly buildGitStrategy: pulumi.Output<string>;
  declare public readonly buildTimeout: pulumi.Output<number>;
  declare public readonly buildsAccessLevel: pulumi.Output<string>;
  declare public readonly ciConfigPath: pulumi.Output<string | undefined>;
  declare public readonly ciDefaultGitDepth: pulumi.Output<number>;
  declare public readonly ciDeletePipelinesInSeconds: pulumi.Output<number>;
  declare public readonly ciDisplayPipelineVariables: pulumi.Output<boolean>;
  declare public readonly ciForwardDeploymentEnabled: pulumi.Output<boolean>;
  declare public readonly ciForwardDeploymentRollbackAllowed: pulumi.Output<boolean>;
  declare public readonly ciIdTokenSubClaimComponents: pulumi.Output<string[]>;
  declare public readonly ciPipelineVariablesMinimumOverrideRole: pulumi.Output<string>;
  declare public readonly ciPushRepositoryForJobTokenAllowed: pulumi.Output<boolean>;
  declare public readonly ciRestrictPipelineCancellationRole: pulumi.Output<string>;
  declare public readonly ciSeparatedCaches: pulumi.Output<boolean>;
  declare public readonly containerExpirationPolicy: pulumi.Output<outputs.ProjectContainerExpirationPolicy>;
  declare public readonly containerRegistryAccessLevel: pulumi.Output<string>;
  declare public readonly defaultBranch: pulumi.Output<string>;
  declare public readonly description: pulumi.Output<string | undefined>;
  declare public readonly emailsEnabled: pulumi.Output<boolean>;
  declare public readonly emptyRepo: pulumi.Output<boolean>;
  declare public readonly environmentsAccessLevel: pulumi.Output<string>;
  declare public readonly externalAuthorizationClassificationLabel: pulumi.Output<string | undefined>;
  declare public readonly featureFlagsAccessLevel: pulumi.Output<string>;
  declare public readonly forkedFromProjectId: pulumi.Output<number | undefined>;
  declare public readonly forkingAccessLevel: pulumi.Output<string>;
  declare public readonly groupRunnersEnabled: pulumi.Output<boolean>;
  declare public readonly groupWithProjectTemplatesId: pulumi.Output<number | undefined>;
  declare public readonly httpUrlToRepo: pulumi.Output<string>;
  declare public readonly importUrl: pulumi.Output<string>;
  declare public readonly importUrlPassword: pulumi.Output<string | undefined>;
  declare public readonly importUrlUsername: pulumi.Output<string | undefined>;
  declare public readonly infrastructureAccessLevel: pulumi.Output<string>;
  declare public readonly initializeWithReadme: pulumi.Output<boolean | undefined>;
  declare public readonly issueBranchTemplate: pulumi.Output<string | undefined>;
  declare public readonly issuesAccessLevel: pulumi.Output<string>;
  declare public readonly issuesTemplate: pulumi.Output<string | undefined>;
  declare public readonly keepLatestArtifact: pulumi.Output<boolean>;
  declare public readonly lfsEnabled: pulumi.Output<boolean>;
  declare public readonly maxArtifactsSize: pulumi.Output<number>;
  declare public readonly mergeCommitTemplate: pulumi.Output<string | undefined>;
  declare public readonly mergeMethod: pulumi.Output<string>;
  declare public readonly mergePipelinesEnabled: pulumi.Output<boolean>;
  declare public readonly mergeRequestTitleRegex: pulumi.Output<string>;
  declare public readonly mergeRequestTitleRegexDescription: pulumi.Output<string>;
  declare public readonly mergeRequestsAccessLevel: pulumi.Output<string>;
  declare public readonly mergeRequestsTemplate: pulumi.Output<string | undefined>;
  declare public readonly mergeTrainsEnabled: pulumi.Output<boolean>;
  declare public readonly mergeTrainsSkipTrainAllowed: pulumi.Output<boolean>;
  declare public readonly modelExperimentsAccessLevel: pulumi.Output<string>;
  declare public readonly modelRegistryAccessLevel: pulumi.Output<string>;
  declare public readonly monitorAccessLevel: pulumi.Output<string>;
  declare public readonly mrDefaultTargetSelf: pulumi.Output<boolean | undefined>;
  declare public readonly name: pulumi.Output<string>;
  declare public readonly namespaceId: pulumi.Output<number>;
  declare public readonly onlyAllowMergeIfAllDiscussionsAreResolved: pulumi.Output<boolean>;
  declare public readonly onlyAllowMergeIfPipelineSucceeds: pulumi.Output<boolean>;
  declare public readonly packageRegistryAccessLevel: pulumi.Output<string>;
  declare public readonly packagesEnabled: pulumi.Output<boolean>;
  declare public readonly pagesAccessLevel: pulumi.Output<string>;
  declare public readonly path: pulumi.Output<string | undefined>;
  declare public readonly pathWithNamespace: pulumi.Output<string>;
  declare public readonly permanentlyDeleteOnDestroy: pulumi.Output<boolean | undefined>;
  declare public readonly preReceiveSecretDetectionEnabled: pulumi.Output<boolean>;
  declare public readonly preventMergeWithoutJiraIssue: pulumi.Output<boolean>;
  declare public readonly printingMergeRequestLinkEnabled: pulumi.Output<boolean>;
  declare public readonly protectMergeRequestPipelines: pulumi.Output<boolean>;
  declare public readonly publicBuilds: pulumi.Output<boolean>;
  declare public readonly publicJobs: pulumi.Output<boolean>;
  declare public readonly pushRules: pulumi.Output<outputs.ProjectPushRules>;
  declare public readonly releasesAccessLevel: pulumi.Output<string>;
  declare public readonly removeSourceBranchAfterMerge: pulumi.Output<boolean>;
  declare public readonly repositoryAccessLevel: pulumi.Output<string>;
  declare public readonly repositoryStorage: pulumi.Output<string>;
  declare public readonly requestAccessEnabled: pulumi.Output<boolean>;
  declare public readonly requirementsAccessLevel: pulumi.Output<string>;
  declare public readonly resolveOutdatedDiffDiscussions: pulumi.Output<boolean | undefined>;
  declare public readonly resourceGroupDefaultProcessMode: pulumi.Output<string>;
  declare public readonly runnersToken: pulumi.Output<string>;
  declare public readonly securityAndComplianceAccessLevel: pulumi.Output<string>;
  declare public readonly sharedRunnersEnabled: pulumi.Output<boolean>;
  declare public readonly skipWaitForDefaultBranchProtection: pulumi.Output<boolean | undefined>;
  declare public readonly snippetsAccessLevel: pulumi.Output<string>;
  declare public readonly squashCommitTemplate: pulumi.Output<string | undefined>;
  declare public readonly squashOption: pulumi.Output<string>;
  declare public readonly sshUrlToRepo: pulumi.Output<string>;
  declare public readonly suggestionCommitMessage: pulumi.Output<string | undefined>;
  declare public readonly templateName: pulumi.Output<string | undefined>;
  declare public readonly templateProjectId: pulumi.Output<number | undefined>;
  declare public readonly topics: pulumi.Output<string[]>;
  declare public readonly useCustomTemplate: pulumi.Output<boolean | undefined>;
  declare public readonly visibilityLevel: pulumi.Output<string>;
  declare public readonly webUrl: pulumi.Output<string>;
  declare public readonly wikiAccessLevel: pulumi.Output<string>;

  constructor(name: string, state: ProjectState | undefined, opts: Lookup);
  constructor(name: string, args?: ProjectArgs, opts?: pulumi.CustomResourceOptions);
  constructor(name: string, given?: ProjectArgs | ProjectState, opts?: pulumi.CustomResourceOptions) {
    super(shape.token, name, properties(shape, name, given, opts), options(shape, opts));
  }

  /** Reads an existing project into the program without managing it. */
  public static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state?: ProjectState,
    opts?: pulumi.CustomResourceOptions,
  ): Project {
    return new Project(name, state, lookup(id, opts));
  }

  public static override isInstance(obj: unknown): obj is Project {
    return isOfType(obj, shape.token);
  }
}
