/** docs/configuration.md from the config schema, so that the page cannot differ from what is checked. */
import * as z from 'zod';
import { settingsSchema } from '../../infra/settings/schema.ts';

interface Schema {
  readonly [key: string]: unknown;
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const propertiesOf = (schema: Schema): [string, Schema][] =>
  isSchema(schema['properties'])
    ? Object.entries(schema['properties']).flatMap(([key, value]): [string, Schema][] =>
        isSchema(value) ? [[key, value]] : [],
      )
    : [];

/** What may be given, in a word or two. */
function typeOf(schema: Schema): string {
  const { type, anyOf, items, enum: values } = schema;
  if (Array.isArray(values)) return values.map((value) => `\`${String(value)}\``).join(' or ');
  if (Array.isArray(anyOf)) return [...new Set(anyOf.filter(isSchema).map(typeOf))].join(' or ');
  if (type === 'array') return `list of ${isSchema(items) ? `${typeOf(items)}s` : 'values'}`;
  if (type === 'integer') return `whole number${rangeOf(schema)}`;
  if (type === 'number') return `number${rangeOf(schema)}`;
  if (type === 'boolean') return '`true` or `false`';
  if (type === 'string') return 'text';
  return type === 'object' ? 'map' : 'text';
}

function rangeOf({ minimum, maximum, exclusiveMinimum }: Schema): string {
  const least =
    typeof minimum === 'number'
      ? ` from ${minimum}`
      : typeof exclusiveMinimum === 'number'
        ? ` above ${exclusiveMinimum}`
        : '';
  const most = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? ` up to ${maximum}` : '';
  return `${least}${most}`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function row(key: string, schema: Schema, isRequired: boolean): string {
  const { default: fallback, description } = schema;
  const given = fallback === undefined || fallback === '' ? '–' : `\`${JSON.stringify(fallback)}\``;
  const shown = isRequired ? '**required**' : given;
  const meaning = typeof description === 'string' ? description : '';
  return `| \`${key}\` | ${cell(typeOf(schema))} | ${cell(shown)} | ${cell(meaning)} |`;
}

function table(prefix: string, schema: Schema): string {
  const required: readonly unknown[] = Array.isArray(schema['required']) ? schema['required'] : [];
  const rows = propertiesOf(schema)
    .filter(([, property]) => propertiesOf(property).length === 0)
    .map(([key, property]) => row(`${prefix}${key}`, property, required.includes(key)));
  return ['| key | value | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function section([name, schema]: [string, Schema]): string {
  const { description } = schema;
  const inner = propertiesOf(schema).filter(([, property]) => propertiesOf(property).length > 0);
  return [
    `## ${name}`,
    ...(typeof description === 'string' ? [description] : []),
    table(`${name}.`, schema),
    ...inner.map(([key, property]) => table(`${name}.${key}.`, property)),
  ].join('\n\n');
}

export function reference(): string {
  const schema: unknown = z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' });
  if (!isSchema(schema)) throw new Error('the schema of the settings has no form');
  const sections = propertiesOf(schema).filter(([, property]) => propertiesOf(property).length > 0);
  return [
    '# Configuration',
    'Keys of `Pulumi.<stack>.yaml`, each with the prefix `gitlab-runner-hadr:`. `npm run docs:reference` makes this page from the ' +
      'schema (`infra/settings/schema.ts`, `runtime/config.ts`); rules between keys are in `infra/settings/rules.ts` and ' +
      '`runtime/timing.ts`. A config that breaks any of it is refused before anything is created, all problems in one message.',
    'Set one with `pulumi config set --path`, for example:',
    [
      '```sh',
      'pulumi config set --path runner.replicas 4',
      "pulumi config set --path 'ownTags[0]' runner-a",
      '```',
    ].join('\n'),
    'Without `--path` Pulumi takes `runner.replicas` for a key with a dot in its name, and refuses a list. Add `--secret` where the ' +
      'meaning begins with "Secret".',
    '## The stack',
    table('', schema),
    ...sections.map(section),
    '',
  ].join('\n\n');
}
