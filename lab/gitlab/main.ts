/** `npm run lab:gitlab -- --port N`: runs only the embedded GitLab, for any GitLab client. */
import { parseArgs } from 'node:util';
import { FAULTS } from './model/faults.ts';
import { startGitLab } from './server.ts';

const USAGE = `npm run lab:gitlab -- [--port N] [--long-poll-ms N]

  --port N           port on 127.0.0.1 (default: any free port)
  --long-poll-ms N   how long Workhorse holds the poll of an idle runner, in ms (default: 50000)

Fault injection, with the admin token as PRIVATE-TOKEN:

  POST /lab/faults      {"kind": …, "method": …, "pathPrefix": …, "token": name, "times": N}; only kind is required
  DELETE /lab/faults    switches all faults off
  POST /lab/redis-loss  GitLab forgets recent contacts and queue keys
  POST /lab/jobs        {"project": id, "tags": […], "seconds": N} makes a job

Kinds of faults:

${Object.entries(FAULTS)
  .map(([kind, what]) => `  ${kind.padEnd(16)}${what}`)
  .join('\n')}
`;

function refuse(message: string): never {
  process.stderr.write(`${message}\n\n${USAGE}`);
  process.exit(64);
}

function numberOf(name: string, text: string | undefined, highest: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > highest)
    refuse(`--${name} must be a whole number from 0 to ${highest}`);
  return value;
}

function options(): { port?: string | undefined; 'long-poll-ms'?: string | undefined; help?: boolean | undefined } {
  try {
    const known = { port: { type: 'string' }, 'long-poll-ms': { type: 'string' }, help: { type: 'boolean' } } as const;
    return parseArgs({ options: known }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : 'wrong usage');
  }
}

const given = options();
if (given.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const port = numberOf('port', given.port, 65_535);
const longPollMs = numberOf('long-poll-ms', given['long-poll-ms'], 3_600_000);
const server = await startGitLab({
  ...(port !== undefined && { port }),
  ...(longPollMs !== undefined && { longPollMs }),
}).catch((error: unknown) =>
  refuse(`cannot listen on the port: ${error instanceof Error ? error.message : 'failed'}. Use another --port.`),
);
process.stdout.write(
  `GitLab (lab) at ${server.url}\nadmin token    ${server.adminToken}\n\n` +
    `  curl -H 'PRIVATE-TOKEN: ${server.adminToken}' ${server.url}/api/v4/user\n\nFault injection: see npm run lab:gitlab -- --help.\nCtrl-C ends it; its data is lost.\n`,
);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void server.close().then(() => process.exit(0)));
