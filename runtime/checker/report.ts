/** Commits status/<cluster>.json if it has changed. A commit that fails is only logged: no decision depends on it. */
import { knownRecords, type MemberFacts, type ReportRead, type RoundFacts } from '../core/model/facts.ts';
import type { Lease } from '../core/model/lease.ts';
import { reportPath, summaryOf, type Report } from '../core/model/report.ts';
import { fileText, MAX_RECORDS } from '../core/model/stored-file.ts';
import { rememberedIn } from '../fleet/read-members.ts';
import { isoOf, type GitLabSeconds } from '../core/model/time.ts';
import { expiryWarnings } from '../core/page/expiry.ts';
import type { RunnerDeployment } from '../ports.ts';
import type { RoundContext } from './context.ts';

export async function commitReport(
  context: RoundContext,
  facts: RoundFacts,
  lease: Lease,
  deployments: readonly Pick<RunnerDeployment, 'uid'>[],
): Promise<void> {
  const { config, log } = context;
  const { report: found } = facts.self;
  // On an unknown term only the first report is committed: the file is what proves in later rounds that GitLab shows files.
  if (found.kind === 'unknown' || (facts.term.kind === 'unknown' && found.kind !== 'absent')) return;
  const warnings = expiryWarnings(context.expiries, config.cluster, facts.now);
  const uids = deployments.map(({ uid }) => uid).toSorted();
  const report = reportOf(context, facts, lease, { uids, warnings });
  const before = found.kind === 'found' ? found.value : undefined;
  warn(context, facts, warnings, before?.warnings);
  const text = fileText(report);
  if (before && fileText(before) === text) return;
  const path = reportPath(config.cluster);
  const exists = found.kind !== 'absent';
  const saved = await context.project.save([{ path, text, exists }], messageOf(report, before));
  if (saved.kind === 'created') return log.info('report-committed', `committed ${path}: ${report.summary}`, { path });
  const why = saved.kind === 'exists' ? 'it exists meanwhile' : saved.why;
  log.warn('report-not-committed', `${path} was not committed: ${why}`, { path });
}

function reportOf(
  { config }: RoundContext,
  { self, rivals }: RoundFacts,
  lease: Lease,
  { uids, warnings }: { readonly uids: string[]; readonly warnings: readonly string[] },
): Report {
  const { online, total, records } = self;
  const remembered = rememberedRivals(rivals, self.report);
  return {
    version: 1,
    cluster: config.cluster,
    summary: summaryOf(online, total),
    online,
    total,
    minOnline: config.policy.minOnline,
    preferred: config.preferred,
    records: records.map(({ id }) => id).toSorted((a, b) => a - b),
    deployments: uids,
    ownTags: [...config.ownTags],
    mainTags: [...config.mainTags],
    // As the lease has it: a number that was known once stays known, even if its file is lost.
    holder: lease.holder,
    term: lease.term,
    ...(Object.keys(remembered).length > 0 && { rivals: remembered }),
    ...(warnings.length > 0 && { warnings: [...warnings] }),
  };
}

/** The known records of each rival, even if they are gone; if none is known, those that were remembered before. */
function rememberedRivals(rivals: readonly MemberFacts[], report: ReportRead): Record<string, number[]> {
  const entries = rivals.map((rival): [string, readonly number[]] => {
    const known = knownRecords(rival).map(({ id }) => id);
    return [rival.name, known.length > 0 ? known : rememberedIn([report], rival.name)];
  });
  return Object.fromEntries(
    entries
      .filter(([, ids]) => ids.length > 0)
      .map(([name, ids]) => [name, ids.toSorted((a, b) => a - b).slice(0, MAX_RECORDS)]),
  );
}

/**
 * Logs warnings when they are new, and again in the first round of each of GitLab's days: a run has no memory, but the previous
 * lease tells when the round before was.
 */
function warn(
  { log }: RoundContext,
  { self: { previousLease, stampAt } }: RoundFacts,
  warnings: readonly string[],
  known: readonly string[] = [],
): void {
  const dayOf = (at: GitLabSeconds): string => isoOf(at).slice(0, 10);
  const isNewDay = previousLease === undefined || dayOf(previousLease.at) !== dayOf(stampAt);
  for (const warning of warnings) if (isNewDay || !known.includes(warning)) log.warn('token-expires', warning);
}

/** The commit message: what the report says, and what it said before. */
function messageOf(report: Report, before: Report | undefined): string {
  const was = before && before.summary !== report.summary ? `, was ${before.summary}` : '';
  const holder = report.term === 0 ? 'no term yet' : `term ${report.term}: ${report.holder}`;
  const news = (report.warnings ?? []).filter((warning) => !before?.warnings?.includes(warning));
  return [`${report.cluster}: ${report.summary}${was} (${holder})`, ...news].join('; ');
}
