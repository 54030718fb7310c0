/** How a result is written: a table for people, or its data as JSON or YAML. */
import { stringify } from 'yaml';
import type * as z from 'zod';
import { visible } from '../../core/model/visible.ts';
import type { Terminal } from '../terminal.ts';
import { paintOf, type Paint } from './table.ts';

export const FORMATS = ['table', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** A kind of result: its documented shape, and how people read it. */
export interface View<T> {
  readonly schema: z.ZodType<T>;
  readonly text: (data: T, paint: Paint) => string;
}

export function present<T>(terminal: Terminal, format: Format, data: T, { schema, text }: View<T>): void {
  switch (format) {
    case 'table':
      // Before colours are added: a text that others wrote must not bring its own.
      return terminal.out(`${text(schema.parse(withVisible(data)), paintOf(terminal.colours))}\n`);
    case 'json':
      return terminal.out(`${escaped(JSON.stringify(data, null, 2))}\n`);
    case 'yaml':
      // Documents that follow each other, as --watch writes them, stay apart.
      return terminal.out(`---\n${yamlOf(data)}`);
  }
}

function withVisible(value: unknown): unknown {
  if (typeof value === 'string') return visible(value);
  if (Array.isArray(value)) return value.map(withVisible);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withVisible(inner)]));
}

/** What JSON leaves as it is and a terminal would obey or hide. The data stays the same: `\u…` is JSON's own escape. */
const escaped = (json: string): string =>
  json.replaceAll(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  );

/** YAML's double quotes know the escapes of JSON; other texts stay as people write YAML. */
function yamlOf(data: unknown): string {
  const plain = stringify(data);
  return plain === plain.split('\n').map(visible).join('\n')
    ? plain
    : escaped(stringify(data, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' }));
}
