/** The person's GitLab token. It is never a flag: other users of the machine see those. */
import type { Given } from './command-line.ts';
import type { HadrConfig } from './config.ts';
import { wrongUsage } from './exit.ts';
import { textOf } from './input-file.ts';
import type { Machine } from './machine.ts';
import { requireTrust } from './trust.ts';

/**
 * From --token-file, HADR_TOKEN, or the secret gitlabToken of the stack. Throws a Refusal without the value, and before a token of the
 * person's own could go to an address that they do not trust.
 */
export async function readToken(given: Given, config: HadrConfig, machine: Machine): Promise<string> {
  const own = await ownToken(given, machine);
  if (own !== undefined) {
    await requireTrust(given, config, machine);
    return own;
  }
  if (config.stack === undefined)
    throw wrongUsage(
      'there is no GitLab token; set HADR_TOKEN (scope api; Owner of the group, or Maintainer of the project, that owns the runners), or give --token-file',
    );
  return oneWord(await fromStack(config.stack.name, machine), `gitlabToken of stack ${config.stack.name}`);
}

async function ownToken(given: Given, { env, cwd }: Machine): Promise<string | undefined> {
  const file = given.texts.get('token-file');
  if (file !== undefined) {
    const text = await textOf(cwd, file);
    if (text === undefined)
      throw wrongUsage(`there is no token file ${file}; write your token into it, or set HADR_TOKEN`);
    return oneWord(text, `the token in ${file}`);
  }
  const variable = env['HADR_TOKEN'] ?? '';
  return variable.trim() === '' ? undefined : oneWord(variable, 'HADR_TOKEN');
}

/** A line break inside would make an HTTP header that Node refuses with the value in its message. */
function oneWord(text: string, name: string): string {
  const token = text.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw wrongUsage(`${name} contains spaces or line breaks; give only the token`);
  return token;
}

/** Only Pulumi can decrypt its secrets. */
async function fromStack(stack: string, { execute }: Machine): Promise<string> {
  const args = ['config', 'get', 'gitlabToken', '--stack', stack, '--non-interactive'];
  const { code, stdout } = await execute('pulumi', args);
  if (code === 0) return stdout;
  throw wrongUsage(
    `pulumi config get gitlabToken --stack ${stack} failed; log in to Pulumi's backend and give its passphrase, or set HADR_TOKEN`,
  );
}
