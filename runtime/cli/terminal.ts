/** Where people read and answer. */
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';

export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** A yes or no; undefined without a terminal. */
  ask(question: string): Promise<boolean | undefined>;
  /** Forgets what is on the screen; nothing where there is none. */
  clear(): void;
  readonly colours: boolean;
}

/** Colours only on a terminal, and not if NO_COLOR is set to anything (https://no-color.org). */
export const wantsColours = (isTerminal: boolean, env: NodeJS.ProcessEnv): boolean =>
  isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';

/** Of a process: whether a person is at it is what the streams say of themselves. */
export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable;
  readonly env: NodeJS.ProcessEnv;
}

export function terminalOf({ stdin, stdout, stderr, env }: Streams): Terminal {
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    ask: async (question) => {
      if (stdin.isTTY !== true) return undefined;
      const asked = createInterface({ input: stdin, output: stderr });
      const ended = new AbortController();
      // Ctrl-C and Ctrl-D are answers too: readline alone would wait for ever, and the process end as if all were well.
      asked.once('SIGINT', () => asked.close()).once('close', () => ended.abort());
      try {
        return /^y(es)?$/i.test((await asked.question(`${question} [y/N] `, ended)).trim());
      } catch (error) {
        if (!ended.signal.aborted) throw error;
        return false;
      } finally {
        asked.close();
      }
    },
    clear: () => {
      // Home, and everything below it: what was scrolled away stays.
      if (stdout.isTTY === true) stdout.write('\x1b[H\x1b[J');
    },
    colours: wantsColours(stdout.isTTY === true, env),
  };
}
