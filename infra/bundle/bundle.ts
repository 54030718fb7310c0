/** The runtime as single files for a stock Node image: what the pods run is this very source. */
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

/** A ConfigMap takes 1 MiB with everything in it (1048576 bytes); the rest is room for the config and for growth. */
const MOST_BYTES = 700_000;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The runtime's programs, by what they are called in the containers. */
export const ENTRIES = { checker: 'runtime/checker/main.ts', sidecar: 'runtime/sidecar/main.ts' } as const;

export interface Bundles {
  readonly checker: string;
  readonly sidecar: string;
}

export async function bundleRuntime(): Promise<Bundles> {
  const [checker, sidecar] = await Promise.all([bundle(ENTRIES.checker), bundle(ENTRIES.sidecar)]);
  return { checker, sidecar };
}

/**
 * One entry as minified CommonJS. The same source gives the same bytes wherever it is built, for any other byte would
 * replace the ConfigMap and roll every runner pod.
 */
export async function bundle(
  entry: string,
  options: { readonly root?: string; readonly mostBytes?: number } = {},
): Promise<string> {
  const { root = ROOT, mostBytes = MOST_BYTES } = options;
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    charset: 'utf8',
    legalComments: 'none',
    sourcemap: false,
    logLevel: 'silent',
  });
  const text = result.outputFiles[0]?.text;
  if (text === undefined) throw new Error(`esbuild made no file of ${entry}`);
  const bytes = Buffer.byteLength(text);
  if (bytes > mostBytes)
    throw new Error(
      `${entry} is bundled to ${bytes} bytes, and a ConfigMap has room for ${mostBytes}: import single classes and "* as z" instead of whole libraries`,
    );
  return text;
}
