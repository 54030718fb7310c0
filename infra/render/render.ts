/** A stack's program rendered as Kubernetes manifests. */
import { isDeepStrictEqual } from 'node:util';
import { declare } from './declare.ts';
import { manifests } from './manifest.ts';
import { stackConfig, withoutCiphers } from './stack-config.ts';

/** Replaces a secret that the program needs but the output does not. It is a valid token, and a comment in TOML. */
const UNKNOWN = '#known-to-pulumi-up-alone';

/** Replaces a secret address. */
const UNKNOWN_ADDRESS = 'https://known-to-pulumi-up-alone.invalid';

const header = (stack: string): string =>
  [
    `# The Kubernetes objects of stack ${stack}, for readers and scanners. Not for kubectl apply: values that only`,
    '# pulumi up knows are missing. Secrets are placeholders, ids of GitLab are 1, and generated names end in 00000000.',
    '',
  ].join('\n');

/** Of the stack whose files are in `folder`, with the values of `over` in its config. Throws Pulumi's RunError if the config is refused. */
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
