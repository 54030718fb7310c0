/** Strict JSON schemas for kubeconform from the API description of Kubernetes: an unknown field is an error. */
import * as z from 'zod';

const kinds = z.array(z.object({ group: z.string(), version: z.string(), kind: z.string() }));
const openApi = z.object({ definitions: z.record(z.string(), z.record(z.string(), z.unknown())) });

type Definition = Readonly<Record<string, unknown>>;

const DEFINITIONS = '_definitions.json';
const GROUP_VERSION_KIND = 'x-kubernetes-group-version-kind';

/** kubeconform's template for the path of each schema in a folder. */
export const SCHEMA_LOCATION = '{{ .ResourceKind }}{{ .KindSuffix }}.json';

/** What the API takes as text or as a number, though the description says text alone. */
const TEXT_OR_NUMBER: Readonly<Record<string, Definition>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: ['string', 'number'] },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { type: ['string', 'integer'] },
};

/** Files by name: one a kind, and one with all that they are made of. */
export function schemasOf(description: unknown): ReadonlyMap<string, object> {
  const { definitions } = openApi.parse(description);
  const files = new Map<string, object>();
  const strict: Record<string, Definition> = {};
  for (const [name, definition] of Object.entries(definitions)) {
    strict[name] = TEXT_OR_NUMBER[name] ?? closed(definition);
    for (const { group, version, kind } of kinds.parse(definition[GROUP_VERSION_KIND] ?? []))
      files.set(fileOf(group, version, kind), objectSchema(name, kind, group === '' ? version : `${group}/${version}`));
  }
  return files.set(DEFINITIONS, { definitions: strict });
}

/** kubeconform keeps the first part of a group: `rbac.authorization.k8s.io` is `rbac`. */
export function fileOf(group: string, version: string, kind: string): string {
  const parts = [kind, ...(group === '' ? [] : [group.split('.')[0]]), version];
  return `${parts.join('-').toLowerCase()}.json`;
}

/** The description leaves apiVersion and kind open, since clients know what they ask for. */
const objectSchema = (name: string, kind: string, apiVersion: string): object => ({
  allOf: [{ $ref: `${DEFINITIONS}#/definitions/${name}` }],
  properties: { apiVersion: { enum: [apiVersion] }, kind: { enum: [kind] } },
  required: ['apiVersion', 'kind'],
});

/** With no room for fields that are not described. */
function closed(definition: Definition): Definition {
  const bare = Object.fromEntries(
    Object.entries(definition)
      .filter(([key]) => key !== 'description' && !key.startsWith('x-kubernetes-'))
      .map(([key, value]) => [key, key === 'properties' ? properties(value) : value]),
  );
  return 'properties' in bare ? { ...bare, additionalProperties: false } : bare;
}

function properties(value: unknown): object {
  const described = z.record(z.string(), z.record(z.string(), z.unknown())).parse(value);
  return Object.fromEntries(Object.entries(described).map(([name, property]) => [name, closed(property)]));
}
