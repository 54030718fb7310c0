/** Where people read and answer. */
import { createInterface } from 'node:readline/promises';

export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** A yes or no; undefined where nobody is there to be asked. */
  ask(question: string): Promise<boolean | undefined>;
  /** Forgets what is on the screen; nothing where there is none. */
  clear(): void;
  readonly colours: boolean;
}

/** Colours only where a person looks, and not where NO_COLOR is set to anything (https://no-color.org). */
export const wantsColours = (isTerminal: boolean, env: NodeJS.ProcessEnv): boolean =>
  isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    ask: async (question) => {
      if (!stdin.isTTY) return undefined;
      const asked = createInterface({ input: stdin, output: stderr });
      try {
        return /^y(es)?$/i.test((await asked.question(`${question} [y/N] `)).trim());
      } finally {
        asked.close();
      }
    },
    clear: () => {
      // Home, and everything below it: what was scrolled away stays.
      if (stdout.isTTY) stdout.write('\x1b[H\x1b[J');
    },
    colours: wantsColours(stdout.isTTY, env),
  };
}
