/** Tells people, beside the round's work: what fails here costs a line of the log, and nothing waits for it. */
import { isoOf } from '../core/model/time.ts';
import type { Facts } from '../core/model/facts.ts';
import type { Term } from '../core/model/term.ts';
import {
  incidentMessage,
  incidentText,
  incidentTitle,
  projectUrl,
  relievedMessage,
  termMessage,
  type FleetLink,
} from '../core/page/messages.ts';
import type { Budget, CheckerContext } from './context.ts';
import type { Observation } from './observe.ts';

const placeOf = ({ config }: CheckerContext): FleetLink => ({
  mainTags: config.mainTags,
  url: projectUrl(config.gitlab.url, config.statusProject.id),
});

/** Of a term that this round has claimed, after its convergence. */
export const notifyTerm = (checker: CheckerContext, term: Term, budget: Budget): Promise<void> =>
  notify(checker, termMessage(placeOf(checker), term), budget);

/**
 * Of a term that names this cluster and that its lease did not know before this round: a person forced it, or the run that
 * claimed it ended before it could say so. The lease knows it from this round on, so it is told once.
 */
export async function notifyFoundTerm(
  checker: CheckerContext,
  { term, previousLease }: Observation,
  budget: Budget,
): Promise<void> {
  if (term.kind !== 'term' || term.term.holder !== checker.config.cluster) return;
  if (previousLease && previousLease.term < term.term.number) await notifyTerm(checker, term.term, budget);
}

async function notify({ notifier, log }: CheckerContext, text: string, budget: Budget): Promise<void> {
  if (!notifier) return;
  const spent = budget.exhausted();
  const sent = spent === undefined ? await notifier.send(text) : ({ kind: 'unknown', why: spent } as const);
  if (sent.kind === 'unknown') log.warn('notification-failed', `the notification was not sent: ${sent.why}`);
}

/** What came of an incident: `done` too where GitLab refuses it for good. `unknown`: the next round tries again. */
export type Notified = 'done' | 'unknown';

/** Opens the incident, unless one is open: that one tells that people know. */
export async function raiseIncident(
  checker: CheckerContext,
  facts: Facts,
  obstacles: readonly string[],
  budget: Budget,
): Promise<Notified> {
  const { incidents, log } = checker;
  const place = placeOf(checker);
  const open = await incidents.open();
  if (open.kind !== 'found') return without(checker, open);
  if (open.value.length > 0) return 'done';
  if (budget.exhausted() !== undefined) return 'unknown';
  const raised = await incidents.raise(incidentTitle(place), incidentText(place, obstacles, isoOf(facts.now)));
  if (raised.kind !== 'found') return without(checker, raised);
  const { number } = raised.value;
  log.warn('incident-opened', `incident ${number} opened: no cluster is eligible: ${obstacles.join('; ')}`, {
    incident: number,
  });
  await notify(checker, incidentMessage(place, obstacles, raised.value.url), budget);
  return 'done';
}

/** Closes what is open, and says so where there was something to close. */
export async function closeIncidents(checker: CheckerContext, budget: Budget): Promise<Notified> {
  const { incidents, log } = checker;
  const open = await incidents.open();
  if (open.kind !== 'found') return without(checker, open);
  for (const { number, url } of open.value) {
    if (budget.exhausted() !== undefined) return 'unknown';
    const closed = await incidents.close(number);
    if (closed.kind === 'unknown') return without(checker, closed);
    log.info('incident-closed', `incident ${number} closed: a cluster is eligible again`, { incident: number });
    await notify(checker, relievedMessage(placeOf(checker), url), budget);
  }
  return 'done';
}

type Missing =
  { readonly kind: 'absent' } | { readonly kind: 'unknown'; readonly why: string; readonly forbidden?: true };

/** A project whose issues are switched off refuses them for good: people then have the page and the alerts. */
function without({ log }: CheckerContext, answer: Missing): Notified {
  if (answer.kind === 'unknown' && !answer.forbidden) return 'unknown';
  const why = answer.kind === 'unknown' ? answer.why : 'GitLab answers 404';
  log.warn(
    'incident-refused',
    `no incident was opened in the status project: ${why}; enable its issues (Settings > General > Visibility)`,
  );
  return 'done';
}
