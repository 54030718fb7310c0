/** How a result is written: a table for people, or its data as JSON or YAML. */
import { stringify } from 'yaml';
import type { Terminal } from '../terminal.ts';
import { paintOf, type Paint } from './table.ts';

export const FORMATS = ['table', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

export function present<T>(terminal: Terminal, format: Format, data: T, text: (data: T, paint: Paint) => string): void {
  switch (format) {
    case 'table':
      return terminal.out(`${text(data, paintOf(terminal.colours))}\n`);
    case 'json':
      return terminal.out(`${JSON.stringify(data, null, 2)}\n`);
    case 'yaml':
      // Documents that follow each other, as --watch writes them, stay apart.
      return terminal.out(`---\n${stringify(data)}`);
  }
}
