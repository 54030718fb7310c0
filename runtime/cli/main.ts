/** The entry of `hadr`: this process, its terminal and its environment. */
import { wallClock } from '../adapters/process/clock.ts';
import { EXIT } from './exit.ts';
import { executeIn, interruptibleClock } from './machine.ts';
import { run } from './run.ts';
import { terminalOf } from './terminal.ts';

const interrupt = new AbortController();
// The first Ctrl-C ends a wait and lets the command tidy up; the second ends the process.
process.once('SIGINT', () => {
  interrupt.abort();
  process.once('SIGINT', () => process.exit(130));
});
// A closed pipe (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : EXIT.unknown));

const surroundings = { env: process.env, cwd: process.cwd() };
void run(process.argv.slice(2), {
  ...surroundings,
  execute: executeIn(surroundings),
  wallClock,
  terminal: terminalOf(process),
  clock: interruptibleClock(interrupt.signal),
  interrupted: interrupt.signal,
}).then((code) => {
  process.exitCode = code;
});
