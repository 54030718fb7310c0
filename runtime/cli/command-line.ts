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
  /** The one thing beside options that the command takes. */
  readonly argument?: { readonly name: string; readonly choices?: readonly string[] };
  readonly options: Readonly<Record<string, Option>>;
}

const to: Option = { type: 'string', value: 'CLUSTER', text: 'the cluster that gets the main tags' };
const yes: Option = { type: 'boolean', short: 'y', text: 'do not ask' };
const why: Option = { type: 'string', value: 'TEXT', text: 'for the commit message, which status and the log show' };

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const COMMANDS = {
  status: {
    summary: 'who holds the main tags, how each cluster is, and what happens next',
    options: { watch: { type: 'boolean', short: 'w', text: 'look again every round, until Ctrl-C' } },
  },
  history: {
    summary: 'the terms: who held the main tags, since when, for how long, and why',
    options: { limit: { type: 'string', value: 'N', text: 'how many terms, the newest first (10)' } },
  },
  explain: {
    summary: 'why a term was claimed: its decision made once more from what it recorded',
    argument: { name: 'term' },
    options: {},
  },
  switchover: {
    summary: 'moves the main tags to another cluster while both are healthy',
    options: { to, yes, why },
  },
  failover: {
    summary: 'moves them where the rules would not, or not yet; asks with its risks',
    options: {
      to,
      force: { type: 'boolean', text: 'needed: your word takes the place of the evidence' },
      yes,
      why,
    },
  },
  pause: { summary: 'nothing moves until resume', options: { why } },
  resume: { summary: 'ends a pause', options: { why } },
  pin: {
    summary: 'sends the main tags to a cluster once it is eligible, and keeps them there',
    options: {
      to,
      for: { type: 'string', value: '2h', text: 'the pin ends by itself after this: 90s, 30m, 2h, 7d' },
      why,
    },
  },
  unpin: { summary: 'ends a pin; the main tags stay where they are', options: { why } },
  drill: {
    summary: 'a switchover there and back, timed; the result goes into the status project',
    options: { to, yes, why },
  },
  doctor: { summary: 'what is wrong or soon will be, each with its mend', options: {} },
  completion: {
    summary: 'prints what makes a shell complete hadr',
    argument: { name: 'shell', choices: SHELLS },
    options: {},
  },
} as const satisfies Readonly<Record<string, CommandLine>>;

export type CommandName = keyof typeof COMMANDS;

/** Options that every command takes. */
export const COMMON = {
  output: { type: 'string', short: 'o', value: 'FORMAT', choices: FORMATS, text: 'table, json or yaml (table)' },
  config: { type: 'string', value: 'FILE', text: 'the config file (hadr.yaml)' },
  stack: { type: 'string', value: 'NAME', text: 'config from Pulumi.NAME.yaml instead of the file; HADR_STACK' },
  'gitlab-url': { type: 'string', value: 'URL', text: 'where GitLab is; HADR_GITLAB_URL' },
  'status-project': { type: 'string', value: 'PATH|ID', text: 'the status project; HADR_STATUS_PROJECT' },
  branch: { type: 'string', value: 'NAME', text: 'its branch (main); HADR_BRANCH' },
  fleet: { type: 'string', value: 'A,B', text: 'the names of all clusters; HADR_FLEET' },
  'main-tags': { type: 'string', value: 'T,…', text: 'the tags that move; HADR_MAIN_TAGS' },
  'token-file': { type: 'string', value: 'FILE', text: 'a file with your GitLab token; else HADR_TOKEN' },
  trust: { type: 'boolean', text: 'allow your token for the GitLab that the config file names, and remember it' },
  help: { type: 'boolean', short: 'h', text: 'this text' },
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

/** Throws a Refusal that names the nearest thing that would have been right. */
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
      throw wrongUsage(`--${name} ${value} is not known; give ${choices.join(' or ')}`);
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
    throw wrongUsage(`hadr ${command} takes no ${value}; see hadr ${command} --help`);
  if (argument && value === undefined)
    throw wrongUsage(`hadr ${command} needs a ${argument.name}, as in: hadr ${command} ${argument.choices?.[0] ?? 7}`);
  if (more.length > 0) throw wrongUsage(`hadr ${command} takes one ${argument?.name}, not ${given.length}`);
  if (argument?.choices && value !== undefined && !argument.choices.includes(value))
    throw wrongUsage(`hadr ${command} knows no ${value}; give ${argument.choices.join(' or ')}`);
  return value;
}
