import * as pulumi from '@pulumi/pulumi';
import { isOfType, lookup, options, properties, type Lookup, type Shape } from './shape.ts';

export interface UserRunnerArgs {
  /** `not_protected` (GitLab's default): any job; `ref_protected`: only jobs of protected branches and tags. */
  readonly accessLevel?: pulumi.Input<string>;
  /** The runner's name in GitLab's pages. */
  readonly description?: pulumi.Input<string>;
  /** Number of the owning group; with `group_type` required, otherwise refused. A change makes a new runner. */
  readonly groupId?: pulumi.Input<number>;
  /** A project runner that is locked cannot be enabled in further projects. */
  readonly locked?: pulumi.Input<boolean>;
  /** Free text, at most 1024 characters; GitLab shows it only to those who may edit the runner. */
  readonly maintenanceNote?: pulumi.Input<string>;
  /** Longest time in seconds that a job may take on this runner, at least 600; the project's own limit holds if it is shorter. */
  readonly maximumTimeout?: pulumi.Input<number>;
  /** A paused runner is given no new job; those it runs go on. */
  readonly paused?: pulumi.Input<boolean>;
  /** Number of the owning project; with `project_type` required, otherwise refused. A change makes a new runner. */
  readonly projectId?: pulumi.Input<number>;
  /** `instance_type`, `group_type` or `project_type`, in this spelling. A change makes a new runner. */
  readonly runnerType: pulumi.Input<string>;
  /** The runner's tags: a set, and every write replaces all of it. Sorted, it gives no differences without meaning. */
  readonly tagLists?: pulumi.Input<pulumi.Input<string>[]>;
  /** Take jobs that have no tags too; GitLab refuses false while there are no tags. */
  readonly untagged?: pulumi.Input<boolean>;
}

export interface UserRunnerState extends Partial<UserRunnerArgs> {
  readonly token?: pulumi.Input<string>;
}

const shape: Shape<UserRunnerArgs, UserRunnerState> = {
  token: 'gitlab:index/userRunner:UserRunner',
  inputs: {
    accessLevel: 'optional',
    description: 'optional',
    groupId: 'optional',
    locked: 'optional',
    maintenanceNote: 'optional',
    maximumTimeout: 'optional',
    paused: 'optional',
    projectId: 'optional',
    runnerType: 'required',
    tagLists: 'optional',
    untagged: 'optional',
  },
  outputs: { token: 'secret' },
};

/**
 * A runner record in GitLab, made by the user that the provider's token belongs to. The id is the record's number as text.
 * An update sends every field that the state knows, also those the program does not set: refresh first where others edit.
 */
export class UserRunner extends pulumi.CustomResource {
  declare public readonly accessLevel: pulumi.Output<string>;
  declare public readonly description: pulumi.Output<string>;
  declare public readonly groupId: pulumi.Output<number | undefined>;
  declare public readonly locked: pulumi.Output<boolean>;
  declare public readonly maintenanceNote: pulumi.Output<string>;
  declare public readonly maximumTimeout: pulumi.Output<number>;
  declare public readonly paused: pulumi.Output<boolean>;
  declare public readonly projectId: pulumi.Output<number | undefined>;
  declare public readonly runnerType: pulumi.Output<string>;
  declare public readonly tagLists: pulumi.Output<string[]>;
  /** What a runner process authenticates with. GitLab tells it once, at creation: an imported record has none. */
  declare public readonly token: pulumi.Output<string>;
  declare public readonly untagged: pulumi.Output<boolean>;

  constructor(name: string, state: UserRunnerState | undefined, opts: Lookup);
  constructor(name: string, args: UserRunnerArgs, opts?: pulumi.CustomResourceOptions);
  constructor(name: string, given?: UserRunnerArgs | UserRunnerState, opts?: pulumi.CustomResourceOptions) {
    super(shape.token, name, properties(shape, name, given, opts), options(shape, opts));
  }

  /** Reads an existing runner into the program without managing it. */
  public static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state?: UserRunnerState,
    opts?: pulumi.CustomResourceOptions,
  ): UserRunner {
    return new UserRunner(name, state, lookup(id, opts));
  }

  public static override isInstance(obj: unknown): obj is UserRunner {
    return isOfType(obj, shape.token);
  }
}
