/** The one way to the terminal: nothing that a file or another program wrote can steer it. */
import { visible } from '../../core/model/visible.ts';
import type { Terminal } from '../terminal.ts';

/** The colours that table.ts sets, and nothing else that begins with ESC. */

const COLOUR = /(\x1b\[(?:0|1|2|31|32|33)m)/;

const lines = (text: string): string => text.split('\n').map(visible).join('\n');

const coloured = (text: string): string =>
  text
    .split(COLOUR)
    .map((part, index) => (index % 2 === 1 ? part : lines(part)))
    .join('');

export const safeTerminal = (terminal: Terminal): Terminal => ({
  ...terminal,
  out: (text) => terminal.out(terminal.colours ? coloured(text) : lines(text)),
  err: (text) => terminal.err(lines(text)),
  ask: (question) => terminal.ask(visible(question)),
});
