/**
 * The lab runner as one file: plain Node starts it in a fraction of the time that tsx takes, and in half the memory.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Writes `gitlab-runner.cjs` into the folder; the result is its path. */
export async function bundleRunner(folder: string): Promise<string> {
  const outfile = join(folder, 'gitlab-runner.cjs');
  const entry = join(dirname(fileURLToPath(import.meta.url)), 'main.ts');
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'error',
  });
  return outfile;
}
