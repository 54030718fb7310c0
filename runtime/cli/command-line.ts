/** The commands and their options as data: what is parsed, what help shows and what shells complete are the same. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { wrongUsage } from './exit.ts';
import { FORMATS } from './present/output.ts';

export interface Option {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  /** How help names the value. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly text: string;
}

export interface CommandLine {
  readonly summary: string;
  /** The positional argument, if the command takes one. */
  readonly argument?: { readonly name: string; readonly choices?: readonly string[] };
  readonly options: Readonly<Record<string, Option>>;
}

const to: Option = { type: 'string', value: 'CLUSTER', text: 'cluster that gets the main tags' };
const yes: Option = { type: 'boolean', short: 'y', text: 'do not ask' };
const why: Option = {
  type: 'string',
  value: 'TEXT',
  text: 'reason for the commit message; hadr status and the git log show it',
};

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const COMMANDS = {
  status: {
    summary: 'show the holder of the main tags, the state of each cluster, and what happens next',
    options: { watch: { type: 'boolean', short: 'w', text: 'repeat every round, until Ctrl-C' } },
  },
  history: {
    summary: 'list the terms: holder, time, duration and reason',
    options: { limit: { type: 'string', value: 'N', text: 'number of terms, the newest first (10)' } },
  },
  explain: {
    summary: 'explain why a term was claimed, by replaying its recorded decision',
    argument: { name: 'term' },
    options: {},
  },
  switchover: {
    summary: 'move the main tags to another cluster while both are healthy',
    options: { to, yes, why },
  },
  failover: {
    summary: 'claim the main tags for a cluster without evidence, after showing the risks and asking',
    options: {
      to,
      force: { type: 'boolean', text: 'required: claim without the evidence that checkers need' },
      yes,
      why,
    },
  },
  pause: { summary: 'stop all moves of the main tags', options: { why } },
  resume: { summary: 'end a pause', options: { why } },
  pin: {
    summary: 'move the main tags to a cluster as soon as it may claim them, and keep them there',
    options: {
      to,
      for: { type: 'string', value: '2h', text: 'end the pin after this time: 90s, 30m, 2h, 7d' },
      why,
    },
  },
  unpin: { summary: 'end a pin; the main tags stay where they are', options: { why } },
  drill: {
    summary: 'switch over to a cluster and back, and publish the measured times',
    options: { to, yes, why },
  },
  doctor: { summary: 'diagnose problems and suggest fixes', options: {} },
  completion: {
    summary: 'print a shell completion script',
    argument: { name: 'shell', choices: SHELLS },
    options: {},
  },
} as const satisfies Readonly<Record<string, CommandLine>>;

export type CommandName = keyof typeof COMMANDS;

/** Options that every command takes. */
export const COMMON = {
  output: { type: 'string', short: 'o', value: 'FORMAT', choices: FORMATS, text: 'table, json or yaml (table)' },
  config: { type: 'string', value: 'FILE', text: 'config file (hadr.yaml)' },
  stack: { type: 'string', value: 'NAME', text: 'read the config from Pulumi.NAME.yaml; HADR_STACK' },
  'gitlab-url': { type: 'string', value: 'URL', text: 'address of GitLab; HADR_GITLAB_URL' },
  'status-project': { type: 'string', value: 'PATH|ID', text: 'status project; HADR_STATUS_PROJECT' },
  branch: { type: 'string', value: 'NAME', text: 'branch of the status project (main); HADR_BRANCH' },
  fleet: { type: 'string', value: 'A,B', text: 'names of all clusters; HADR_FLEET' },
  'main-tags': { type: 'string', value: 'T,…', text: 'main tags; HADR_MAIN_TAGS' },
  'token-file': { type: 'string', value: 'FILE', text: 'file with your GitLab token; default HADR_TOKEN' },
  trust: { type: 'boolean', text: 'allow your token for the GitLab that the config file names, and remember it' },
  help: { type: 'boolean', short: 'h', text: 'show this help' },
} as const satisfies Readonly<Record<string, Option>>;

/** What was given on the command line. */
export interface Given {
  readonly command: CommandName;
  readonly argument: string | undefined;
  readonly flags: ReadonlySet<string>;
  readonly texts: ReadonlyMap<string, string>;
}

export type Parsed = Given | { readonly command: 'help'; readonly of: CommandName | undefined };

const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name);

/** Throws a Refusal that says what to type instead. */
export function parseCommandLine(argv: readonly string[]): Parsed {
  const [first, ...rest] = argv;
  if (first === undefined || first === '--help' || first === '-h') return { command: 'help', of: undefined };
  if (first === 'help')
    return { command: 'help', of: rest[0] !== undefined && isCommand(rest[0]) ? rest[0] : undefined };
  if (!isCommand(first))
    throw wrongUsage(`there is no command ${first}; give one of ${Object.keys(COMMANDS).join(', ')}, or --help`);
  const line: CommandLine = COMMANDS[first];
  const options: Readonly<Record<string, Option>> = { ...COMMON, ...line.options };
  const { values, positionals } = split(first, options, rest);
  if (values['help'] === true) return { command: 'help', of: first };
  const flags = new Set<string>();
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(values)) {
    if (value === true) flags.add(name);
    if (typeof value !== 'string') continue;
    const choices = options[name]?.choices;
    if (choices && !choices.includes(value))
      throw wrongUsage(`--${name} ${value} is not valid; give ${choices.join(' or ')}`);
    texts.set(name, value);
  }
  return { command: first, argument: argumentOf(first, line, positionals), flags, texts };
}

function split(command: string, options: Readonly<Record<string, Option>>, args: readonly string[]) {
  const config: ParseArgsConfig['options'] = Object.fromEntries(
    Object.entries(options).map(([name, { type, short }]) => [name, { type, ...(short !== undefined && { short }) }]),
  );
  try {
    return parseArgs({ args: [...args], options: config, allowPositionals: true });
  } catch (error) {
    const said = error instanceof Error ? (error.message.split(/\. (?:To|Did)/)[0] ?? '') : 'wrong options';
    throw wrongUsage(`hadr ${command}: ${said}; see hadr ${command} --help`);
  }
}

function argumentOf(command: string, { argument }: CommandLine, given: readonly string[]): string | undefined {
  const [value, ...more] = given;
  if (!argument && value !== undefined)
    throw wrongUsage(`hadr ${command} takes no argument, but got ${value}; see hadr ${command} --help`);
  if (argument && value === undefined)
    throw wrongUsage(`hadr ${command} needs a ${argument.name}, as in: hadr ${command} ${argument.choices?.[0] ?? 7}`);
  if (more.length > 0) throw wrongUsage(`hadr ${command} takes one ${argument?.name}, but got ${given.length}`);
  if (argument?.choices && value !== undefined && !argument.choices.includes(value))
    throw wrongUsage(`hadr ${command} cannot use ${value}; give ${argument.choices.join(' or ')}`);
  return value;
}
