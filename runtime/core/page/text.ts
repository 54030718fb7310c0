/** The status project's page in GitLab's Markdown. */
import type { Known } from '../model/read.ts';
import { heldFor } from '../decision/ground.ts';
import { CONTROL_PATH } from '../model/control.ts';
import { reportPath } from '../model/report.ts';
import { termPath, type Term } from '../model/term.ts';
import { BADGE_PATH, pageFingerprint, TIMELINE_PATH, type PageCluster, type PageView } from './page.ts';
import { duration, moment } from '../model/time.ts';
import { literal } from './literal.ts';

/** A term of the history, the newest first; its file may be lost or unreadable. */
export interface NumberedTerm {
  readonly number: number;
  readonly term: Known<Term>;
}

export function pageText(view: PageView, terms: readonly NumberedTerm[]): string {
  const tags = view.mainTags.map((tag) => `\`${tag}\``).join(', ');
  const { term } = view;
  return [
    pageFingerprint(view),
    `# Holder of ${tags}`,
    `![${badgeText(view)}](${BADGE_PATH})`,
    `**${term.holder}** has held ${tags} since ${moment(term.at)} ([term ${term.number}](${termPath(term.number)}): ${literal(term.reason)}).`,
    ...bullets(orders(view)),
    ...bullets(view.warnings.map((warning) => `⚠️ ${literal(warning)}`)),
    '## Clusters',
    table(['cluster', 'Online / Total', 'state', 'report'], view.clusters.map(clusterRow)),
    '## Latest terms',
    `![Holders of the main tags over time](${TIMELINE_PATH})`,
    table(['term', 'holder', 'since', 'for', 'before', 'reason', 'without a holder'], terms.map(termRow)),
    `The files in [terms](terms) and [status](status) are the source of this page; \`${CONTROL_PATH}\` pauses, pins and retires. ` +
      `Checkers overwrite this page when something changes: put your own notes into another file.`,
    '',
  ].join('\n\n');
}

/** The badge's text, also for screen readers. */
export function badgeText({ mainTags, clusters, term }: PageView): string {
  const holder = clusters.find(({ isHolder }) => isHolder);
  return `${mainTags.join(', ')}: ${term.holder} ${holder ? `${holder.online}/${holder.total}` : 'unknown'}`;
}

function orders({ vacancy, isPaused, pin, clusters }: PageView): string[] {
  const retired = clusters.filter((cluster) => cluster.isRetired).map(({ name }) => name);
  return [
    ...(vacancy
      ? [`🚨 **No cluster can hold the main tags** since ${moment(vacancy.since)}: jobs with these tags wait.`]
      : []),
    ...(isPaused ? ['**Paused**: nothing moves until `hadr resume`.'] : []),
    ...(pin ? [`**Pinned** to ${pin.cluster}${pin.until === undefined ? '' : ` until ${moment(pin.until)}`}.`] : []),
    ...(retired.length > 0 ? [`**Retired**: ${retired.join(', ')}.`] : []),
  ];
}

/** A list, or nothing. */
const bullets = (lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [lines.map((line) => `- ${line}`).join('\n')];

const clusterRow = (cluster: PageCluster): string[] => [
  cluster.isHolder ? `★ **${cluster.name}**` : cluster.name,
  `${cluster.online} / ${cluster.total}`,
  `${cluster.isRetired ? 'retired, ' : ''}${stateText(cluster)}`,
  `[${cluster.name}.json](${reportPath(cluster.name)})`,
];

function stateText({ state, online, total }: PageCluster): string {
  switch (state.kind) {
    case 'healthy':
      return online < total ? '🟡 some runners are missing' : '🟢 all runners online';
    case 'unhealthy':
      return '🔴 too few runners online';
    case 'no-lease':
      return state.since === undefined
        ? '⚫ has never renewed its lease'
        : `⚫ no valid lease since ${moment(state.since)}`;
    case 'gone':
      return '⚫ no runner record in GitLab';
  }
}

function termRow({ number, term }: NumberedTerm, index: number, all: readonly NumberedTerm[]): string[] {
  const link = `[${number}](${termPath(number)})`;
  if (term.kind === 'unknown') return [link, '?', '?', '?', '?', literal(term.why), '?'];
  const { holder, previous, at, ground, reason, downSince } = term.value;
  const next = all[index - 1]?.term;
  const held = next?.kind === 'known' ? duration(heldFor(Date.parse(next.value.at) / 1000, at)) : '';
  const down = downSince === undefined ? '' : duration(heldFor(Date.parse(at) / 1000, downSince));
  return [
    link,
    holder,
    moment(at),
    index === 0 ? 'now' : held || '?',
    literal(previous),
    literal(`${ground}: ${reason}`),
    down,
  ];
}

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
