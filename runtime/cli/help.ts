/** What --help prints, from the table of commands. */
import { COMMANDS, COMMON, type CommandLine, type CommandName, type Option } from './command-line.ts';
import { table } from './present/table.ts';

const CODES = 'Exit codes: 0 ok, 1 degraded or refused, 2 no holder, 3 two holders, 4 unknown, 64 wrong usage.';

const nameOf = (name: string, { short, value }: Option): string =>
  `  ${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;

const optionsText = (options: Readonly<Record<string, Option>>): string =>
  table(Object.entries(options).map(([name, option]) => [nameOf(name, option), option.text]));

export function helpText(command: CommandName | undefined): string {
  if (command === undefined)
    return [
      'hadr COMMAND [options]: show and control which cluster holds the main tags of your GitLab runners.\n',
      table(Object.entries(COMMANDS).map(([name, { summary }]) => [`  ${name}`, summary])),
      `\nOptions of every command:\n${optionsText(COMMON)}`,
      `\n${CODES}\nSee hadr COMMAND --help and docs/hadr.md for details.\n`,
    ].join('\n');
  const line: CommandLine = COMMANDS[command];
  const argument = line.argument ? ` ${line.argument.name.toUpperCase()}` : '';
  return [
    `hadr ${command}${argument} [options]: ${line.summary}.\n`,
    ...(Object.keys(line.options).length > 0 ? [optionsText(line.options)] : []),
    `\nOptions of every command:\n${optionsText(COMMON)}`,
    `\n${CODES}\n`,
  ].join('\n');
}
