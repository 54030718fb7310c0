/** Reads the fleet as a checker does, from outside its clusters: for `pulumi destroy` and for people's commands. */
import { CONTROL_PATH } from '../core/model/control.ts';
import type { FleetFacts } from '../core/model/facts.ts';
import { reportPath } from '../core/model/report.ts';
import type { FleetAccess } from './access.ts';
import { newestAfter, newestTerm } from './newest-term.ts';
import {
  completeMembers,
  controlOf,
  readMember,
  rememberedIn,
  reportOf,
  termsOf,
  type Remembered,
} from './read-members.ts';

export async function readFleet(access: Pick<FleetAccess, 'config' | 'records' | 'project'>): Promise<FleetFacts> {
  const { config, project } = access;
  const { minOnline } = config.policy;
  const [controlText, ...reportTexts] = await Promise.all([
    project.file(CONTROL_PATH),
    ...config.fleet.map((name) => project.file(reportPath(name))),
  ]);
  const known = await Promise.all(
    config.fleet.map((name, index) => readMember(access, name, reportOf(name, reportTexts[index]), minOnline)),
  );
  const hasFile = [controlText, ...reportTexts].some((text) => text?.kind === 'found');
  const found = await newestTerm(project, termsOf(known), hasFile);
  const reports = known.map(({ report }) => report);
  const remembered = (name: string): Remembered => ({ records: rememberedIn(reports, name) });
  const members = await completeMembers(access, undefined, known, found, remembered, minOnline);
  const term = await newestAfter(project, found, termsOf(members), hasFile);
  const reads = [
    controlText,
    ...reportTexts,
    ...members.flatMap(({ records, former }) => [...records, ...former].map(({ read }) => read)),
  ];
  const times = reads.flatMap((read) => (read && read.kind !== 'unknown' ? [read.at] : []));
  return { now: Math.max(0, ...times), members, mainTags: config.mainTags, term, control: controlOf(controlText) };
}
