/** `npm run build:hadr`: the `hadr` command as one file that a stock Node runs, and the schema of what it prints. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { outputSchemaText } from '../../runtime/cli/output-schema.ts';
import { bundle } from './bundle.ts';

const inRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const command = inRoot('dist/hadr.cjs');

await mkdir(inRoot('dist'), { recursive: true });
await writeFile(command, `#!/usr/bin/env node\n${await bundle('runtime/cli/main.ts')}`);
await chmod(command, 0o755);
await writeFile(inRoot('docs/hadr.schema.json'), outputSchemaText());
process.stdout.write('dist/hadr.cjs\ndocs/hadr.schema.json\n');
