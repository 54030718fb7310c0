import * as pulumi from '@pulumi/pulumi';
import { isOfType, lookup, options, properties, type Lookup, type Shape } from './shape.ts';
import type * as inputs from './types/input.ts';
import type * as outputs from './types/output.ts';

export interface BranchProtectionArgs {
  /** Let those who may push also rewrite history. */
  readonly allowForcePush?: pulumi.Input<boolean>;
  /** Users, groups or roles that may merge. Enterprise Edition only; the Community Edition takes `mergeAccessLevel`. */
  readonly allowedToMerges?: pulumi.Input<pulumi.Input<inputs.BranchProtectionAllowedToMerge>[]>;
  /** Users, groups, deploy keys or roles that may push. Enterprise Edition only; the Community Edition takes `pushAccessLevel`. */
  readonly allowedToPushes?: pulumi.Input<pulumi.Input<inputs.BranchProtectionAllowedToPush>[]>;
  /** Users, groups or roles that may lift the protection. Premium. */
  readonly allowedToUnprotects?: pulumi.Input<pulumi.Input<inputs.BranchProtectionAllowedToUnprotect>[]>;
  /** Name of a branch, or a pattern with `*`. */
  readonly branch: pulumi.Input<string>;
  /** Pushes that touch files with a code owner are refused without a merge request. Premium. */
  readonly codeOwnerApprovalRequired?: pulumi.Input<boolean>;
  /** Smallest role that may merge: `no one`, `developer` or `maintainer`. Community Edition only. */
  readonly mergeAccessLevel?: pulumi.Input<string>;
  /** Number or full path of the project, as text. */
  readonly project: pulumi.Input<string>;
  /** Smallest role that may push: `no one`, `developer` or `maintainer`. Community Edition only. */
  readonly pushAccessLevel?: pulumi.Input<string>;
}

export interface BranchProtectionState extends Partial<BranchProtectionArgs> {
  readonly branchProtectionId?: pulumi.Input<number>;
}

const shape: Shape<BranchProtectionArgs, BranchProtectionState> = {
  token: 'gitlab:index/branchProtection:BranchProtection',
  inputs: {
    allowForcePush: 'optional',
    allowedToMerges: 'optional',
    allowedToPushes: 'optional',
    allowedToUnprotects: 'optional',
    branch: 'required',
    codeOwnerApprovalRequired: 'optional',
    mergeAccessLevel: 'optional',
    project: 'required',
    pushAccessLevel: 'optional',
  },
  outputs: { branchProtectionId: 'plain' },
};

/** Who may push to, merge into and rewrite a branch. GitLab protects a new project's default branch by itself. */
export class BranchProtection extends pulumi.CustomResource {
  declare public readonly allowForcePush: pulumi.Output<boolean>;
  declare public readonly allowedToMerges: pulumi.Output<outputs.BranchProtectionAllowedToMerge[]>;
  declare public readonly allowedToPushes: pulumi.Output<outputs.BranchProtectionAllowedToPush[]>;
  declare public readonly allowedToUnprotects: pulumi.Output<outputs.BranchProtectionAllowedToUnprotect[]>;
  declare public readonly branch: pulumi.Output<string>;
  declare public readonly branchProtectionId: pulumi.Output<number>;
  declare public readonly codeOwnerApprovalRequired: pulumi.Output<boolean>;
  declare public readonly mergeAccessLevel: pulumi.Output<string>;
  declare public readonly project: pulumi.Output<string>;
  declare public readonly pushAccessLevel: pulumi.Output<string>;

  constructor(name: string, state: BranchProtectionState | undefined, opts: Lookup);
  constructor(name: string, args: BranchProtectionArgs, opts?: pulumi.CustomResourceOptions);
  constructor(name: string, given?: BranchProtectionArgs | BranchProtectionState, opts?: pulumi.CustomResourceOptions) {
    super(shape.token, name, properties(shape, name, given, opts), options(shape, opts));
  }

  /** Reads an existing protection into the program without managing it; the id is `<project>:<branch>`. */
  public static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state?: BranchProtectionState,
    opts?: pulumi.CustomResourceOptions,
  ): BranchProtection {
    return new BranchProtection(name, state, lookup(id, opts));
  }

  public static override isInstance(obj: unknown): obj is BranchProtection {
    return isOfType(obj, shape.token);
  }
}
