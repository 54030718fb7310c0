/**
 * The content of the status page, as plain data. It contains nothing that changes by itself, such as an age, so that the page is
 * written only when something has happened.
 */
import type { Policy } from '../../config.ts';
import type { Timing } from '../../timing.ts';
import { isoOf, type GitLabSeconds } from '../model/time.ts';
import { heldFor } from '../decision/ground.ts';
import { outlookOf } from '../outlook/fitness.ts';
import type { Facts, MemberFacts } from '../model/facts.ts';
import { isRetired } from '../model/control.ts';
import type { Term } from '../model/term.ts';
import { isFresh, pinnedCluster } from '../decision/rivals.ts';
import { visible } from '../model/visible.ts';

export const PAGE_PATH = 'README.md';
export const BADGE_PATH = 'badge.svg';
export const TIMELINE_PATH = 'timeline.svg';

export type ClusterState =
  /** Could take over: its lease is fresh, and enough of its runners are online. */
  | { readonly kind: 'healthy' }
  | { readonly kind: 'unhealthy' }
  /** Its lease has lapsed; `since` is its last renewal, undefined if there is none that can be read. */
  | { readonly kind: 'no-lease'; readonly since: string | undefined }
  | { readonly kind: 'gone' };

export interface PageCluster {
  readonly name: string;
  readonly isHolder: boolean;
  readonly isRetired: boolean;
  readonly online: number;
  readonly total: number;
  readonly state: ClusterState;
}

/** A time in which no cluster can hold the main tags. */
export interface Vacancy {
  /** When that was first seen, by GitLab's time. */
  readonly since: string;
  /** There is an incident. */
  readonly isNotified: boolean;
}

export interface PageView {
  readonly mainTags: readonly string[];
  readonly term: Term;
  readonly clusters: readonly PageCluster[];
  /** What prevents each cluster from holding the main tags if none can, else undefined. */
  readonly obstacles: readonly string[] | undefined;
  readonly vacancy: Vacancy | undefined;
  readonly isPaused: boolean;
  readonly pin: { readonly cluster: string; readonly until: string | undefined } | undefined;
  /** The clusters' warnings to people, by cluster. */
  readonly warnings: readonly string[];
}

/**
 * The content, or undefined while any of it is unknown and before the first term. The vacancy is added later, for the page itself
 * records it. `warnings` are those of this cluster.
 */
export function pageView(
  facts: Facts,
  policy: Policy,
  timing: Timing,
  warnings: readonly string[],
): Omit<PageView, 'vacancy'> | undefined {
  const { term, control, now, self, rivals, mainTags } = facts;
  if (term.kind !== 'term' || control.kind !== 'found') return undefined;
  const common = ({ name }: { readonly name: string }) => ({
    name,
    isHolder: name === term.term.holder,
    isRetired: isRetired(control.value, name),
  });
  const { online, total } = self;
  const own: PageCluster = { ...common(self), online, total, state: stateOf(online, policy.minOnline) };
  const clusters = [own];
  for (const rival of rivals) {
    const shown = shownOf(rival, timing);
    if (!shown) return undefined;
    clusters.push({ ...common(rival), ...shown });
  }
  const outlook = outlookOf(facts, { policy, timing });
  if (outlook.kind === 'unknown') return undefined;
  const pinned = pinnedCluster(control.value, now);
  const all = [
    { name: self.name, warnings },
    ...rivals.map((rival) => ({ name: rival.name, warnings: warningsOf(rival) })),
  ];
  return {
    mainTags,
    term: term.term,
    clusters: clusters.toSorted(byName),
    obstacles: outlook.kind === 'none' ? outlook.obstacles : undefined,
    isPaused: control.value.paused,
    pin: pinned === undefined ? undefined : { cluster: pinned, until: control.value.pin?.until },
    warnings: all.toSorted(byName).flatMap((cluster) => cluster.warnings),
  };
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);

const warningsOf = ({ report }: MemberFacts): readonly string[] =>
  report.kind === 'found' ? (report.value.warnings ?? []) : [];

const stateOf = (online: number, minOnline: number): ClusterState => ({
  kind: online < minOnline ? 'unhealthy' : 'healthy',
});

/** What a rival's records show, or undefined if they cannot be read. */
function shownOf(rival: MemberFacts, timing: Timing): Pick<PageCluster, 'online' | 'total' | 'state'> | undefined {
  const read = rival.lease;
  switch (read.kind) {
    case 'unknown':
      return undefined;
    case 'gone':
      return { online: 0, total: 0, state: { kind: 'gone' } };
    case 'none':
      return { online: 0, total: 0, state: { kind: 'no-lease', since: undefined } };
    case 'lease': {
      const { online, total, at } = read.lease;
      if (!isFresh(read, timing)) return { online, total, state: { kind: 'no-lease', since: isoOf(at) } };
      return { online, total, state: stateOf(online, rival.minOnline) };
    }
  }
}

/** The cluster that writes the page: the holder, or the first by name with a valid lease. Two writers at the same time do no harm. */
export function pageAuthor({ clusters }: Pick<PageView, 'clusters'>): string | undefined {
  const living = clusters.filter(({ state }) => state.kind === 'healthy' || state.kind === 'unhealthy');
  return (living.find(({ isHolder }) => isHolder) ?? living[0])?.name;
}

/** Increase it with every change of the page's layout: then each page is written again. */
const FORM = 2;

/** The page's first line: it changes exactly when the content changes. */
export function pageFingerprint(view: PageView): string {
  const clusters = view.clusters.map(
    ({ name, online, total, state, isRetired: retired }) =>
      `${name} ${online}/${total} ${state.kind}${state.kind === 'no-lease' ? ` ${state.since ?? 'always'}` : ''}${retired ? ' retired' : ''}`,
  );
  const asked = [
    ...(view.isPaused ? ['paused'] : []),
    ...(view.pin ? [`pinned ${view.pin.cluster} ${view.pin.until ?? 'for good'}`] : []),
  ];
  const { vacancy } = view;
  const vacant = vacancy ? [`${VACANCY} ${vacancy.since}${vacancy.isNotified ? ', told' : ''}`] : [];
  const all = [`term ${view.term.number}`, ...vacant, ...clusters, ...asked, ...view.warnings.map(commented)];
  return `<!-- HADR page ${FORM}: ${all.join('; ')} -->`;
}

const VACANCY = 'no cluster eligible since';

/** The vacancy that a page records: right after the term, where no warning can be. */
export function vacancyIn(page: string): Vacancy | undefined {
  const match = new RegExp(`^<!-- HADR page \\d+: term \\d+; ${VACANCY} ([0-9TZ:-]+)(, told)?;`).exec(page);
  return match?.[1] === undefined ? undefined : { since: match[1], isNotified: match[2] !== undefined };
}

/**
 * The vacancy after this round, given the one on the page. People are notified when it has lasted for a lease: a shorter one
 * needs no alert.
 */
export function vacancyAfter(
  { obstacles }: Pick<PageView, 'obstacles'>,
  before: Vacancy | undefined,
  now: GitLabSeconds,
  { leaseSeconds }: Timing,
): Vacancy | undefined {
  if (!obstacles) return undefined;
  const since = before?.since ?? isoOf(now);
  return { since, isNotified: before?.isNotified === true || heldFor(now, since) >= leaseSeconds };
}

/** Warnings come from files that people may edit: none ends the comment, or the line. */
const commented = (text: string): string => visible(text.replaceAll(/\s+/g, ' ')).replaceAll('--', '–');
