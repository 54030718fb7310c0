/** `npm run docs:reference`: writes docs/configuration.md anew. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { reference } from './text.ts';

const FILE = fileURLToPath(new URL('../../docs/configuration.md', import.meta.url));
await writeFile(FILE, await format(reference(), { ...(await resolveConfig(FILE)), parser: 'markdown' }));
process.stdout.write(`wrote ${FILE}\n`);
