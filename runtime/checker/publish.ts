/** After a round: writes the status page if its content changes. If that fails, no decision is affected. */
import { expiryWarnings } from '../core/page/expiry.ts';
import type { Facts } from '../core/model/facts.ts';
import {
  BADGE_PATH,
  PAGE_PATH,
  pageAuthor,
  pageFingerprint,
  pageView,
  TIMELINE_PATH,
  vacancyAfter,
  vacancyIn,
  type PageView,
  type Vacancy,
} from '../core/page/page.ts';
import { badge, timeline } from '../core/page/pictures.ts';
import { badgeText, pageText, type NumberedTerm } from '../core/page/text.ts';
import type { RoundContext } from './context.ts';
import { readTerms } from '../fleet/read-terms.ts';
import { closeIncidents, raiseIncident, type Notified } from './notify.ts';

/** The number of terms on the page. */
const SHOWN_TERMS = 10;

export async function publish(context: RoundContext, facts: Facts): Promise<void> {
  const { config, project, budget, page } = context;
  const warnings = expiryWarnings(context.expiries, config.cluster, facts.now);
  const seen = pageView(facts, config.policy, config.timing, warnings);
  if (!seen || pageAuthor(seen) !== config.cluster) return;
  const viewAfter = (vacancy: Vacancy | undefined): PageView => ({
    ...seen,
    vacancy: vacancyAfter(seen, vacancy, facts.now, config.timing),
  });
  if (pageFingerprint(viewAfter(page.vacancy)) === page.fingerprint || budget.exhausted() !== undefined) return;
  // The page must be read again: another cluster may have written it meanwhile.
  page.fingerprint = undefined;
  const standing = await project.file(PAGE_PATH);
  if (standing.kind === 'unknown' || budget.exhausted() !== undefined) return;
  page.vacancy = standing.kind === 'found' ? vacancyIn(standing.value) : undefined;
  const view = viewAfter(page.vacancy);
  const fingerprint = pageFingerprint(view);
  const isNews = standing.kind === 'absent' || !standing.value.startsWith(`${fingerprint}\n`);
  if (isNews) {
    if ((await incident(context, facts, view, page.vacancy)) === 'unknown') return;
    if (!(await write(context, view, standing.kind === 'found'))) return;
  }
  page.fingerprint = fingerprint;
  page.vacancy = view.vacancy;
}

/**
 * Opens the incident before the page records that people were notified, and closes every open incident before the page drops the
 * vacancy. So the page remembers when incidents must be read, and GitLab itself shows which are open: an incident may be open
 * that no page mentions, if the write failed and the vacancy ended. What was interrupted is done again.
 */
async function incident(
  context: RoundContext,
  facts: Facts,
  { obstacles, vacancy }: PageView,
  before: Vacancy | undefined,
): Promise<Notified> {
  const isOver = before !== undefined && vacancy === undefined;
  const isDue = vacancy?.isNotified === true && before?.isNotified !== true;
  if (!isOver && !isDue) return 'done';
  if (context.budget.exhausted() !== undefined) return 'unknown';
  return isOver ? closeIncidents(context) : raiseIncident(context, facts, obstacles ?? []);
}

/** The page and its pictures in one commit: they always show the same state. */
async function write({ project, log, budget }: RoundContext, view: PageView, exists: boolean): Promise<boolean> {
  const { term } = view;
  const [earlier, ...pictures] = await Promise.all([
    readTerms(project, term.number - 1, SHOWN_TERMS - 1),
    project.file(BADGE_PATH),
    project.file(TIMELINE_PATH),
  ]);
  if (pictures.some(({ kind }) => kind === 'unknown') || budget.exhausted() !== undefined) return false;
  const terms: NumberedTerm[] = [{ number: term.number, term: { kind: 'known', value: term } }, ...earlier];
  const [hasBadge, hasTimeline] = pictures.map(({ kind }) => kind === 'found');
  const saved = await project.save(
    [
      { path: PAGE_PATH, text: pageText(view, terms), exists },
      { path: BADGE_PATH, text: badge(view), exists: hasBadge === true },
      { path: TIMELINE_PATH, text: timeline(view, terms), exists: hasTimeline === true },
    ],
    `Page: ${badgeText(view)} (term ${term.number})`,
  );
  if (saved.kind === 'created') return true;
  log.warn(
    'page-not-written',
    `the page was not written: ${saved.kind === 'exists' ? 'it exists meanwhile' : saved.why}`,
  );
  return false;
}
