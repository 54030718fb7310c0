/** The objects inside properties and results, as the provider reports them. */

export interface ProjectContainerExpirationPolicy {
  readonly cadence?: string;
  readonly enabled?: boolean;
  readonly keepN?: number;
  readonly nameRegexDelete?: string;
  readonly nameRegexKeep?: string;
  readonly nextRunAt?: string;
  readonly olderThan?: string;
}

export interface ProjectPushRules {
  readonly authorEmailRegex?: string;
  readonly branchNameRegex?: string;
  readonly commitCommitterCheck?: boolean;
  readonly commitCommitterNameCheck?: boolean;
  readonly commitMessageNegativeRegex?: string;
  readonly commitMessageRegex?: string;
  readonly denyDeleteTag?: boolean;
  readonly fileNameRegex?: string;
  readonly maxFileSize?: number;
  readonly memberCheck?: boolean;
  readonly preventSecrets?: boolean;
  readonly rejectNonDcoCommits?: boolean;
  readonly rejectUnsignedCommits?: boolean;
}

export interface GroupAccessTokenRotationConfiguration {
  readonly expirationDays: number;
  readonly rotateBeforeDays: number;
}

export interface ProjectAccessTokenRotationConfiguration {
  readonly expirationDays: number;
  readonly rotateBeforeDays: number;
}

export interface BranchProtectionAllowedToMerge {
  readonly accessLevel?: string;
  readonly accessLevelDescription?: string;
  readonly groupId?: number;
  readonly userId?: number;
}

export interface BranchProtectionAllowedToPush {
  readonly accessLevel?: string;
  readonly accessLevelDescription?: string;
  readonly deployKeyId?: number;
  readonly groupId?: number;
  readonly userId?: number;
}

export interface BranchProtectionAllowedToUnprotect {
  readonly accessLevel?: string;
  readonly accessLevelDescription?: string;
  readonly groupId?: number;
  readonly userId?: number;
}

export interface GetProjectContainerExpirationPolicy {
  readonly cadence: string;
  readonly enabled: boolean;
  readonly keepN: number;
  readonly nameRegexDelete: string;
  readonly nameRegexKeep: string;
  readonly nextRunAt: string;
  readonly olderThan: string;
}

export interface GetProjectForkedFromProject {
  readonly httpUrlToRepo: string;
  readonly id: number;
  readonly name: string;
  readonly nameWithNamespace: string;
  readonly path: string;
  readonly pathWithNamespace: string;
  readonly webUrl: string;
}

export interface GetProjectLicense {
  readonly htmlUrl: string;
  readonly key: string;
  readonly name: string;
  readonly nickname: string;
  readonly sourceUrl: string;
}

export interface GetProjectNamespace {
  readonly fullPath: string;
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly path: string;
}

export interface GetProjectOwner {
  readonly avatarUrl: string;
  readonly id: number;
  readonly name: string;
  readonly state: string;
  readonly username: string;
  readonly websiteUrl: string;
}

export interface GetProjectPermission {
  readonly groupAccess: { [key: string]: number };
  readonly projectAccess: { [key: string]: number };
}

export interface GetProjectPushRule {
  readonly authorEmailRegex: string;
  readonly branchNameRegex: string;
  readonly commitCommitterCheck: boolean;
  readonly commitCommitterNameCheck: boolean;
  readonly commitMessageNegativeRegex: string;
  readonly commitMessageRegex: string;
  readonly denyDeleteTag: boolean;
  readonly fileNameRegex: string;
  readonly maxFileSize: number;
  readonly memberCheck: boolean;
  readonly preventSecrets: boolean;
  readonly rejectNonDcoCommits: boolean;
  readonly rejectUnsignedCommits: boolean;
}

export interface GetProjectSharedWithGroup {
  readonly groupAccessLevel: number;
  readonly groupAccessLevelName: string;
  readonly groupFullPath: string;
  readonly groupId: number;
  readonly groupName: string;
}

/** The agent server for Kubernetes. Its fields are empty where it is disabled. */
export interface GetMetadataKas {
  readonly enabled: boolean;
  readonly externalK8sProxyUrl: string;
  readonly externalUrl: string;
  readonly version: string;
}

export interface GetGroupDefaultBranchProtectionDefaultAllowedToMerge {
  readonly accessLevel: number;
}

export interface GetGroupDefaultBranchProtectionDefaultAllowedToPush {
  readonly accessLevel: number;
}

export interface GetGroupDefaultBranchProtectionDefault {
  readonly allowForcePush: boolean;
  readonly allowedToMerges: GetGroupDefaultBranchProtectionDefaultAllowedToMerge[];
  readonly allowedToPushes: GetGroupDefaultBranchProtectionDefaultAllowedToPush[];
  readonly codeOwnerApprovalRequired: boolean;
  readonly developerCanInitialPush: boolean;
}

export interface GetGroupPushRule {
  readonly authorEmailRegex: string;
  readonly branchNameRegex: string;
  readonly commitCommitterCheck: boolean;
  readonly commitCommitterNameCheck: boolean;
  readonly commitMessageNegativeRegex: string;
  readonly commitMessageRegex: string;
  readonly denyDeleteTag: boolean;
  readonly fileNameRegex: string;
  readonly maxFileSize: number;
  readonly memberCheck: boolean;
  readonly preventSecrets: boolean;
  readonly rejectNonDcoCommits: boolean;
  readonly rejectUnsignedCommits: boolean;
}

export interface GetGroupSharedWithGroup {
  readonly expiresAt: string;
  readonly groupAccessLevel: number;
  readonly groupFullPath: string;
  readonly groupId: number;
  readonly groupName: string;
}
