/** What every command works with: its config, its connection to GitLab, its terminal, and the fleet. */
import { readFleet } from '../fleet/read-fleet.ts';
import type { FleetAccess } from '../fleet/access.ts';
import { connectGitLab, type GitLabConnection } from '../adapters/gitlab/connect.ts';
import { inquiryOf } from '../adapters/gitlab/inquiry.ts';
import type { FleetFacts } from '../core/model/facts.ts';
import type { Inquiry, ProjectView } from '../ports.ts';
import type { Given } from './command-line.ts';
import type { HadrConfig } from './config.ts';
import { notKnown, wrongUsage, type ExitCode } from './exit.ts';
import { FORMATS, type Format } from './present/output.ts';
import type { Machine } from './machine.ts';

/** What was typed and what is configured: enough to refuse wrong usage before GitLab is asked. */
export type Usage = Pick<CommandContext, 'given' | 'config'>;

/** What a command does with the fleet, after its usage was checked. */
export type FleetAct = (context: FleetContext) => Promise<ExitCode>;

/** What a command has from the start: its config, its terminal and a connection to GitLab; nothing has been read yet. */
export interface CommandContext extends Pick<Machine, 'terminal' | 'clock' | 'execute' | 'wallClock' | 'interrupted'> {
  readonly config: HadrConfig;
  readonly given: Given;
  readonly format: Format;
  readonly gitlab: Pick<GitLabConnection, 'records' | 'project'>;
  readonly inquiry: Inquiry;
  readonly close: () => void;
}

/** With access to the fleet. */
export interface FleetContext extends CommandContext {
  readonly access: FleetAccess;
  /** The status project. */
  readonly project: ProjectView;
}

export interface CommandOptions {
  readonly config: HadrConfig;
  readonly given: Given;
  readonly token: string;
  readonly machine: Machine;
}

const formatOf = (given: Given): Format => FORMATS.find((format) => format === given.texts.get('output')) ?? 'table';

export function openCommand({ config, given, token, machine }: CommandOptions): CommandContext {
  const { terminal, clock, interrupted, execute, wallClock } = machine;
  const gitlab = connectGitLab({
    ...config.gitlab,
    token: () => Promise.resolve(token),
    requestSeconds: config.timing.requestSeconds,
    clock,
  });
  return {
    config,
    given,
    format: formatOf(given),
    terminal,
    clock,
    execute,
    wallClock,
    interrupted,
    gitlab,
    inquiry: inquiryOf(gitlab.resource),
    close: gitlab.close,
  };
}

export function withProject(context: CommandContext, project: ProjectView): FleetContext {
  const { config, gitlab, clock, terminal } = context;
  const { fleet, mainTags, policy, timing } = config;
  return {
    ...context,
    access: {
      config: { fleet, mainTags, policy, timing },
      records: gitlab.records,
      project: gitlab.project(project.id, config.statusProject.branch),
      clock,
      say: (line) => terminal.err(`${line}\n`),
    },
    project,
  };
}

/** Throws a Refusal where the status project cannot be reached with this token. */
export async function openFleet(context: CommandContext): Promise<FleetContext> {
  const { gitlab, statusProject } = context.config;
  const found = await context.inquiry.project(statusProject.path);
  if (found.kind === 'found') return withProject(context, found.value);
  const why = found.kind === 'unknown' ? found.why : 'it does not exist';
  throw notKnown(
    `the status project ${statusProject.path} at ${gitlab.url} cannot be read: ${why}. Check statusProject.path and the token; nothing was changed.`,
  );
}

/** A cluster that the config knows. */
export function clusterGiven({ given, config }: Usage): string {
  const name = given.texts.get('to');
  const { fleet } = config;
  if (name === undefined) throw wrongUsage(`hadr ${given.command} needs --to: one of ${fleet.join(', ')}`);
  if (!fleet.includes(name))
    throw wrongUsage(`there is no cluster ${name} in the fleet; give one of ${fleet.join(', ')}. Nothing was changed.`);
  return name;
}

/** The fleet for a command that will change something: control.json and a report must be readable. Throws a Refusal. */
export async function fleetToChange(context: FleetContext): Promise<FleetFacts> {
  const facts = await readFleet(context.access);
  const { control, members } = facts;
  if (control.kind === 'unknown')
    throw notKnown(
      `control.json cannot be used: ${control.why}. If the file is wrong, correct it in ${context.project.url} or delete it there (without it nothing is paused, pinned or retired). Nothing was changed.`,
    );
  if (members.every(({ report }) => report.kind === 'absent'))
    throw notKnown(
      `no cluster has ever reported to ${context.project.url} (branch ${context.config.statusProject.branch}): check that it is the right project, and that a checker runs. Nothing was changed.`,
    );
  return facts;
}
