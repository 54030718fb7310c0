/** A stack's program rendered as Kubernetes manifests. */
import { isDeepStrictEqual } from 'node:util';
import { declare } from './declare.ts';
import { manifests } from './manifest.ts';
import { stackConfig, withoutCiphers } from './stack-config.ts';

/** In place of a secret that the program needs and a rendering does not. It is a valid token, and in TOML a comment. */
const UNKNOWN = '#known-to-pulumi-up-alone';

/** In place of an address that is a secret. */
const UNKNOWN_ADDRESS = 'https://known-to-pulumi-up-alone.invalid';

const header = (stack: string): string =>
  [
    `# What stack ${stack} puts into Kubernetes, for readers and scanners. It is not for kubectl apply: what only pulumi up`,
    '# knows is missing. Secrets are placeholders, ids of GitLab are 1, and made names end in 00000000.',
    '',
  ].join('\n');

/** Of the stack whose files are in `folder`, with `over` laid over its config. Throws Pulumi's RunError where that is refused. */
export async function render(
  folder: string,
  stack: string,
  program: () => Promise<object>,
  over: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const config = await stackConfig(folder, stack, over, { gitlabToken: UNKNOWN });
  const values: Record<string, unknown> = {};
  const secrets: Record<string, string> = { ...config.secrets };
  for (const [key, value] of Object.entries(config.values)) {
    const readable = withoutCiphers(value, key.endsWith(':notify') ? UNKNOWN_ADDRESS : UNKNOWN);
    if (isDeepStrictEqual(readable, value)) values[key] = value;
    else secrets[key] ??= typeof readable === 'string' ? readable : JSON.stringify(readable);
  }
  return header(stack) + manifests(await declare({ ...config, values, secrets }, program, UNKNOWN));
}
