/** Columns and colours for people. Widths are those of the plain text, so that colours move nothing. */
import { stripVTControlCharacters } from 'node:util';

export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly fair: (text: string) => string;
  readonly bad: (text: string) => string;
}

const coloured =
  (code: number) =>
  (text: string): string =>
    text === '' ? '' : `\x1b[${code}m${text}\x1b[0m`;
const plain = (text: string): string => text;

export const paintOf = (colours: boolean): Paint =>
  colours
    ? { bold: coloured(1), dim: coloured(2), good: coloured(32), fair: coloured(33), bad: coloured(31) }
    : { bold: plain, dim: plain, good: plain, fair: plain, bad: plain };

const widthOf = (cell: string): number => [...stripVTControlCharacters(cell)].length;

/** Rows of equal length, aligned; no line ends in blanks. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
