/** One `hadr` command from its arguments to its exit code. What it needs of the machine is passed in. */
import { parseCommandLine, type CommandName, type Given } from './command-line.ts';
import { doctor } from './commands/doctor.ts';
import { drill } from './commands/drill.ts';
import { explain } from './commands/explain.ts';
import { failover } from './commands/failover.ts';
import { history } from './commands/history.ts';
import { pause, resume } from './commands/pause.ts';
import { pin, unpin } from './commands/pin.ts';
import { status } from './commands/status.ts';
import { switchover } from './commands/switchover.ts';
import { completionOf, shellNamed } from './completion.ts';
import { readConfig } from './config.ts';
import { openCommand, openFleet, type CommandContext, type FleetAct, type Usage } from './context.ts';
import { EXIT, Refusal, type ExitCode } from './exit.ts';
import { helpText } from './help.ts';
import type { Machine } from './machine.ts';
import { safeTerminal } from './present/safe-terminal.ts';
import { readToken } from './token.ts';
import { visible } from '../core/model/visible.ts';

type Act = (context: CommandContext) => Promise<ExitCode>;

/** For commands that can do nothing without the fleet. */
const withFleet =
  (act: FleetAct): Act =>
  async (context) =>
    act(await openFleet(context));

/** Each checks what was typed first; what it returns is done once there is a connection to GitLab. */
const COMMANDS: Readonly<Record<Exclude<CommandName, 'completion'>, (usage: Usage) => Act>> = {
  status: () => withFleet(status),
  history: (usage) => withFleet(history(usage)),
  explain: (usage) => withFleet(explain(usage)),
  switchover: (usage) => withFleet(switchover(usage)),
  failover: (usage) => withFleet(failover(usage)),
  pause: () => withFleet(pause),
  resume: () => withFleet(resume),
  pin: (usage) => withFleet(pin(usage)),
  unpin: () => withFleet(unpin),
  drill: (usage) => withFleet(drill(usage)),
  doctor: () => doctor,
};

/** A refusal is one sentence on stderr, and so is an unexpected error. */
export async function run(argv: readonly string[], outer: Machine): Promise<ExitCode> {
  const machine: Machine = { ...outer, terminal: safeTerminal(outer.terminal) };
  const { terminal } = machine;
  try {
    const given = parseCommandLine(argv);
    if (given.command !== 'help') return await perform(given, machine);
    terminal.out(helpText(given.of));
    return EXIT.ok;
  } catch (error) {
    const [code, sentence] = error instanceof Refusal ? [error.code, error.message] : unexpected(error);
    terminal.err(`hadr: ${visible(sentence)}\n`);
    if (!(error instanceof Refusal) && error instanceof Error && machine.env['HADR_DEBUG'] !== undefined)
      terminal.err(`${error.stack ?? ''}\n`);
    return code;
  }
}

const unexpected = (error: unknown): [ExitCode, string] => [
  EXIT.unknown,
  `unexpected error: ${error instanceof Error ? error.message : 'it has no message'}. This is a bug in hadr: run it again with HADR_DEBUG=1 and report what it prints.`,
];

async function perform(given: Given, machine: Machine): Promise<ExitCode> {
  const { command } = given;
  if (command === 'completion') {
    machine.terminal.out(completionOf(shellNamed(given.argument) ?? 'bash'));
    return EXIT.ok;
  }
  const config = await readConfig(given, machine);
  const act = COMMANDS[command]({ given, config });
  const token = await readToken(given, config, machine);
  const context = openCommand({ config, given, token, machine });
  try {
    return await act(context);
  } finally {
    context.close();
  }
}
