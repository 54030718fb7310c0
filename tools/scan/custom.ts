/** JSON schemas for kubeconform from custom resource definitions, as strict as those of Kubernetes' own kinds. */
import * as z from 'zod';
import { fileOf } from './openapi.ts';

type Schema = Readonly<Record<string, unknown>>;
const schema = z.record(z.string(), z.unknown());

const definition = z.object({
  spec: z.object({
    group: z.string(),
    names: z.object({ kind: z.string() }),
    versions: z.array(z.object({ name: z.string(), schema: z.object({ openAPIV3Schema: schema }) })),
  }),
});

/** Files by name, one a version of the kind. */
export function customSchemasOf(description: unknown): ReadonlyMap<string, object> {
  const { group, names, versions } = definition.parse(description).spec;
  return new Map(
    versions.map(({ name, schema: { openAPIV3Schema } }) => {
      const whole = closed(openAPIV3Schema);
      const typed = { apiVersion: { enum: [`${group}/${name}`] }, kind: { enum: [names.kind] } };
      return [
        fileOf(group, name, names.kind),
        { ...whole, properties: { ...propertiesOf(whole), ...typed }, required: ['apiVersion', 'kind', 'spec'] },
      ];
    }),
  );
}

const propertiesOf = ({ properties }: Schema): Schema => schema.catch({}).parse(properties);

/** With no room for fields that are not described. Kubernetes itself drops such fields without a word. */
function closed(node: Schema): Schema {
  const inside = Object.entries(node)
    .filter(([key]) => key !== 'description' && !key.startsWith('x-kubernetes-'))
    .map(([key, value]): [string, unknown] => {
      if (key === 'properties')
        return [key, Object.fromEntries(Object.entries(schema.parse(value)).map(([name, one]) => [name, child(one)]))];
      return [key, key === 'items' || key === 'additionalProperties' ? child(value) : value];
    });
  const open = 'additionalProperties' in node || node['x-kubernetes-preserve-unknown-fields'] === true;
  return Object.fromEntries('properties' in node && !open ? [...inside, ['additionalProperties', false]] : inside);
}

const child = (value: unknown): unknown => {
  const parsed = schema.safeParse(value);
  return parsed.success ? closed(parsed.data) : value;
};
