import * as pulumi from '@pulumi/pulumi';
import { isOfType, lookup, options, properties, type Lookup, type Shape } from './shape.ts';
import type * as inputs from './types/input.ts';
import type * as outputs from './types/output.ts';

export interface GroupAccessTokenArgs {
  /** Role of the token's bot user in the group: `guest`, `reporter`, `developer`, `maintainer` (default), `owner` and others. */
  readonly accessLevel?: pulumi.Input<string>;
  /** Free text beside the name. */
  readonly description?: pulumi.Input<string>;
  /** YYYY-MM-DD: the token ends as that day begins, UTC. Give this or `rotationConfiguration`. */
  readonly expiresAt?: pulumi.Input<string>;
  /** Number or full path of the group, as text. */
  readonly group: pulumi.Input<string>;
  /** Name in GitLab's list of tokens and of the bot user; unset: made from the resource's name. */
  readonly name?: pulumi.Input<string>;
  /** Renew the token in good time; happens only while Pulumi runs. */
  readonly rotationConfiguration?: pulumi.Input<inputs.GroupAccessTokenRotationConfiguration>;
  /** What the token may do, such as `api`, `read_api`, `manage_runner`, `create_runner`, `self_rotate`. */
  readonly scopes: pulumi.Input<pulumi.Input<string>[]>;
  /** Refuse an `expiresAt` that has passed already. */
  readonly validatePastExpirationDate?: pulumi.Input<boolean>;
}

export interface GroupAccessTokenState extends Partial<GroupAccessTokenArgs> {
  readonly active?: pulumi.Input<boolean>;
  readonly createdAt?: pulumi.Input<string>;
  readonly revoked?: pulumi.Input<boolean>;
  readonly token?: pulumi.Input<string>;
  readonly userId?: pulumi.Input<number>;
}

const shape: Shape<GroupAccessTokenArgs, GroupAccessTokenState> = {
  token: 'gitlab:index/groupAccessToken:GroupAccessToken',
  inputs: {
    accessLevel: 'optional',
    description: 'optional',
    expiresAt: 'optional',
    group: 'required',
    name: 'optional',
    rotationConfiguration: 'optional',
    scopes: 'required',
    validatePastExpirationDate: 'optional',
  },
  outputs: { active: 'plain', createdAt: 'plain', revoked: 'plain', token: 'secret', userId: 'plain' },
};

/** An access token of a group, with a bot user of its own. */
export class GroupAccessToken extends pulumi.CustomResource {
  declare public readonly accessLevel: pulumi.Output<string>;
  declare public readonly active: pulumi.Output<boolean>;
  declare public readonly createdAt: pulumi.Output<string>;
  declare public readonly description: pulumi.Output<string>;
  declare public readonly expiresAt: pulumi.Output<string>;
  declare public readonly group: pulumi.Output<string>;
  declare public readonly name: pulumi.Output<string>;
  declare public readonly revoked: pulumi.Output<boolean>;
  declare public readonly rotationConfiguration: pulumi.Output<
    outputs.GroupAccessTokenRotationConfiguration | undefined
  >;
  declare public readonly scopes: pulumi.Output<string[]>;
  /** Told once, at creation and at each rotation; an imported token has none. */
  declare public readonly token: pulumi.Output<string>;
  /** Number of the bot user. */
  declare public readonly userId: pulumi.Output<number>;
  declare public readonly validatePastExpirationDate: pulumi.Output<boolean>;

  constructor(name: string, state: GroupAccessTokenState | undefined, opts: Lookup);
  constructor(name: string, args: GroupAccessTokenArgs, opts?: pulumi.CustomResourceOptions);
  constructor(name: string, given?: GroupAccessTokenArgs | GroupAccessTokenState, opts?: pulumi.CustomResourceOptions) {
    super(shape.token, name, properties(shape, name, given, opts), options(shape, opts));
  }

  /** Reads an existing token into the program without managing it; its secret cannot be read. */
  public static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state?: GroupAccessTokenState,
    opts?: pulumi.CustomResourceOptions,
  ): GroupAccessToken {
    return new GroupAccessToken(name, state, lookup(id, opts));
  }

  public static override isInstance(obj: unknown): obj is GroupAccessToken {
    return isOfType(obj, shape.token);
  }
}
