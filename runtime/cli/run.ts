/** One `hadr` command from its words to its exit code. What it needs of the machine is passed in. */
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
import { openCommand, openFleet, type CommandContext, type FleetContext } from './context.ts';
import { EXIT, Refusal, type ExitCode } from './exit.ts';
import { helpText } from './help.ts';
import type { Machine } from './machine.ts';
import { readToken } from './token.ts';

type Act = (context: CommandContext) => Promise<ExitCode>;

/** For whoever can do nothing without the fleet. */
const withFleet =
  (act: (context: FleetContext) => Promise<ExitCode>): Act =>
  async (context) =>
    act(await openFleet(context));

/** Those that look at a fleet, or steer it. */
const ACTS: Readonly<Record<Exclude<CommandName, 'completion'>, Act>> = {
  status: withFleet(status),
  history: withFleet(history),
  explain: withFleet(explain),
  switchover: withFleet(switchover),
  failover: withFleet(failover),
  pause: withFleet(pause),
  resume: withFleet(resume),
  pin: withFleet(pin),
  unpin: withFleet(unpin),
  drill: withFleet(drill),
  doctor,
};

/** Every refusal is one sentence on stderr. */
export async function run(argv: readonly string[], machine: Machine): Promise<ExitCode> {
  const { terminal } = machine;
  try {
    const given = parseCommandLine(argv);
    if (given.command !== 'help') return await perform(given, machine);
    terminal.out(helpText(given.of));
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    terminal.err(`hadr: ${error.message}\n`);
    return error.code;
  }
}

async function perform(given: Given, machine: Machine): Promise<ExitCode> {
  const { command } = given;
  if (command === 'completion') {
    machine.terminal.out(completionOf(shellNamed(given.argument) ?? 'bash'));
    return EXIT.ok;
  }
  const config = await readConfig(given, machine);
  const token = await readToken(given, config, machine);
  const context = openCommand({ config, given, token, machine });
  try {
    return await ACTS[command](context);
  } finally {
    context.close();
  }
}
