/** The objects inside arguments. */
import type * as pulumi from '@pulumi/pulumi';

/** Who may merge: a role, or a user or group by number. */
export interface BranchProtectionAllowedToMerge {
  readonly accessLevel?: pulumi.Input<string>;
  readonly accessLevelDescription?: pulumi.Input<string>;
  readonly groupId?: pulumi.Input<number>;
  readonly userId?: pulumi.Input<number>;
}

/** Who may push: a role, or a user, group or deploy key by number. */
export interface BranchProtectionAllowedToPush {
  readonly accessLevel?: pulumi.Input<string>;
  readonly accessLevelDescription?: pulumi.Input<string>;
  readonly deployKeyId?: pulumi.Input<number>;
  readonly groupId?: pulumi.Input<number>;
  readonly userId?: pulumi.Input<number>;
}

/** Who may lift the protection: a role, or a user or group by number. */
export interface BranchProtectionAllowedToUnprotect {
  readonly accessLevel?: pulumi.Input<string>;
  readonly accessLevelDescription?: pulumi.Input<string>;
  readonly groupId?: pulumi.Input<number>;
  readonly userId?: pulumi.Input<number>;
}

/** When a run of Pulumi renews a group's token, and for how long. */
export interface GroupAccessTokenRotationConfiguration {
  /** Life of each new token in days. */
  readonly expirationDays: pulumi.Input<number>;
  /** A run renews the token once it has this many days left or fewer; no run, no renewal. */
  readonly rotateBeforeDays: pulumi.Input<number>;
}

/** When a run of Pulumi renews a project's token, and for how long. */
export interface ProjectAccessTokenRotationConfiguration {
  /** Life of each new token in days. */
  readonly expirationDays: pulumi.Input<number>;
  /** A run renews the token once it has this many days left or fewer; no run, no renewal. */
  readonly rotateBeforeDays: pulumi.Input<number>;
}

/** Which images the project's container registry throws away, and when. */
export interface ProjectContainerExpirationPolicy {
  /** How often: `1d`, `7d`, `14d`, `1month`, `3month`. */
  readonly cadence?: pulumi.Input<string>;
  readonly enabled?: pulumi.Input<boolean>;
  /** How many images of a name stay. */
  readonly keepN?: pulumi.Input<number>;
  readonly nameRegexDelete?: pulumi.Input<string>;
  readonly nameRegexKeep?: pulumi.Input<string>;
  /** GitLab's to fill. */
  readonly nextRunAt?: pulumi.Input<string>;
  /** Age from which images go: `7d`, `14d`, `30d`, `90d`. */
  readonly olderThan?: pulumi.Input<string>;
}

/** What a push must look like. Premium. */
export interface ProjectPushRules {
  readonly authorEmailRegex?: pulumi.Input<string>;
  readonly branchNameRegex?: pulumi.Input<string>;
  readonly commitCommitterCheck?: pulumi.Input<boolean>;
  readonly commitCommitterNameCheck?: pulumi.Input<boolean>;
  readonly commitMessageNegativeRegex?: pulumi.Input<string>;
  readonly commitMessageRegex?: pulumi.Input<string>;
  readonly denyDeleteTag?: pulumi.Input<boolean>;
  readonly fileNameRegex?: pulumi.Input<string>;
  /** In MB. */
  readonly maxFileSize?: pulumi.Input<number>;
  readonly memberCheck?: pulumi.Input<boolean>;
  readonly preventSecrets?: pulumi.Input<boolean>;
  readonly rejectNonDcoCommits?: pulumi.Input<boolean>;
  readonly rejectUnsignedCommits?: pulumi.Input<boolean>;
}
