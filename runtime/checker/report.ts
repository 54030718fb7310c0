/** The second step of a round: asserts this cluster's report. The stamp is the lease; the file is for people and rivals. */
import { fileText } from '../core/model/stored-file.ts';
import { parseReport, reportPath, summaryOf, type Report } from '../core/model/report.ts';
import type { Term } from '../core/model/term.ts';
import { heardSince, inTouchSince, noteWithLease, NOBODY, type Lease } from '../core/model/lease.ts';
import { isoOf, type GitLabSeconds } from '../core/model/time.ts';
import { expiryWarnings } from '../core/page/expiry.ts';
import type { RollFacts } from '../core/model/facts.ts';
import { nextMemory } from '../core/decision/ground.ts';
import { emptyMemory } from '../core/decision/memory.ts';
import { contactOf } from '../core/decision/roll.ts';
import { heardWithinSeconds } from '../timing.ts';
import type { Budget, CheckerContext } from './context.ts';
import type { Observation } from './observe.ts';

export type Stamped =
  { readonly kind: 'stamped'; readonly lease: Lease } | { readonly kind: 'failed'; readonly why: string };

/** The lease that this round asserts. */
function leaseOf(checker: CheckerContext, seen: Observation): Lease {
  const { config } = checker;
  const { previousLease: previous } = seen;
  const term = seen.term.kind === 'term' ? seen.term.term : undefined;
  const observed = {
    now: seen.now,
    self: { preferred: config.preferred, online: seen.online, total: seen.total },
    rivals: seen.rivals,
    mainTags: config.mainTags,
    term: seen.term,
    control: seen.control,
  };
  return {
    cluster: config.cluster,
    online: seen.online,
    total: seen.total,
    holder: term?.holder ?? (seen.term.kind === 'damaged' ? seen.term.named : undefined) ?? previous?.holder ?? NOBODY,
    // A number that was known once is never forgotten: a new term must be above it even if its file is lost.
    term: Math.max(term?.number ?? 0, previous?.term ?? 0, seen.term.kind === 'damaged' ? seen.term.number : 0),
    at: seen.stampAt,
    inTouchSince: inTouchSince(previous, seen.stampAt, config.timing.leaseSeconds + config.timing.roundSeconds),
    heardSince: heardSince(previous, contactOf(seen.records), seen.stampAt, heardWithinSeconds(config.timing)),
    memory: nextMemory(
      previous?.memory ?? emptyMemory(term?.number ?? 0),
      observed,
      config.cluster,
      config.policy,
      config.timing,
    ),
  };
}

/** Writes the lease into the note of the lowest record, and calls the roll of the others by a write that changes nothing. */
export async function stamp(checker: CheckerContext, seen: Observation, budget: Budget): Promise<Stamped> {
  const spent = budget.exhausted();
  if (spent !== undefined) return { kind: 'failed', why: spent };
  const lease = leaseOf(checker, seen);
  const { lowest } = seen;
  const note = noteWithLease(lowest.note, lease);
  if (note === undefined)
    return {
      kind: 'failed',
      why: `the maintenance note of record ${lowest.id} is too long for the lease beside people's lines; shorten it to at most 600 characters`,
    };
  const others = seen.records.flatMap((record) =>
    record.id !== lowest.id && record.read.kind === 'found' ? [record.read.value] : [],
  );
  const [written] = await Promise.all([
    checker.records.write(lowest.id, { note }),
    ...others.map((record) => checker.records.write(record.id, { description: record.description })),
  ]);
  switch (written.kind) {
    case 'unknown':
      return { kind: 'failed', why: `the stamp failed: ${written.why}` };
    case 'absent':
      return { kind: 'failed', why: `own record ${lowest.id} does not exist` };
    case 'found':
      return { kind: 'stamped', lease };
  }
}

/**
 * Writes into the lease that the holder was called and that nobody answered, where that is news. Its loss costs a challenger whose
 * own runners are all at work another call.
 */
export function stampCall(checker: CheckerContext, seen: Observation, stamped: Lease, roll: RollFacts): Promise<void> {
  if (roll.kind === 'unknown' || roll.answered > 0 || stamped.memory.calledAt !== 0) return Promise.resolve();
  return stampAgain(checker, seen, { ...stamped, memory: { ...stamped.memory, calledAt: roll.at } });
}

/**
 * Writes a term that was just claimed into the lease at once: until then nobody but its file knows the number, and the loss of
 * the file would let it be given again. Its failure is mended by the next stamp.
 */
export function stampTerm(checker: CheckerContext, seen: Observation, stamped: Lease, term: Term): Promise<void> {
  const { holder, number } = term;
  return stampAgain(checker, seen, { ...stamped, holder, term: number, memory: emptyMemory(number) });
}

/** The lease of this round once more, with what the round has learned since. */
async function stampAgain({ records }: CheckerContext, { lowest }: Observation, lease: Lease): Promise<void> {
  const note = noteWithLease(lowest.note, lease);
  if (note !== undefined) await records.write(lowest.id, { note });
}

/** Commits status/<cluster>.json where it says something new. Its failure costs people a look, so it is only told. */
export async function commitReport(checker: CheckerContext, seen: Observation, lease: Lease): Promise<void> {
  const { config } = checker;
  if (seen.ownReportText.kind === 'unknown' || seen.term.kind === 'unknown') return;
  const warnings = expiryWarnings(checker.expiries, config.cluster, seen.now);
  const report: Report = {
    version: 1,
    cluster: config.cluster,
    summary: summaryOf(seen.online, seen.total),
    online: seen.online,
    total: seen.total,
    minOnline: config.policy.minOnline,
    preferred: config.preferred,
    records: seen.records.map((record) => record.id).toSorted((a, b) => a - b),
    ownTags: [...config.ownTags],
    mainTags: [...config.mainTags],
    // As the lease has it: a number that was known once stays known, even if its file is lost.
    holder: lease.holder,
    term: lease.term,
    ...(warnings.length > 0 && { warnings }),
  };
  const before = reportBefore(checker, seen);
  warn(checker, seen, warnings, before?.warnings);
  const text = fileText(report);
  const exists = seen.ownReportText.kind === 'found';
  if (seen.ownReportText.kind === 'found' && seen.ownReportText.value === text) return;
  const path = reportPath(config.cluster);
  const saved = await checker.project.save([{ path, text, exists }], messageOf(report, before));
  if (saved.kind === 'created') checker.log.info('report-committed', `committed ${path}: ${report.summary}`, { path });
  else {
    const why = saved.kind === 'exists' ? 'it exists meanwhile' : saved.why;
    checker.log.warn('report-not-committed', `${path} was not committed: ${why}`, { path });
  }
}

/** The report that stands, unless it makes no sense. */
function reportBefore({ config }: CheckerContext, { ownReportText }: Observation): Report | undefined {
  if (ownReportText.kind !== 'found') return undefined;
  const parsed = parseReport(config.cluster, ownReportText.value);
  return parsed.ok ? parsed.value : undefined;
}

/**
 * Says them when they are new, and again in the first round of each of GitLab's days: a run has no memory, but the previous lease
 * tells when the round before was.
 */
function warn(
  checker: CheckerContext,
  seen: Observation,
  warnings: readonly string[],
  said: readonly string[] = [],
): void {
  const dayOf = (at: GitLabSeconds): string => isoOf(at).slice(0, 10);
  const isNewDay = seen.previousLease === undefined || dayOf(seen.previousLease.at) !== dayOf(seen.stampAt);
  for (const warning of warnings) if (isNewDay || !said.includes(warning)) checker.log.warn('token-expires', warning);
}

/** Each commit is worth reading: what it says, and what was said before. */
function messageOf(report: Report, before: Report | undefined): string {
  const was = before && before.summary !== report.summary ? `, was ${before.summary}` : '';
  const holder = report.term === 0 ? 'no term yet' : `term ${report.term}: ${report.holder}`;
  const news = (report.warnings ?? []).filter((warning) => !before?.warnings?.includes(warning));
  return [`${report.cluster}: ${report.summary}${was} (${holder})`, ...news].join('; ');
}
