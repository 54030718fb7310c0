/** Bundles with all mutants in them: one of each test file, and one of the simulation. */
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { FOR_NODE } from '../guards/mutant.ts';
import { instrument, SWITCH, type Mutant } from './instrument.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The instrumented files, and all of their mutants. */
export interface Mutated {
  readonly texts: ReadonlyMap<string, string>;
  readonly mutants: readonly Mutant[];
}

export async function mutate(files: readonly string[]): Promise<Mutated> {
  const texts = new Map<string, string>();
  const mutants: Mutant[] = [];
  for (const file of files) {
    const made = instrument(file, await readFile(join(ROOT, file), 'utf8'), mutants.length + 1);
    texts.set(file, made.text);
    mutants.push(...made.mutants);
  }
  return { texts, mutants };
}

/** A file keeps the folder that it was written in: tests read files beside them. */
function sources(texts: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'mutants',
    setup: (setup) => {
      setup.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (path.includes('node_modules')) return undefined;
        const text = texts.get(relative(ROOT, path)) ?? (await readFile(path, 'utf8'));
        return { contents: text.replaceAll('import.meta.dirname', JSON.stringify(dirname(path))), loader: 'ts' };
      });
    },
  };
}

const BANNER = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
globalThis.mutant = Number(process.env.MUTANT ?? 0);${SWITCH}`;

const testEntry = (file: string): string => `
import { runTests } from './simulation/mutants/harness.ts';
import './${file}';
import { parentPort } from 'node:worker_threads';
const failure = await runTests();
parentPort?.postMessage({ failure, reached: [...globalThis.reachedMutants] });
`;

async function bundle(entry: string, texts: ReadonlyMap<string, string>, outfile: string): Promise<string> {
  await build({
    stdin: { contents: entry, resolveDir: ROOT, loader: 'ts', sourcefile: 'mutants.ts' },
    outfile,
    ...FOR_NODE,
    banner: { js: BANNER },
    plugins: [sources(texts)],
  });
  return outfile;
}

export const bundleTest = (file: string, { texts }: Mutated, outfile: string): Promise<string> =>
  bundle(testEntry(file), texts, outfile);

export const bundleSimulation = ({ texts }: Mutated, outfile: string): Promise<string> =>
  bundle(`import './simulation/guards/search.ts';`, texts, outfile);
