/** The page's pictures, as SVG: GitLab shows them from the repository itself, without any service. */
import type { Term } from '../model/term.ts';
import type { PageView } from './page.ts';
import { badgeText, type NumberedTerm } from './text.ts';
import { moment } from '../model/time.ts';
import { visible } from '../model/visible.ts';

const FONT = 'font-family="Verdana,DejaVu Sans,sans-serif"';
/** Of one character at 11 px, as wide as Verdana's are on average. */
const CHARACTER = 6.8;

const xml = (text: string): string =>
  visible(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Green: all runners of the holder are online; yellow: some are missing; red: no healthy holder. */
function badgeColour({ clusters }: PageView): string {
  const holder = clusters.find(({ isHolder }) => isHolder);
  if (holder?.state.kind !== 'healthy') return '#c91c00';
  return holder.online < holder.total ? '#ab6100' : '#217645';
}

export function badge(view: PageView): string {
  const content = badgeText(view);
  const [label = '', value = ''] = content.split(': ');
  const [left, right] = [label, value].map((text) => Math.ceil(text.length * CHARACTER) + 12);
  if (left === undefined || right === undefined) return '';
  const text = (x: number, part: string): string => `<text x="${x}" y="14">${xml(part)}</text>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${xml(content)}">` +
    `<title>${xml(content)}</title>` +
    `<rect width="${left + right}" height="20" rx="3" fill="#535158"/>` +
    `<path d="M${left} 0h${right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H${left}z" fill="${badgeColour(view)}"/>` +
    `<g fill="#fff" ${FONT} font-size="11">${text(6, label)}${text(left + 6, value)}</g></svg>\n`
  );
}

const WIDTH = 860;
const LEFT = 130;
const ROW = 28;
const COLOURS = ['#1f75cb', '#217645', '#ab6100', '#7b58cf', '#c91c00'];
/** A very short term is still visible. */
const LEAST = 4;

interface Bar {
  readonly term: Term;
  readonly from: number;
  readonly to: number | undefined;
}

/** A row for each cluster, a bar for each term that can be read. The newest bar reaches the right edge. */
export function timeline({ clusters }: PageView, terms: readonly NumberedTerm[]): string {
  const bars = barsOf(terms);
  const names = [...new Set([...clusters.map(({ name }) => name), ...bars.map(({ term }) => term.holder)])];
  const height = names.length * ROW + 30;
  const begin = bars[0]?.from ?? 0;
  const newest = bars.at(-1)?.from ?? begin;
  // The newest term has no end yet: it gets a seventh of the picture.
  const scale = (WIDTH - LEFT) / Math.max(1, ((newest - begin) * 7) / 6 || 1);
  const x = (at: number): number => Math.round(LEFT + (at - begin) * scale);
  const row = (name: string): number => names.indexOf(name) * ROW;
  const colour = (name: string): string => COLOURS[names.indexOf(name) % COLOURS.length] ?? '#535158';
  const labels = names.map((name) => `<text x="0" y="${row(name) + 18}">${xml(name)}</text>`);
  const rects = bars.map(({ term, from, to }) => {
    const width = Math.max(LEAST, (to === undefined ? WIDTH : x(to)) - x(from));
    const title = `term ${term.number}: ${term.holder} from ${moment(term.at)}, ${term.ground}`;
    return (
      `<rect x="${x(from)}" y="${row(term.holder) + 4}" width="${width}" height="${ROW - 8}" rx="2" fill="${colour(term.holder)}">` +
      `<title>${xml(title)}</title></rect>`
    );
  });
  const last = bars.at(-1);
  const ends =
    bars[0] && last
      ? `<text x="${LEFT}" y="${height - 8}">${moment(bars[0].term.at)}</text>` +
        `<text x="${WIDTH}" y="${height - 8}" text-anchor="end">term ${last.term.number}, current</text>`
      : '';
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" ` +
    `aria-label="Holders of the main tags over time"><g ${FONT} font-size="12" fill="#737278">${labels.join('')}${rects.join('')}${ends}</g></svg>\n`
  );
}

/** The oldest first. */
function barsOf(terms: readonly NumberedTerm[]): Bar[] {
  const known = terms.flatMap(({ term }) => (term.kind === 'known' ? [term.value] : [])).toReversed();
  return known.map((term, index) => {
    const next = known[index + 1];
    return {
      term,
      from: Date.parse(term.at) / 1000,
      to: next === undefined ? undefined : Date.parse(next.at) / 1000,
    };
  });
}
