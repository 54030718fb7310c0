/**
 * `npm run scan`: renders every stack that has a file, as it is and with what is off by default, and runs the scanners.
 * Fails on any finding.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { program } from '../../infra/program.ts';
import { render } from '../../infra/render/render.ts';
import { stacksIn } from '../../infra/render/stack-config.ts';
import { ToolError } from '../build.ts';
import { scanners, type Scanner } from './scanners.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What makes further objects. */
const OPTIONS = {
  monitoring: { enabled: true },
  notify: { webhook: 'https://hooks.example.com/services' },
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** True where nothing was found. */
async function isClean(stack: string, scanner: Scanner, file: string): Promise<boolean> {
  const { passed, findings, exceptions } = await scanner.scan(file);
  const counts = [`${passed} passed`, `${findings.length} found`, `${exceptions.length} excepted`].join(', ');
  say(`${stack}: ${scanner.name}: ${counts}`);
  for (const line of findings) say(`  FOUND ${line}`);
  for (const line of exceptions) say(`  excepted ${line}`);
  return findings.length === 0 && passed > 0;
}

async function main(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'hadr-scan-'));
  try {
    let clean = true;
    const all = await scanners();
    for (const stack of await stacksIn(ROOT))
      for (const [name, over] of [
        [stack, {}],
        [`${stack} with all options`, OPTIONS],
      ] as const) {
        const file = join(folder, `${stack}.yaml`);
        await writeFile(file, await render(ROOT, stack, program, over));
        for (const scanner of all) clean = (await isClean(name, scanner, file)) && clean;
      }
    return clean;
  } finally {
    await rm(folder, { recursive: true });
  }
}

process.exitCode = await main().then(
  (clean) => (clean ? 0 : 1),
  (error: unknown) => {
    if (!(error instanceof ToolError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  },
);
