/** The table of log events at the end of docs/glossary.md, from the list that checker and sidecar log by. */
import { LOG_EVENTS } from '../../runtime/log-events.ts';

const HEADING = '## Events of the log\n';

/** The page with the table as the code has it. */
export function withEvents(page: string): string {
  const at = page.indexOf(HEADING);
  if (at < 0) throw new Error(`docs/glossary.md has no heading "${HEADING.trim()}"`);
  const rows = Object.entries(LOG_EVENTS).map(([event, meaning]) => `| \`${event}\` | ${meaning} |`);
  return [
    page.slice(0, at + HEADING.length),
    'Every log line has an `event`. These names stay the same; the text of a line may change. `npm run docs:reference` makes this table.',
    '',
    '| event | meaning |',
    '| --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
