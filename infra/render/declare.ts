/** What a stack's program declares, without Pulumi's CLI, GitLab or a cluster: it runs under Pulumi's mocks. */
import * as pulumi from '@pulumi/pulumi';
import { allowHooks } from './mocked-hooks.ts';
import type { StackConfig } from './stack-config.ts';
import { isObject, type Values } from './values.ts';

/** A resource as data, with each secret as the marker that Pulumi's wire format gives it. */
export interface Declared {
  readonly type: string;
  readonly name: string;
  readonly inputs: Values;
}

/** GitLab's numeric id for everything that `pulumi up` would create or find. */
const ID = 1;
/** Where the Kubernetes provider appends eight random characters to a name. */
const NAME_END = '00000000';

export async function declare(
  config: StackConfig,
  program: () => Promise<object>,
  unknownSecret: string,
): Promise<readonly Declared[]> {
  const declared: Declared[] = [];
  allowHooks();
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        const { type, name } = args;
        const inputs: unknown = args.inputs;
        const resource = madeOf({ type, name, inputs: isObject(inputs) ? inputs : {} }, unknownSecret);
        declared.push(resource);
        return { id: String(ID), state: resource.inputs };
      },
      // Groups and projects are found by path. A manifest needs only their ids.
      call: () => ({ id: String(ID), groupId: ID, webUrl: '' }),
    },
    config.project,
    config.stack,
    false,
  );
  const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries({ ...config.values, ...config.secrets })) texts[key] = textOf(value);
  pulumi.runtime.setAllConfig(texts, Object.keys(config.secrets));
  const errors: unknown[] = [];
  // Pulumi keeps a second promise of the program, whose rejection would not be handled.
  await pulumi.runtime.runInPulumiStack(() => program().catch((error: unknown) => void errors.push(error)));
  await pulumi.runtime.disconnect();
  if (errors.length > 0) throw errors[0];
  return declared;
}

/** Completes a resource as its provider would, as far as other resources need it. */
function madeOf({ type, name, inputs }: Declared, token: string): Declared {
  if (!type.startsWith('kubernetes:')) return { type, name, inputs: { ...inputs, token, webUrl: '' } };
  const metadata = isObject(inputs['metadata']) ? inputs['metadata'] : {};
  return { type, name, inputs: { ...inputs, metadata: { name: `${name}-${NAME_END}`, ...metadata } } };
}
