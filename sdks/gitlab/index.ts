/**
 * The part of Pulumi's GitLab SDK that this project uses, as plain ES modules: tokens, classes, arguments, properties, required
 * inputs and secrets are those of the provider release in package.json. A program written against it compiles unchanged
 * against the published package; to change over, take this folder out of the root
 * package's workspaces and give the dependency the version of that package.
 *
 * The argument types are a little narrower than the published ones where that keeps the promise: optional arguments take
 * no `undefined`, and argument objects are read-only.
 */
export { Provider, type ProviderArgs } from './provider.ts';
export { UserRunner, type UserRunnerArgs, type UserRunnerState } from './userRunner.ts';
export { Project } from './project.ts';
export type { ProjectArgs, ProjectState } from './projectArgs.ts';
export { GroupAccessToken, type GroupAccessTokenArgs, type GroupAccessTokenState } from './groupAccessToken.ts';
export { ProjectAccessToken, type ProjectAccessTokenArgs, type ProjectAccessTokenState } from './projectAccessToken.ts';
export { BranchProtection, type BranchProtectionArgs, type BranchProtectionState } from './branchProtection.ts';
export { getProject, getProjectOutput } from './getProject.ts';
export type { GetProjectArgs, GetProjectOutputArgs, GetProjectResult } from './getProject.ts';
export { getGroup, getGroupOutput } from './getGroup.ts';
export type { GetGroupArgs, GetGroupOutputArgs, GetGroupResult } from './getGroup.ts';
export { getMetadata, getMetadataOutput, type GetMetadataResult } from './getMetadata.ts';
export * as types from './types/index.ts';
