/** `hadr doctor`: checks everything that the fleet needs, and suggests a fix for each problem. */
import * as z from 'zod';
import { readFleet } from '../../fleet/read-fleet.ts';
import type { OwnerName } from '../../ports.ts';
import type { HadrConfig } from '../config.ts';
import { withProject, type CommandContext, type FleetContext } from '../context.ts';
import { deployedFindings } from '../doctor/deployed.ts';
import { findingSchema, note, type Finding } from '../doctor/finding.ts';
import { branchFinding, clockFinding, ownTokenFinding, projectFinding, versionFinding } from '../doctor/instance.ts';
import { filesFindings, memberFindings } from '../doctor/members.ts';
import { pushersFinding } from '../doctor/pushers.ts';
import { needsOf, tokenFindings } from '../doctor/tokens.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { present } from '../present/output.ts';
import { table, type Paint } from '../present/table.ts';

export const doctorSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal('doctor'),
  findings: z.array(findingSchema),
});
type Diagnosis = z.infer<typeof doctorSchema>;

export async function doctor(context: CommandContext): Promise<ExitCode> {
  const findings = await findingsOf(context);
  const result: Diagnosis = { version: 1, kind: 'doctor', findings };
  present(context.terminal, context.format, result, { schema: doctorSchema, text: doctorText });
  return codeOf(findings);
}

/** Notes are information; only what is wrong or could not be checked makes the command fail. */
function codeOf(findings: readonly Finding[]): ExitCode {
  if (findings.some(({ level }) => level === 'wrong')) return EXIT.degraded;
  return findings.some(({ level }) => level === 'unknown') ? EXIT.unknown : EXIT.ok;
}

/** Every check that is possible. The files of the status project are checked only if it can be read. */
async function findingsOf(context: CommandContext): Promise<Finding[]> {
  const { inquiry, config, execute, wallClock } = context;
  const { stack, statusProject, gitlab } = config;
  const owner = ownerOf(config);
  const before = wallClock();
  const { version, at } = await inquiry.greeting();
  const here = (before + wallClock()) / 2000;
  const [own, project, owned] = await Promise.all([
    inquiry.ownToken(),
    inquiry.project(statusProject.path),
    owner && inquiry.tokens(owner),
  ]);
  const seen = project.kind === 'found' ? await checkProject(withProject(context, project.value)) : undefined;
  const needs = config.fleet.map((cluster) => needsOf(cluster, owner?.kind ?? 'group'));
  const ofOwner = needs.flatMap((need) => need.owner);
  const ofStatus = needs.flatMap((need) => need.status);
  return [
    versionFinding(gitlab.url, version, at !== undefined),
    ...(at === undefined ? [] : [clockFinding(at, here)]),
    ownTokenFinding(own),
    projectFinding(statusProject.path, project),
    ...(seen?.findings ?? []),
    ...(owner && owned ? tokenFindings(`${owner.kind} ${owner.ref}`, owned, ofOwner) : [NO_OWNER]),
    ...(seen ? tokenFindings('the status project', seen.tokens, ofStatus) : []),
    ...(stack
      ? await deployedFindings(
          execute,
          { config, stack, projectId: project.kind === 'found' ? project.value.id : undefined },
          seen?.facts.members.find(({ name }) => name === stack.name),
        )
      : []),
  ];
}

const NO_OWNER = note(
  'tokens of the runners’ group',
  'the config names no group or project',
  'set gitlab.group in the config to have them checked',
);

/** Checks the status project and everything that its files name. */
async function checkProject({ inquiry, config, project, access }: FleetContext) {
  const { branch } = config.statusProject;
  const [rule, level, members, facts, tokens] = await Promise.all([
    inquiry.branch(project.id, branch),
    inquiry.pushLevel(project.id, branch),
    inquiry.members(project.id),
    readFleet(access),
    inquiry.tokens({ kind: 'project', ref: project.id }),
  ]);
  const findings = [
    branchFinding(branch, rule, project.isEmpty),
    pushersFinding(level, members, config.fleet.length),
    ...filesFindings(facts),
    ...facts.members.flatMap((member) => memberFindings(member, config)),
  ];
  return { findings, facts, tokens };
}

function ownerOf({ gitlab: { group, project } }: HadrConfig): OwnerName | undefined {
  if (group !== undefined) return { kind: 'group', ref: group };
  return project === undefined ? undefined : { kind: 'project', ref: project };
}

const SIGNS: Readonly<Record<Finding['level'], string>> = { ok: '✔', note: '!', wrong: '✘', unknown: '?' };

function doctorText({ findings }: Diagnosis, paint: Paint): string {
  const paints = { ok: paint.good, note: paint.fair, wrong: paint.bad, unknown: paint.bad };
  const rows = findings.map(({ check, level, found }) => [paints[level](SIGNS[level]), check, found]);
  const fixes = findings.filter(({ fix }) => fix !== null);
  return [table(rows), ...(fixes.length === 0 ? [] : ['', ...fixes.map(({ check, fix }) => `${check}: ${fix}`)])].join(
    '\n',
  );
}
