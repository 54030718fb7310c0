/**
 * Where a person's token may go. A file in the current folder may come from somebody else (a clone, a merge request), so an address
 * that only a file names gets no token before the person has allowed it once, with --trust.
 *
 * Addresses that are trusted: the one of --gitlab-url or HADR_GITLAB_URL, those in the person's own list, and the default. A stack's own
 * secret `gitlabToken` is not checked: a person who may change the address in the stack's file may also change what `pulumi up` runs.
 */
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DEFAULT_GITLAB_URL } from '../config.ts';
import { readIfThere, reasonOf } from '../adapters/process/files.ts';
import type { Given } from './command-line.ts';
import { GITLAB_URL_VARIABLE, type HadrConfig, type Surroundings } from './config.ts';
import { wrongUsage } from './exit.ts';

/** Throws a Refusal where the address was never named by the person. With --trust it is remembered instead. */
export async function requireTrust(given: Given, config: HadrConfig, { env }: Surroundings): Promise<void> {
  const { origin, protocol } = new URL(config.gitlab.url);
  const isNamed = given.texts.has('gitlab-url') || env[GITLAB_URL_VARIABLE] !== undefined;
  if (isNamed || origin === new URL(DEFAULT_GITLAB_URL).origin) return;
  const list = listIn(env);
  if (given.flags.has('trust')) return remember(list, origin);
  const trusted = list === undefined ? '' : ((await readIfThere(list).catch(() => undefined)) ?? '');
  if (trusted.split('\n').includes(origin)) return;
  const warning = protocol === 'http:' ? ', without encryption' : '';
  throw wrongUsage(
    `the config file names ${origin}, and you have not allowed hadr to send your token there${warning}; ` +
      `if this is your GitLab, run the command once with --trust. Nothing was sent.`,
  );
}

/** One origin a line, such as https://gitlab.example.com. Undefined where the person has no home. */
function listIn(env: NodeJS.ProcessEnv): string | undefined {
  const home = env['HOME'] ?? env['USERPROFILE'];
  const folder = env['XDG_CONFIG_HOME'] ?? (home === undefined ? undefined : join(home, '.config'));
  return folder === undefined ? undefined : join(folder, 'hadr', 'trusted-gitlabs');
}

async function remember(list: string | undefined, origin: string): Promise<void> {
  if (list === undefined)
    throw wrongUsage(
      '--trust cannot store the address without a home folder; set HOME, or give --gitlab-url instead of --trust',
    );
  try {
    const known = (await readIfThere(list)) ?? '';
    if (known.split('\n').includes(origin)) return;
    await mkdir(dirname(list), { recursive: true });
    await appendFile(list, `${origin}\n`);
  } catch (error) {
    throw wrongUsage(`cannot write the address to ${list} (${causeOf(error)}); give --gitlab-url instead of --trust`);
  }
}

const causeOf = (error: unknown): string => reasonOf(error instanceof Error && error.cause ? error.cause : error);
