/** The checker's entry: one run of the CronJob. Exit 0: a round was finished; 1: no round was finished; 64: it cannot start with this environment or config. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { checkerConfigSchema, WEBHOOK_FILE, type CheckerConfig } from '../config.ts';
import { EXPIRIES_FILE, expiriesSchema } from '../expiries.ts';
import { connectGitLab, type GitLabConnection } from '../adapters/gitlab/connect.ts';
import { incidentsOf } from '../adapters/gitlab/incidents.ts';
import { createHttp } from '../adapters/http/http.ts';
import { kubernetesPods } from '../adapters/kubernetes/pods.ts';
import { listen } from '../adapters/metrics/serve.ts';
import { webhookAt } from '../adapters/webhook/webhook.ts';
import { systemClock, wallClock } from '../adapters/process/clock.ts';
import { jsonFile, readIfThere, reasonOf, tokenFile } from '../adapters/process/files.ts';
import type { Log } from '../ports.ts';
import { createLog } from '../adapters/process/log.ts';
import { EXIT_CANNOT_START, readStart, StartError, variable } from '../adapters/process/start.ts';
import { createExposition, Monitor } from './metrics.ts';
import { run } from './run.ts';

const variables = z.object({
  HADR_CONFIG: variable('the path of checker.json'),
  HADR_TOKENS: variable('the folder with the files `fleet`, `status` and `expiries.json`'),
  HADR_SERVICE_ACCOUNT: variable('the folder with the token of the ServiceAccount'),
});

type Environment = z.infer<typeof variables>;

async function main(): Promise<number> {
  const { env, config } = await readStart(process.env, variables, checkerConfigSchema);
  const log = createLog({ format: config.log.format, fields: { cluster: config.cluster } });
  try {
    return await runOnce(env, config, log);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'failed';
    log.error('run-crashed', `unexpected: ${why}`, { stack: (error instanceof Error && error.stack) || why });
    await terminationMessage(`unexpected: ${why}`);
    return 1;
  }
}

async function runOnce(env: Environment, config: CheckerConfig, log: Log): Promise<number> {
  const { timing } = config;
  const connect = (name: string): GitLabConnection =>
    connectGitLab({
      ...config.gitlab,
      token: tokenFile(env.HADR_TOKENS, name),
      requestSeconds: timing.requestSeconds,
      clock: systemClock,
    });
  const fleet = connect('fleet');
  const status = connect('status');
  const pods = kubernetesPods({
    ...config.kubernetes,
    timeoutMs: timing.requestSeconds * 1000,
    token: tokenFile(env.HADR_SERVICE_ACCOUNT, 'token'),
    ca: () => readFile(join(env.HADR_SERVICE_ACCOUNT, 'ca.crt'), 'utf8'),
  });
  const web = createHttp();
  const webhook = { send: web.send, url: tokenFile(env.HADR_TOKENS, WEBHOOK_FILE) };
  const isNotifying = (await readIfThere(join(env.HADR_TOKENS, WEBHOOK_FILE))) !== undefined;
  const expiries = await jsonFile(join(env.HADR_TOKENS, EXPIRIES_FILE), expiriesSchema);
  const monitor = new Monitor({ config, expiries, wall: wallClock });
  const metrics = await serveMetrics(monitor, config.metricsPort, log);
  const result = await run(
    {
      config,
      expiries,
      records: fleet.records,
      project: status.project(config.statusProject.id, config.statusProject.branch),
      incidents: incidentsOf(status.resource, config.statusProject.id),
      notifier: isNotifying ? webhookAt({ ...webhook, timeoutMs: timing.requestSeconds * 1000 }) : undefined,
      pods,
      clock: systemClock,
      random: Math.random,
      log,
    },
    (round, seconds) => monitor.add(round, seconds),
  );
  for (const connection of [fleet, status, pods, web, metrics]) connection.close();
  if (result.finished > 0) return 0;
  const why = result.preflightFailed
    ? (result.why ?? 'the preflight failed')
    : `no round of this run was finished: ${result.why ?? 'none was started'}`;
  log.error(result.preflightFailed ? 'run-refused' : 'run-unfinished', why);
  await terminationMessage(why);
  return result.preflightFailed ? EXIT_CANNOT_START : 1;
}

/** A port that cannot be opened costs the metrics and nothing else. */
async function serveMetrics(monitor: Monitor, port: number | undefined, log: Log): Promise<{ close(): void }> {
  const server = createExposition(monitor);
  try {
    if (port !== undefined) await listen(server, port);
  } catch (error) {
    const why = `cannot listen on port ${port} (${reasonOf(error)}); set monitoring.checkerPort to a free port`;
    log.error('metrics-not-served', `no /metrics: ${why}`, { port: port ?? 0 });
  }
  return {
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The termination message: `kubectl describe pod` shows it. */
async function terminationMessage(text: string): Promise<void> {
  const file = process.env['HADR_TERMINATION_LOG'];
  // Kubernetes keeps 4096 bytes.
  if (file) await writeFile(file, text.slice(0, 4000)).catch(() => undefined);
}

// Kubernetes may replace a run that has not ended: nothing needs to be saved, a run may stop between any two calls.
process.once('SIGTERM', () => process.exit(143));
void main()
  .catch(async (error: unknown) => {
    // Without a config the format of the log is not known.
    const why = error instanceof Error ? error.message : 'failed';
    process.stderr.write(`${why}\n`);
    await terminationMessage(why);
    return error instanceof StartError ? EXIT_CANNOT_START : 1;
  })
  .then((code) => {
    process.exitCode = code;
  });
