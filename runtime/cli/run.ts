/** One `hadr` command from its words to its exit code. What it needs of the machine is passed in. */
import type { Clock } from '../ports.ts';
import { parseCommandLine, type CommandName } from './command-line.ts';
import { history } from './commands/history.ts';
import { pause, pin, resume, unpin } from './commands/control.ts';
import { status } from './commands/status.ts';
import { readConfig, type Surroundings } from './config.ts';
import { openDesk, type Desk } from './desk.ts';
import { EXIT, Refusal, type ExitCode } from './exit.ts';
import { helpText } from './help.ts';
import type { Terminal } from './terminal.ts';
import { readToken } from './token.ts';

export interface Machine extends Surroundings {
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** Ctrl-C. */
  readonly interrupted: AbortSignal;
}

const ACTS: Readonly<Record<CommandName, (desk: Desk) => Promise<ExitCode>>> = {
  status,
  history,
  pause,
  resume,
  pin,
  unpin,
};

export async function run(argv: readonly string[], machine: Machine): Promise<ExitCode> {
  const { terminal } = machine;
  try {
    const given = parseCommandLine(argv);
    if (given.command === 'help') {
      terminal.out(helpText(given.of));
      return EXIT.ok;
    }
    const config = await readConfig(given, machine);
    const token = await readToken(given, config, machine);
    const desk = await openDesk({ ...machine, config, given, token });
    try {
      return await ACTS[given.command](desk);
    } finally {
      desk.close();
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    terminal.err(`hadr: ${error.message}\n`);
    return error.code;
  }
}
