/** `npm run build:hadr`: the `hadr` command as one file that a stock Node runs, dist/hadr.cjs. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.ts';

const folder = fileURLToPath(new URL('../dist', import.meta.url));

await mkdir(folder, { recursive: true });
await writeFile(`${folder}/hadr.cjs`, `#!/usr/bin/env node\n${await bundle('runtime/cli/main.ts')}`);
await chmod(`${folder}/hadr.cjs`, 0o755);
process.stdout.write('dist/hadr.cjs\n');
