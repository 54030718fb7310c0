/** The simulation bundled with production code in which some text is replaced: a mutant that runs like the original. */
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import type { Edit } from './guards.ts';

const ROOT = join(import.meta.dirname, '../..');

/** How a mutant is bundled: for the Node that runs the simulation. */
export const FOR_NODE = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'error',
} as const;

/** Applies the edits of one file; each text must be in it exactly once. */
export function mutate(file: string, text: string, edits: readonly Edit[]): string {
  let mutated = text;
  for (const { find, replace } of edits) {
    const parts = mutated.split(find);
    if (parts.length !== 2)
      throw new Error(`${file} has ${parts.length - 1} times "${find}"; the guard has moved: follow it in guards.ts`);
    mutated = parts.join(replace);
  }
  return mutated;
}

/** Bundles an entry of the simulation with the edits; the result is the path of the bundle. */
export async function buildMutant(entry: string, edits: readonly Edit[], outfile: string): Promise<string> {
  const left = new Set(edits.map(({ file }) => file));
  await build({
    entryPoints: [join(ROOT, entry)],
    outfile,
    ...FOR_NODE,
    plugins: [
      {
        name: 'mutant',
        setup: (setup) => {
          setup.onLoad({ filter: /\/runtime\/.*\.ts$/ }, async ({ path }) => {
            const file = relative(ROOT, path);
            const own = edits.filter((candidate) => candidate.file === file);
            if (own.length === 0) return undefined;
            left.delete(file);
            return { contents: mutate(file, await readFile(path, 'utf8'), own), loader: 'ts' };
          });
        },
      },
    ],
  });
  if (left.size > 0) throw new Error(`the simulation does not use ${[...left].join(', ')}`);
  return outfile;
}
