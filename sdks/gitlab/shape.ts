/** What every class of the package does in its constructor, written once over a description of the resource. */
import * as pulumi from '@pulumi/pulumi';

/** The plugin release that these classes describe: the engine loads exactly this one. Equal to package.json, a test sees to it. */
export const version = '10.1.1';

type InputKind = 'required' | 'optional' | 'secret';
type OutputKind = 'plain' | 'secret';

interface AnyShape {
  readonly token: string;
  readonly inputs: Readonly<Record<string, InputKind>>;
  readonly outputs: Readonly<Record<string, OutputKind>>;
}

/**
 * A resource's names at run time. The compiler holds them to the interfaces: a name too many, one that is missing and a
 * required input that is called optional do not compile.
 */
export interface Shape<Args, State> extends AnyShape {
  readonly inputs: {
    readonly [K in keyof Args]-?: Pick<Args, K> extends Required<Pick<Args, K>> ? 'required' : 'optional' | 'secret';
  };
  /** Properties that only the provider fills. */
  readonly outputs: { readonly [K in Exclude<keyof State, keyof Args>]-?: OutputKind };
}

const existing = Symbol('existing');

/** Options with which a constructor reads its second argument as known state; made only by a class's own `get`. */
export interface Lookup extends pulumi.CustomResourceOptions {
  readonly id: pulumi.Input<pulumi.ID>;
  readonly [existing]: true;
}

export function lookup(id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Lookup {
  return { ...opts, id, [existing]: true };
}

/**
 * The property bag of a registration. Outputs are in it as `undefined`: the Pulumi runtime makes output fields of the keys
 * it sees, so a name that is left out would be missing on the object.
 */
export function properties(
  shape: AnyShape,
  resource: string,
  given: object | undefined,
  opts: pulumi.CustomResourceOptions | undefined,
): pulumi.Inputs {
  const values: Readonly<Record<string, unknown>> = { ...given };
  const isLookup = opts?.id !== undefined;
  const bag: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(shape.inputs)) {
    const value = values[name];
    if (kind === 'required' && value === undefined && !isLookup && opts?.urn === undefined)
      throw new Error(`Missing required property '${name}' of ${shape.token} "${resource}"`);
    bag[name] = kind === 'secret' && value !== undefined && !isLookup ? pulumi.secret(value) : value;
  }
  for (const name of Object.keys(shape.outputs)) bag[name] = isLookup ? values[name] : undefined;
  return bag;
}

/** The caller's options over the package's own: the plugin version, and the outputs that the state must encrypt. */
export function options(shape: AnyShape, opts: pulumi.CustomResourceOptions | undefined): pulumi.CustomResourceOptions {
  const secrets = Object.entries({ ...shape.inputs, ...shape.outputs }).flatMap(([name, kind]) =>
    kind === 'secret' ? [name] : [],
  );
  const versioned = pulumi.mergeOptions({ version }, opts);
  return secrets.length === 0 ? versioned : pulumi.mergeOptions(versioned, { additionalSecretOutputs: secrets });
}

/** By token and not by `instanceof`: true also for an object of another copy of this package. */
export function isOfType(obj: unknown, token: string): boolean {
  return typeof obj === 'object' && obj !== null && '__pulumiType' in obj && obj.__pulumiType === token;
}
