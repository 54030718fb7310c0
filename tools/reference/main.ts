/** `npm run docs:reference`: writes docs/configuration.md and the table of events in docs/glossary.md from the code. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { withEvents } from './events.ts';
import { reference } from './text.ts';

const pathOf = (page: string): string => fileURLToPath(new URL(`../../docs/${page}`, import.meta.url));

async function write(page: string, text: string): Promise<void> {
  const path = pathOf(page);
  await writeFile(path, await format(text, { ...(await resolveConfig(path)), parser: 'markdown' }));
  process.stdout.write(`wrote docs/${page}\n`);
}

await write('configuration.md', reference());
await write('glossary.md', withEvents(await readFile(pathOf('glossary.md'), 'utf8')));
