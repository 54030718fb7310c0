/** Notifies people. A failure here is logged and changes nothing else. */
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

const linkOf = ({ config }: RoundContext): FleetLink => ({
  mainTags: config.mainTags,
  url: projectUrl(config.gitlab.url, config.statusProject.id),
});

/** Announces a term that this round has claimed, after the tags were reconciled. */
export const notifyTerm = (context: RoundContext, term: Term): Promise<void> =>
  notify(context, termMessage(linkOf(context), term));

/**
 * Announces a term that names this cluster and that its lease did not know before this round: a person forced it, or the run
 * that claimed it ended before it could announce it. From this round on the lease knows the term, so it is announced once.
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

/** The result for an incident. `done`: also if GitLab does not take incidents at all. `unknown`: the next round tries again. */
export type Notified = 'done' | 'unknown';

/** Opens an incident, unless one is open: then people have been notified already. */
export async function raiseIncident(
  context: RoundContext,
  facts: Facts,
  obstacles: readonly string[],
): Promise<Notified> {
  const { incidents, log, budget } = context;
  const link = linkOf(context);
  const open = await incidents.open();
  if (open.kind !== 'found') return without(context, open);
  if (open.value.length > 0) return 'done';
  if (budget.exhausted() !== undefined) return 'unknown';
  const raised = await incidents.raise(incidentTitle(link), incidentText(link, obstacles, isoOf(facts.now)));
  if (raised.kind !== 'found') return without(context, raised);
  const { number } = raised.value;
  log.warn('incident-opened', `incident ${number} opened: no cluster can hold the main tags: ${obstacles.join('; ')}`, {
    incident: number,
  });
  await notify(context, incidentMessage(link, obstacles, raised.value.url));
  return 'done';
}

/** Closes every open incident, and notifies people of each. */
export async function closeIncidents(context: RoundContext): Promise<Notified> {
  const { incidents, log, budget } = context;
  const open = await incidents.open();
  if (open.kind !== 'found') return without(context, open);
  for (const { number, url } of open.value) {
    if (budget.exhausted() !== undefined) return 'unknown';
    const closed = await incidents.close(number);
    if (closed.kind === 'unknown') return without(context, closed);
    log.info('incident-closed', `incident ${number} closed: a cluster can hold the main tags again`, {
      incident: number,
    });
    await notify(context, relievedMessage(linkOf(context), url));
  }
  return 'done';
}

type Missing =
  { readonly kind: 'absent' } | { readonly kind: 'unknown'; readonly why: string; readonly forbidden?: true };

/** A project whose issues are disabled never takes an incident: people then have the page and the alerts. */
function without({ log }: RoundContext, answer: Missing): Notified {
  if (answer.kind === 'unknown' && !answer.forbidden) return 'unknown';
  const why = answer.kind === 'unknown' ? answer.why : 'GitLab answers 404';
  log.warn(
    'incident-refused',
    `no incident was opened in the status project: ${why}; enable its issues (Settings > General > Visibility)`,
  );
  return 'done';
}
