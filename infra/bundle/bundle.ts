/** Bundles the runtime into single files for a stock Node image: the pods run this source code. */
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

/** A ConfigMap may have 1 MiB in all (1048576 bytes); the rest is room for growth. */
const MOST_BYTES = 700_000;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const inFolder = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const SLIM = inFolder('slim-gitbeaker.ts');
const INSTEAD = { 'rate-limiter-flexible': SLIM, 'picomatch-browser': SLIM, 'object-inspect': inFolder('inspect.cjs') };

/** The runtime's programs, by their names in the containers. */
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
 * One entry as minified CommonJS. The same source gives the same bytes on every machine, because any difference would replace the
 * ConfigMap and roll out every runner pod again.
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
    alias: INSTEAD,
    logLevel: 'silent',
  });
  const text = result.outputFiles[0]?.text;
  if (text === undefined) throw new Error(`esbuild wrote no output for ${entry}`);
  const bytes = Buffer.byteLength(text);
  if (bytes > mostBytes)
    throw new Error(
      `the bundle of ${entry} has ${bytes} bytes, but only ${mostBytes} fit into its ConfigMap: import single classes and "* as z" instead of whole libraries`,
    );
  return text;
}
