/**
 * The interface of the lab's providers, for the engine in this process (lab-engine.ts) and the real one (provider-server.ts).
 * Values are plain data; the engine handles secrets.
 */
export type Values = Readonly<Record<string, unknown>>;

export interface Applied {
  readonly id: string;
  readonly outputs: Values;
}

export interface State extends Applied {
  readonly inputs: Values;
}

export interface LabProvider {
  /** Type tokens begin with this: `gitlab:` or `kubernetes:`. */
  readonly prefix: string;
  /** Part of the plan: throws where the provider refuses the inputs, before anything is changed. */
  check(type: string, inputs: Values): Promise<void>;
  create(type: string, name: string, inputs: Values): Promise<Applied>;
  /** The present state of the resource with its inputs; undefined if it is gone. */
  read(type: string, before: State): Promise<State | undefined>;
  /** The changed inputs that need a replacement: the engine creates a new resource and removes the old one at its end. */
  replacedBy(type: string, before: Values, inputs: Values): readonly string[];
  update(type: string, before: State, inputs: Values): Promise<Applied>;
  remove(type: string, before: State): Promise<void>;
  invoke(token: string, args: Values): Promise<Values>;
}

/** The key and value that mark a secret in Pulumi's wire format. */
const SIGNATURE = '4dabf18193072939515e22adb298388d';
const SECRET = '1b47061264138c4ac30d75fd1eb44270';

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Plain data without Pulumi's wrappers. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  if (value[SIGNATURE] === SECRET) return plain(value['value']);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}

export function plainValues(values: unknown): Values {
  const result = plain(values);
  return isObject(result) ? result : {};
}
