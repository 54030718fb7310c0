/** `npm run --silent render -- --stack cluster-a`: the Kubernetes objects of the stack, as YAML on standard output. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { RunError } from '@pulumi/pulumi';
import { program } from '../program.ts';
import { render } from './render.ts';
import { stacksIn } from './stack-config.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const USAGE = 'usage: npm run --silent render -- --stack NAME';
/** EX_USAGE of sysexits.h. */
const EXIT_USAGE = 64;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  const stack = stackOf(process.argv.slice(2));
  const stacks = await stacksIn(ROOT);
  if (stack === undefined || !stacks.includes(stack)) {
    if (stack !== undefined) say(`There is no Pulumi.${stack}.yaml.`);
    say(`${USAGE}, where NAME is one of ${stacks.join(', ')}`);
    return EXIT_USAGE;
  }
  if (process.env['npm_lifecycle_event'] === 'render' && process.env['npm_config_loglevel'] !== 'silent')
    say(`npm printed lines of its own before the YAML; in a pipe use: npm run --silent render -- --stack ${stack}`);
  process.stdout.write(await render(ROOT, stack, program));
  return 0;
}

function stackOf(args: string[]): string | undefined {
  try {
    return parseArgs({ args, options: { stack: { type: 'string' } } }).values.stack;
  } catch {
    return undefined;
  }
}

process.exitCode = await main().catch((error: unknown) => {
  // A refused config has its own message.
  if (!RunError.isInstance(error)) throw error;
  say(error.message);
  return 1;
});
