import * as pulumi from '@pulumi/pulumi';
import { isOfType, options } from './shape.ts';

export interface ProviderArgs {
  /** Address of GitLab's API, ending in a slash: `https://gitlab.example.com/api/v4/`. Unset: GITLAB_BASE_URL, or gitlab.com. */
  readonly baseUrl?: pulumi.Input<string>;
  /** File (PEM) with the certificate authority of a GitLab whose certificate is not publicly trusted. */
  readonly cacertFile?: pulumi.Input<string>;
  /** File (PEM) with a client certificate, for a proxy in front of GitLab that asks for one; goes with `clientKey`. */
  readonly clientCert?: pulumi.Input<string>;
  /** File (PEM) with the key of `clientCert`. */
  readonly clientKey?: pulumi.Input<string>;
  /** File with logins to take address and token from. */
  readonly configFile?: pulumi.Input<string>;
  /** Which login of `configFile` to use. */
  readonly context?: pulumi.Input<string>;
  /** Try the token when the provider starts; with false a bad token shows at the first resource. */
  readonly earlyAuthCheck?: pulumi.Input<boolean>;
  /** Take address and job token from the environment of a GitLab CI job; without effect beside `token`. */
  readonly enableAutoCiSupport?: pulumi.Input<boolean>;
  /** HTTP headers added to every request. */
  readonly headers?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Do not verify GitLab's certificate: the token is then anybody's who can get between. */
  readonly insecure?: pulumi.Input<boolean>;
  /** How often a request that GitLab refused for its rate (429) is repeated, with growing pauses. */
  readonly retries?: pulumi.Input<number>;
  /** Access token that the provider acts with. Unset: GITLAB_TOKEN. Always stored as a secret. */
  readonly token?: pulumi.Input<string>;
}

/** A provider's configuration travels as strings: whatever is none is sent as JSON text. */
const inputs: { readonly [K in keyof ProviderArgs]-?: 'text' | 'json' | 'secret' } = {
  baseUrl: 'text',
  cacertFile: 'text',
  clientCert: 'text',
  clientKey: 'text',
  configFile: 'text',
  context: 'text',
  earlyAuthCheck: 'json',
  enableAutoCiSupport: 'json',
  headers: 'json',
  insecure: 'json',
  retries: 'json',
  token: 'secret',
};

/** One GitLab and one identity; pass it as option `provider` to the resources that live there. */
export class Provider extends pulumi.ProviderResource {
  declare public readonly baseUrl: pulumi.Output<string | undefined>;
  declare public readonly cacertFile: pulumi.Output<string | undefined>;
  declare public readonly clientCert: pulumi.Output<string | undefined>;
  declare public readonly clientKey: pulumi.Output<string | undefined>;
  declare public readonly configFile: pulumi.Output<string | undefined>;
  declare public readonly context: pulumi.Output<string | undefined>;
  declare public readonly token: pulumi.Output<string | undefined>;

  constructor(name: string, args?: ProviderArgs, opts?: pulumi.ResourceOptions) {
    super(
      'gitlab',
      name,
      configuration(args),
      options({ token: 'gitlab', inputs: {}, outputs: { token: 'secret' } }, opts),
    );
  }

  public static override isInstance(obj: unknown): obj is Provider {
    return isOfType(obj, 'pulumi:providers:gitlab');
  }
}

function configuration(args: ProviderArgs | undefined): pulumi.Inputs {
  const values: Readonly<Record<string, unknown>> = { ...args };
  return Object.fromEntries(Object.entries(inputs).map(([name, kind]) => [name, encode(kind, values[name])]));
}

function encode(kind: (typeof inputs)[keyof ProviderArgs], value: unknown): unknown {
  if (value === undefined) return undefined;
  switch (kind) {
    case 'text':
      return value;
    case 'json':
      return pulumi.output(value).apply((plain) => JSON.stringify(plain));
    case 'secret':
      return pulumi.secret(value);
  }
}
