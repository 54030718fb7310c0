/** `hadr doctor`: looks at everything that a fleet stands on, and says of each finding how to mend it. */
import * as z from 'zod';
import { look } from '../../hand-over/look.ts';
import type { OwnerName } from '../../ports.ts';
import type { HadrConfig } from '../config.ts';
import type { Desk } from '../desk.ts';
import { deployedFindings } from '../doctor/deployed.ts';
import { findingSchema, note, type Finding } from '../doctor/finding.ts';
import { branchFinding, clockFinding, ownTokenFinding, versionFinding } from '../doctor/instance.ts';
import { filesFindings, memberFindings } from '../doctor/members.ts';
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

export async function doctor(desk: Desk): Promise<ExitCode> {
  const findings = await findingsOf(desk);
  const result: Diagnosis = { version: 1, kind: 'doctor', findings };
  present(desk.terminal, desk.format, result, doctorText);
  return codeOf(findings);
}

/** Notes are for people; only what is wrong or could not be looked at makes the command fail. */
function codeOf(findings: readonly Finding[]): ExitCode {
  if (findings.some(({ level }) => level === 'wrong')) return EXIT.degraded;
  return findings.some(({ level }) => level === 'unknown') ? EXIT.unknown : EXIT.ok;
}

async function findingsOf(desk: Desk): Promise<Finding[]> {
  const { inquiry, config, project, access, execute, wallClock } = desk;
  const { branch } = config.statusProject;
  const before = wallClock();
  const version = await inquiry.version();
  const here = (before + wallClock()) / 2000;
  const [own, rule, facts] = await Promise.all([inquiry.ownToken(), inquiry.branch(project.id, branch), look(access)]);
  const self = facts.members.find(({ name }) => name === config.stack?.name);
  return [
    versionFinding(config.gitlab.url, version),
    ...(version.kind === 'found' ? [clockFinding(version.at, here)] : []),
    ownTokenFinding(own, facts.now),
    branchFinding(branch, rule),
    ...filesFindings(facts),
    ...facts.members.flatMap((member) => memberFindings(member, config)),
    ...(await runtimeTokens(desk, facts.now)),
    ...(config.stack
      ? await deployedFindings(execute, { config, stack: config.stack, projectId: project.id }, self)
      : []),
  ];
}

/** `hadr-<cluster>-…` in the group and in the status project. */
async function runtimeTokens({ config, inquiry, project }: Desk, now: number): Promise<Finding[]> {
  const owner = ownerOf(config);
  const status: OwnerName = { kind: 'project', ref: project.id };
  const kind = owner?.kind ?? 'group';
  const [owned, committed] = await Promise.all([owner && inquiry.tokens(owner), inquiry.tokens(status)]);
  const needs = config.fleet.map((cluster) => needsOf(cluster, kind));
  return [
    ...(owner && owned
      ? tokenFindings(
          `${owner.kind} ${owner.ref}`,
          owned,
          needs.flatMap((need) => need.owner),
          now,
        )
      : [
          note(
            'tokens of the runners’ group',
            'the config names no group or project',
            'give gitlab.group in the config, and they are looked at',
          ),
        ]),
    ...tokenFindings(
      'the status project',
      committed,
      needs.flatMap((need) => need.status),
      now,
    ),
  ];
}

function ownerOf({ gitlab: { group, project } }: HadrConfig): OwnerName | undefined {
  if (group !== undefined) return { kind: 'group', ref: group };
  return project === undefined ? undefined : { kind: 'project', ref: project };
}

const SIGNS: Readonly<Record<Finding['level'], string>> = { ok: '✔', note: '!', wrong: '✘', unknown: '?' };

export function doctorText({ findings }: Diagnosis, paint: Paint): string {
  const paints = { ok: paint.good, note: paint.fair, wrong: paint.bad, unknown: paint.bad };
  const rows = findings.map(({ check, level, found }) => [paints[level](SIGNS[level]), check, found]);
  const mends = findings.filter(({ mend }) => mend !== null);
  return [
    table(rows),
    ...(mends.length === 0 ? [] : ['', ...mends.map(({ check, mend }) => `${check}: ${mend}`)]),
  ].join('\n');
}
