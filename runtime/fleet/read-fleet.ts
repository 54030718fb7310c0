/** Reads the fleet as a checker does, for whoever is not in a cluster: `pulumi destroy` and people's commands. */
import { unknown } from '../core/model/read.ts';
import { CONTROL_PATH } from '../core/model/control.ts';
import { reportPath } from '../core/model/report.ts';
import type { MemberFacts, FleetFacts } from '../core/model/facts.ts';
import { completeFromTerm, controlOf, highestKnown, readRecords, reportOf } from '../checker/observe.ts';
import { newestTerm } from './newest-term.ts';
import type { FleetAccess } from './access.ts';

export async function readFleet(access: Pick<FleetAccess, 'config' | 'records' | 'project'>): Promise<FleetFacts> {
  const { config, project } = access;
  const [controlText, ...reportTexts] = await Promise.all([
    project.file(CONTROL_PATH),
    ...config.fleet.map((name) => project.file(reportPath(name))),
  ]);
  const known = await Promise.all(
    config.fleet.map(async (name, index): Promise<MemberFacts> => {
      const report = reportOf(name, reportTexts[index]);
      const ids = report.kind === 'found' ? report.value.records : [];
      return { name, report, records: await readRecords(access, ids), former: [] };
    }),
  );
  const term = await newestTerm(project, highestKnown(undefined, unknown('it is among the members'), known));
  const members = await completeFromTerm(access, undefined, known, term);
  const reads = [
    controlText,
    ...reportTexts,
    ...members.flatMap(({ records, former }) => [...records, ...former].map(({ read }) => read)),
  ];
  const times = reads.flatMap((read) => (read && read.kind !== 'unknown' ? [read.at] : []));
  return { now: Math.max(0, ...times), members, mainTags: config.mainTags, term, control: controlOf(controlText) };
}
