/** The person's GitLab token. It is never a flag: other users of the machine see those. */
import { isAbsolute, join } from 'node:path';
import { readIfThere } from '../adapters/process/files.ts';
import type { Given } from './command-line.ts';
import type { HadrConfig } from './config.ts';
import { wrongUsage } from './exit.ts';
import type { Machine } from './machine.ts';

/** From --token-file, HADR_TOKEN, or the secret gitlabToken of the stack. Throws a Refusal without the value. */
export async function readToken(given: Given, config: HadrConfig, machine: Machine): Promise<string> {
  const { env, cwd } = machine;
  const file = given.texts.get('token-file');
  if (file !== undefined) {
    const text = await readIfThere(isAbsolute(file) ? file : join(cwd, file));
    if (text === undefined)
      throw wrongUsage(`there is no token file ${file}; write your token into it, or set HADR_TOKEN`);
    return oneWord(text, `the token in ${file}`);
  }
  const variable = env['HADR_TOKEN'];
  if (variable !== undefined && variable.trim() !== '') return oneWord(variable, 'HADR_TOKEN');
  if (config.stack === undefined)
    throw wrongUsage(
      'there is no GitLab token; set HADR_TOKEN (scope api; Owner of the group, or Maintainer of the project, that owns the runners), or give --token-file',
    );
  return oneWord(await fromStack(config.stack.name, machine), `gitlabToken of stack ${config.stack.name}`);
}

/** A line break inside would make an HTTP header that Node refuses with the value in its message. */
function oneWord(text: string, name: string): string {
  const token = text.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw wrongUsage(`${name} is not one word; give the token and nothing else`);
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
