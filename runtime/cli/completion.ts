/** Shell completion scripts, from the table of commands. They do not complete names of clusters. */
import { COMMANDS, COMMON, SHELLS, type CommandLine, type Option } from './command-line.ts';

type Shell = (typeof SHELLS)[number];

export const shellNamed = (name: string | undefined): Shell | undefined => SHELLS.find((shell) => shell === name);

const commands: readonly (readonly [string, CommandLine])[] = Object.entries(COMMANDS);
const optionsOf = (line: CommandLine): readonly (readonly [string, Option])[] =>
  Object.entries({ ...line.options, ...COMMON });
const names = (line: CommandLine): string =>
  optionsOf(line)
    .map(([name]) => `--${name}`)
    .join(' ');

export function completionOf(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return bash();
    case 'zsh':
      // zsh reads what bash reads.
      return `autoload -U +X bashcompinit && bashcompinit\n${bash()}`;
    case 'fish':
      return fish();
  }
}

function bash(): string {
  const cases = commands.map(
    ([name, line]) => `    ${name}) words="${[...(line.argument?.choices ?? []), names(line)].join(' ')}" ;;`,
  );
  return [
    '_hadr() {',
    '  local words current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"',
    '  case "${COMP_WORDS[1]}" in',
    ...cases,
    '  esac',
    `  [ "$COMP_CWORD" -eq 1 ] && words="${commands.map(([name]) => name).join(' ')} help"`,
    `  case "$previous" in -o|--output) words="${COMMON.output.choices.join(' ')}" ;; esac`,
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    'complete -o default -F _hadr hadr',
    '',
  ].join('\n');
}

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`\'`)}'`;

function fish(): string {
  const all = commands.map(([name]) => name).join(' ');
  return [
    'complete -c hadr -f',
    ...commands.map(
      ([name, { summary }]) =>
        `complete -c hadr -n "not __fish_seen_subcommand_from ${all}" -a ${name} -d ${quoted(summary)}`,
    ),
    ...commands.flatMap(([name, line]) => [
      ...(line.argument?.choices ?? []).map(
        (choice) => `complete -c hadr -n "__fish_seen_subcommand_from ${name}" -a ${choice}`,
      ),
      ...optionsOf(line).map(
        ([option, { text, type, short }]) =>
          `complete -c hadr -n "__fish_seen_subcommand_from ${name}" -l ${option}${short === undefined ? '' : ` -s ${short}`}${type === 'string' ? ' -r' : ''} -d ${quoted(text)}`,
      ),
    ]),
    '',
  ].join('\n');
}
