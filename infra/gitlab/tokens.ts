/** The runtime's tokens, each with the least role and scope that works, or those that the user set as config secrets. */
import * as gitlab from '@pulumi/gitlab';
import * as pulumi from '@pulumi/pulumi';
import type { TokenExpiry } from '../../runtime/expiries.ts';
import type { Names } from '../names.ts';
import type { Owner } from './owner.ts';
import type { Settings, TokenSettings } from '../settings/settings.ts';

export interface TokensArgs {
  readonly owner: Owner;
  readonly statusProject: pulumi.Input<number>;
  readonly names: Names['tokens'];
  readonly given: TokenSettings['given'];
  /** The role of the status token: the protected branch requires it. */
  readonly statusRole: Settings['statusProject']['pushRole'];
  /** Whether there are sidecars: adopted runners have none. */
  readonly sidecars: boolean;
  /** The expiry date of the tokens that the stack creates (token-expiry.ts). */
  readonly expiresOn: string;
}

export interface Token {
  /** A secret. */
  readonly value: pulumi.Output<string>;
  readonly expiry: pulumi.Output<TokenExpiry>;
}

type Part = keyof Names['tokens'];
type Role = 'maintainer' | 'owner';

export class Tokens extends pulumi.ComponentResource {
  /** Edits every record of the fleet. */
  readonly fleet: Token;
  /** Reads runner records and nothing else. Undefined where there is no sidecar. */
  readonly sidecar: Token | undefined;
  /** Commits to the status project. */
  readonly status: Token;

  private readonly prefix: string;
  private readonly args: TokensArgs;
  private readonly options: pulumi.CustomResourceOptions;

  constructor(name: string, args: TokensArgs, opts: pulumi.ComponentResourceOptions & { provider: gitlab.Provider }) {
    const { provider, ...rest } = opts;
    super('hadr:index:Tokens', name, {}, { ...rest, providers: [provider] });
    this.prefix = name;
    this.args = args;
    // The provider would renew a token with another date in place, by GitLab's rotation, which revokes the old one at once (facts G).
    // As a replacement the new one is created first, and the old one is revoked at the end, when secret-sync.ts has waited for the pods.
    this.options = { parent: this, provider, replaceOnChanges: ['expiresAt'] };

    // Only an Owner may edit a group's runners, only a Maintainer a project's. The same scope with role Maintainer of the
    // group reads runners and cannot edit them: that is the sidecar's.
    const { owner, given } = args;
    this.fleet = userMade(given.fleet) ?? this.forRunners('fleet', owner.kind === 'group' ? 'owner' : 'maintainer');
    this.sidecar = args.sidecars ? (userMade(given.sidecar) ?? this.forRunners('sidecar', 'maintainer')) : undefined;
    this.status = userMade(given.status) ?? this.forStatus();
    this.registerOutputs();
  }

  private forRunners(part: 'fleet' | 'sidecar', accessLevel: Role): Token {
    const { owner } = this.args;
    const common = { ...this.common(part), scopes: ['manage_runner'], accessLevel };
    const owned = pulumi.interpolate`${owner.id}`;
    switch (owner.kind) {
      case 'group':
        return stackMade(
          new gitlab.GroupAccessToken(`${this.prefix}-${part}`, { ...common, group: owned }, this.options),
        );
      case 'project':
        return stackMade(
          new gitlab.ProjectAccessToken(`${this.prefix}-${part}`, { ...common, project: owned }, this.options),
        );
    }
  }

  private forStatus(): Token {
    const { statusProject, statusRole } = this.args;
    const project = pulumi.interpolate`${statusProject}`;
    // No smaller scope may commit through the API.
    const inputs = { ...this.common('status'), project, scopes: ['api'], accessLevel: statusRole };
    return stackMade(new gitlab.ProjectAccessToken(`${this.prefix}-status`, inputs, this.options));
  }

  private common(part: Part) {
    return { name: this.args.names[part], expiresAt: this.args.expiresOn };
  }
}

/** The expiry date is the one that GitLab gives. */
const stackMade = ({ token, expiresAt }: gitlab.GroupAccessToken | gitlab.ProjectAccessToken): Token => ({
  value: pulumi.secret(token),
  expiry: expiresAt.apply((expiresOn): TokenExpiry => ({ expiresOn, madeBy: 'stack' })),
});

const userMade = (given: TokenSettings['given'][Part]): Token | undefined =>
  given && { value: given.value, expiry: pulumi.output({ expiresOn: given.expiresOn, madeBy: 'people' as const }) };
