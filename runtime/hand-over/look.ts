/** Reads the fleet as a checker does, for a cluster that has none at hand: `pulumi destroy` runs where people are. */
import { unknown } from '../core/answer.ts';
import { CONTROL_PATH, reportPath } from '../core/files.ts';
import type { RivalFacts } from '../core/facts.ts';
import type { FleetFacts } from '../core/leave.ts';
import { completeFromTerm, controlOf, highestKnown, readRecords, reportOf } from '../checker/observe.ts';
import { newestTerm } from '../checker/newest-term.ts';
import type { Member } from './member.ts';

export async function look(member: Member): Promise<FleetFacts> {
  const { config, project } = member;
  const [controlText, ...reportTexts] = await Promise.all([
    project.file(CONTROL_PATH),
    ...config.fleet.map((name) => project.file(reportPath(name))),
  ]);
  const known = await Promise.all(
    config.fleet.map(async (name, index): Promise<RivalFacts> => {
      const report = reportOf(name, reportTexts[index]);
      const ids = report.kind === 'found' ? report.value.records : [];
      return { name, report, records: await readRecords(member, ids), former: [] };
    }),
  );
  const term = await newestTerm(project, highestKnown(undefined, unknown('it is among the members'), known));
  const members = await completeFromTerm(member, known, term);
  const reads = [
    controlText,
    ...reportTexts,
    ...members.flatMap(({ records, former }) => [...records, ...former].map(({ read }) => read)),
  ];
  const times = reads.flatMap((read) => (read && read.kind !== 'unknown' ? [read.at] : []));
  return { now: Math.max(0, ...times), members, mainTags: config.mainTags, term, control: controlOf(controlText) };
}
