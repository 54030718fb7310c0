/** Tells people, beside the round's work: what fails here costs a line of the log, and nothing waits for it. */
import { isoOf } from '../core/model/time.ts';
import type { Facts, RoundFacts } from '../core/model/facts.ts';
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
import type { RoundContext } from './context.ts';

const placeOf = ({ config }: RoundContext): FleetLink => ({
  mainTags: config.mainTags,
  url: projectUrl(config.gitlab.url, config.statusProject.id),
});

/** Of a term that this round has claimed, after its convergence. */
export const notifyTerm = (context: RoundContext, term: Term): Promise<void> =>
  notify(context, termMessage(placeOf(context), term));

/**
 * Of a term that names this cluster and that its lease did not know before this round: a person forced it, or the run that
 * claimed it ended before it could say so. The lease knows it from this round on, so it is told once.
 */
export async function notifyFoundTerm(context: RoundContext, { term, self }: RoundFacts): Promise<void> {
  if (term.kind !== 'term' || term.term.holder !== self.name) return;
  if (self.previousLease && self.previousLease.term < term.term.number) await notifyTerm(context, term.term);
}

async function notify({ notifier, log, budget }: RoundContext, text: string): Promise<void> {
  if (!notifier) return;
  const spent = budget.exhausted();
  const sent = spent === undefined ? await notifier.send(text) : ({ kind: 'unknown', why: spent } as const);
  if (sent.kind === 'unknown') log.warn('notification-failed', `the notification was not sent: ${sent.why}`);
}

/** What came of an incident: `done` too where GitLab refuses it for good. `unknown`: the next round tries again. */
export type Notified = 'done' | 'unknown';

/** Opens the incident, unless one is open: that one tells that people know. */
export async function raiseIncident(
  context: RoundContext,
  facts: Facts,
  obstacles: readonly string[],
): Promise<Notified> {
  const { incidents, log, budget } = context;
  const place = placeOf(context);
  const open = await incidents.open();
  if (open.kind !== 'found') return without(context, open);
  if (open.value.length > 0) return 'done';
  if (budget.exhausted() !== undefined) return 'unknown';
  const raised = await incidents.raise(incidentTitle(place), incidentText(place, obstacles, isoOf(facts.now)));
  if (raised.kind !== 'found') return without(context, raised);
  const { number } = raised.value;
  log.warn('incident-opened', `incident ${number} opened: no cluster is eligible: ${obstacles.join('; ')}`, {
    incident: number,
  });
  await notify(context, incidentMessage(place, obstacles, raised.value.url));
  return 'done';
}

/** Closes what is open, and says so where there was something to close. */
export async function closeIncidents(context: RoundContext): Promise<Notified> {
  const { incidents, log, budget } = context;
  const open = await incidents.open();
  if (open.kind !== 'found') return without(context, open);
  for (const { number, url } of open.value) {
    if (budget.exhausted() !== undefined) return 'unknown';
    const closed = await incidents.close(number);
    if (closed.kind === 'unknown') return without(context, closed);
    log.info('incident-closed', `incident ${number} closed: a cluster is eligible again`, { incident: number });
    await notify(context, relievedMessage(placeOf(context), url));
  }
  return 'done';
}

type Missing =
  { readonly kind: 'absent' } | { readonly kind: 'unknown'; readonly why: string; readonly forbidden?: true };

/** A project whose issues are switched off refuses them for good: people then have the page and the alerts. */
function without({ log }: RoundContext, answer: Missing): Notified {
  if (answer.kind === 'unknown' && !answer.forbidden) return 'unknown';
  const why = answer.kind === 'unknown' ? answer.why : 'GitLab answers 404';
  log.warn(
    'incident-refused',
    `no incident was opened in the status project: ${why}; enable its issues (Settings > General > Visibility)`,
  );
  return 'done';
}
