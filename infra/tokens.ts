/** The runtime's tokens, each with the least role and scope that works – or those that the user gave as config secrets. */
import * as gitlab from '@pulumi/gitlab';
import * as pulumi from '@pulumi/pulumi';
import type { Names } from './names.ts';
import type { Owner } from './owner.ts';
import type { Secrets } from './settings.ts';

export interface TokensArgs {
  readonly owner: Owner;
  readonly statusProject: pulumi.Input<number>;
  readonly names: Names['tokens'];
  readonly given: Pick<Secrets, 'fleet' | 'sidecar' | 'status'>;
}

/**
 * GitLab allows a year and asks for an end. `pulumi up` renews a token in its last quarter of a year: whoever deploys once
 * a quarter never meets an expired one.
 */
const ROTATION = { expirationDays: 364, rotateBeforeDays: 90 };

type Role = 'developer' | 'maintainer' | 'owner';

export class Tokens extends pulumi.ComponentResource {
  /** Edits every record of the fleet. */
  readonly fleet: pulumi.Output<string>;
  /** Reads runner records and nothing else. */
  readonly sidecar: pulumi.Output<string>;
  /** Commits to the status project. */
  readonly status: pulumi.Output<string>;

  constructor(name: string, args: TokensArgs, opts: pulumi.ComponentResourceOptions & { provider: gitlab.Provider }) {
    const { provider, ...rest } = opts;
    super('hadr:index:Tokens', name, {}, { ...rest, providers: [provider] });
    const { owner, names, given } = args;
    const childOptions = { parent: this, provider };

    const forRunners = (part: 'fleet' | 'sidecar', accessLevel: Role): pulumi.Output<string> => {
      const common = { name: names[part], scopes: ['manage_runner'], accessLevel, rotationConfiguration: ROTATION };
      const owned = pulumi.interpolate`${owner.id}`;
      switch (owner.kind) {
        case 'group':
          return new gitlab.GroupAccessToken(`${name}-${part}`, { ...common, group: owned }, childOptions).token;
        case 'project':
          return new gitlab.ProjectAccessToken(`${name}-${part}`, { ...common, project: owned }, childOptions).token;
      }
    };
    const forStatus = (): pulumi.Output<string> =>
      new gitlab.ProjectAccessToken(
        `${name}-status`,
        {
          name: names.status,
          project: pulumi.interpolate`${args.statusProject}`,
          // No smaller scope may commit through the API.
          scopes: ['api'],
          accessLevel: 'developer',
          rotationConfiguration: ROTATION,
        },
        childOptions,
      ).token;

    // Only an Owner may edit a group's runners, only a Maintainer a project's. The same scope with role Maintainer of the
    // group reads runners and cannot edit them: that is the sidecar's.
    this.fleet = pulumi.secret(given.fleet ?? forRunners('fleet', owner.kind === 'group' ? 'owner' : 'maintainer'));
    this.sidecar = pulumi.secret(given.sidecar ?? forRunners('sidecar', 'maintainer'));
    this.status = pulumi.secret(given.status ?? forStatus());
    this.registerOutputs();
  }
}
