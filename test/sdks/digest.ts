/**
 * The names that sdks/gitlab must have, taken from the provider's own package schema. After a change of the provider release,
 * or to take in another resource, make the digest again:
 *
 *   npx tsx test/sdks/digest.ts <schema.json>
 *
 * where the schema is what `pulumi package get-schema gitlab@<version>` prints.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format } from 'prettier';
import * as z from 'zod';

/** What the project uses, and so what the SDK carries. */
const RESOURCES = ['UserRunner', 'Project', 'GroupAccessToken', 'ProjectAccessToken', 'BranchProtection'];
export const FUNCTIONS: readonly string[] = ['getProject', 'getGroup', 'getMetadata'];

export const digestFile = fileURLToPath(new URL('gitlab-digest.json', import.meta.url));

/** Name to type: `string`, `integer`, `boolean`, `{T}` (a map), `T[]`, the name of a nested type; `?` after it: may be absent. */
const fieldsSchema = z.record(z.string(), z.string());
const blockSchema = z.strictObject({
  inputs: fieldsSchema,
  outputs: fieldsSchema,
  /** Names, of inputs and outputs, whose values are secret. */
  secrets: z.array(z.string()),
});

export const digestSchema = z.strictObject({
  version: z.string(),
  provider: blockSchema,
  resources: z.record(z.string(), blockSchema),
  functions: z.record(z.string(), blockSchema),
  types: z.record(z.string(), fieldsSchema),
});
export type Digest = z.infer<typeof digestSchema>;
export type Fields = z.infer<typeof fieldsSchema>;
export type Block = z.infer<typeof blockSchema>;

const typeSchema = z.object({
  $ref: z.string().optional(),
  type: z.string().optional(),
  get items() {
    return typeSchema.optional();
  },
  get additionalProperties() {
    return typeSchema.optional();
  },
  secret: z.boolean().optional(),
});
type Type = z.infer<typeof typeSchema>;

const propertiesSchema = z.record(z.string(), typeSchema);
const objectSchema = z.object({ properties: propertiesSchema.default({}), required: z.array(z.string()).default([]) });
const resourceSchema = objectSchema.extend({
  inputProperties: propertiesSchema,
  requiredInputs: z.array(z.string()).default([]),
});
const packageSchema = z.object({
  version: z.string(),
  provider: resourceSchema,
  resources: z.record(z.string(), resourceSchema),
  functions: z.record(z.string(), z.object({ inputs: objectSchema.optional(), outputs: objectSchema })),
  types: z.record(z.string(), objectSchema),
});

/** Of the resources in use and of `names` among the functions. */
export function digestOf(schema: unknown, names: readonly string[] = FUNCTIONS): Digest {
  const { version, provider, resources, functions, types } = packageSchema.parse(schema);
  const digest = {
    version,
    provider: ofResource(provider),
    resources: pick('resource', resources, RESOURCES, ofResource),
    functions: pick('function', functions, names, ({ inputs, outputs }) => ({
      inputs: inputs === undefined ? {} : fields(inputs),
      outputs: fields(outputs),
      secrets: secrets({ ...inputs?.properties, ...outputs.properties }),
    })),
  };
  const named = new Map(Object.entries(types).map(([token, type]) => [nameOf(token), type]));
  const blocks = [digest.provider, ...Object.values(digest.resources), ...Object.values(digest.functions)];
  return { ...digest, types: nestedTypes(named, blocks) };
}

/** `gitlab:index/userRunner:UserRunner` is the class UserRunner; a nested type of a function begins with a capital, too. */
export function nameOf(token: string): string {
  const last = token.slice(token.lastIndexOf(':') + 1);
  return last.charAt(0).toUpperCase() + last.slice(1);
}

function ofResource(resource: z.infer<typeof resourceSchema>): Block {
  return {
    inputs: fields({ properties: resource.inputProperties, required: resource.requiredInputs }),
    outputs: fields(resource),
    secrets: secrets({ ...resource.inputProperties, ...resource.properties }),
  };
}

function pick<T>(what: string, all: Readonly<Record<string, T>>, names: readonly string[], digest: (from: T) => Block) {
  return Object.fromEntries(
    names.map((name) => {
      const token = `gitlab:index/${name.charAt(0).toLowerCase()}${name.slice(1)}:${name}`;
      const found = all[token];
      if (found === undefined) throw new Error(`the schema has no ${what} ${token}; is it a schema of package gitlab?`);
      return [token, digest(found)];
    }),
  );
}

function fields({ properties, required }: z.infer<typeof objectSchema>): Fields {
  return Object.fromEntries(
    Object.entries(properties).map(([name, type]) => [name, typeName(type) + (required.includes(name) ? '' : '?')]),
  );
}

function secrets(properties: Readonly<Record<string, Type>>): string[] {
  return Object.entries(properties).flatMap(([name, type]) => (type.secret === true ? [name] : []));
}

function typeName(type: Type): string {
  if (type.$ref !== undefined) return nameOf(type.$ref);
  if (type.items) return `${typeName(type.items)}[]`;
  if (type.additionalProperties) return `{${typeName(type.additionalProperties)}}`;
  if (type.type === 'string' || type.type === 'integer' || type.type === 'boolean') return type.type;
  throw new Error(`a property has a type that the digest has no name for: ${JSON.stringify(type)}`);
}

/** The nested types that the blocks mention, and those that these mention. */
function nestedTypes(
  named: ReadonlyMap<string, z.infer<typeof objectSchema>>,
  blocks: readonly Block[],
): Record<string, Fields> {
  const found: Record<string, Fields> = {};
  const visit = (from: Fields) => {
    for (const type of Object.values(from)) {
      const name = type.replace(/[^A-Za-z0-9]/g, '');
      const next = named.get(name);
      if (next !== undefined && !(name in found)) visit((found[name] = fields(next)));
    }
  };
  for (const { inputs, outputs } of blocks) [inputs, outputs].forEach(visit);
  return found;
}

async function main([file]: readonly string[]): Promise<void> {
  if (file === undefined) throw new Error('which schema? npx tsx test/sdks/digest.ts <schema.json>');
  const digest = digestOf(JSON.parse(readFileSync(file, 'utf8')));
  writeFileSync(
    digestFile,
    await format(JSON.stringify(digest), { parser: 'json', printWidth: 120, objectWrap: 'collapse' }),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv.slice(2));
