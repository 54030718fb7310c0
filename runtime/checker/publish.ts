/** After a round: writes the page that people look at, where it would say something new. Its failure costs nobody but them. */
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

/** So many terms are shown. */
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
  // What is no longer true is not remembered: another cluster may have written meanwhile.
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
 * Before the page says that people are told of a vacancy the incident is opened, and before it no longer tells of a vacancy whatever
 * is open is closed. So the page is the memory of when to look, and what is open GitLab itself tells: an incident may be open
 * of which no page says it, where the write failed and the vacancy ended. What was broken off before is done again.
 */
async function incident(
  context: RoundContext,
  facts: Facts,
  { obstacles, vacancy }: PageView,
  before: Vacancy | undefined,
): Promise<Notified> {
  const isOver = before !== undefined && vacancy === undefined;
  const isToTell = vacancy?.isNotified === true && before?.isNotified !== true;
  if (!isOver && !isToTell) return 'done';
  if (context.budget.exhausted() !== undefined) return 'unknown';
  return isOver ? closeIncidents(context) : raiseIncident(context, facts, obstacles ?? []);
}

/** The page and its pictures in one commit: they never tell different stories. */
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
