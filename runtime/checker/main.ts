/** The checker's entry: one run of the CronJob. Exit 0: a round was finished; 1: none was; 64: it cannot work as started. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkerConfigSchema } from '../config.ts';
import { connectGitLab, type GitLabConnection } from '../gitlab/connect.ts';
import { kubernetesPods } from '../kubernetes/pods.ts';
import { systemClock } from '../process/clock.ts';
import { tokenFile } from '../process/files.ts';
import { createLog } from '../process/log.ts';
import { readConfig, StartError, variable } from '../process/start.ts';
import { run } from './run.ts';

async function main(): Promise<number> {
  const { env } = process;
  const config = await readConfig(variable(env, 'HADR_CONFIG'), checkerConfigSchema);
  const tokens = variable(env, 'HADR_TOKENS');
  const account = variable(env, 'HADR_SERVICE_ACCOUNT');
  const { timing } = config;
  const connect = (name: string): GitLabConnection =>
    connectGitLab({
      url: config.gitlab.url,
      token: tokenFile(tokens, name),
      requestSeconds: timing.requestSeconds,
      clock: systemClock,
    });
  const fleet = connect('fleet');
  const status = connect('status');
  const pods = kubernetesPods({
    ...config.kubernetes,
    timeoutMs: timing.requestSeconds * 1000,
    token: tokenFile(account, 'token'),
    ca: () => readFile(join(account, 'ca.crt'), 'utf8'),
  });
  const result = await run({
    config,
    records: fleet.records,
    project: status.project(config.statusProject.id, config.statusProject.branch),
    pods,
    clock: systemClock,
    random: Math.random,
    log: createLog({ fields: { cluster: config.cluster } }),
  });
  for (const connection of [fleet, status, pods]) connection.close();
  if (result.finished > 0) return 0;
  await say(`no round of this run was finished: ${result.why ?? 'none was begun'}`);
  return 1;
}

/** The last words go to Kubernetes, where `kubectl describe` shows them, and to the log. */
async function say(text: string): Promise<void> {
  process.stderr.write(`${text}\n`);
  const file = process.env['HADR_TERMINATION_LOG'];
  // Kubernetes keeps 4096 bytes of it.
  if (file) await writeFile(file, text.slice(0, 4000)).catch(() => undefined);
}

// Kubernetes replaces a run that is still going: there is nothing to save, every state between two calls is a good one.
process.once('SIGTERM', () => process.exit(143));
void main()
  .catch(async (error: unknown) => {
    await say(
      error instanceof StartError
        ? error.message
        : `unexpected: ${error instanceof Error ? (error.stack ?? error.message) : 'failed'}`,
    );
    return error instanceof StartError ? 64 : 1;
  })
  .then((code) => {
    process.exitCode = code;
  });
