/** The sidecar's entry: nothing but wiring. */
import * as z from 'zod';
import { sidecarConfigSchema } from '../config.ts';
import { connect, runnerRecords } from '../adapters/gitlab/records.ts';
import { systemClock, wallClock } from '../adapters/process/clock.ts';
import { listen } from '../adapters/metrics/serve.ts';
import { reasonOf, tokenFile } from '../adapters/process/files.ts';
import { createLog } from '../adapters/process/log.ts';
import { EXIT_CANNOT_START, readStart, StartError, variable } from '../adapters/process/start.ts';
import { sidecarIntervalSeconds } from '../timing.ts';
import { createMetricsServer } from './metrics.ts';
import { gitlabView } from './gitlab-view.ts';
import { healthFileAt } from './health-file.ts';
import { run, Sidecar, type SidecarParts } from './loop.ts';
import { runnerMetricsAt } from './read-runner-metrics.ts';
import { readSystemId } from './system-id.ts';

const variables = z.object({
  HADR_CONFIG: variable('the path of sidecar.json'),
  HADR_TOKENS: variable('the folder with the file `sidecar`'),
  HADR_HEALTH: variable('the path of the health file'),
  HADR_SYSTEM_ID: variable('the path of .runner_system_id'),
});

async function main(): Promise<void> {
  const { env, config } = await readStart(process.env, variables, sidecarConfigSchema);
  const systemId = await readSystemId(env.HADR_SYSTEM_ID);
  const { cluster, record, timing, gitlab, port } = config;
  const log = createLog({ format: config.log.format, fields: { cluster, record } });
  const connection = connect({
    ...gitlab,
    token: tokenFile(env.HADR_TOKENS, 'sidecar'),
    requestSeconds: timing.requestSeconds,
    clock: systemClock,
  });
  const parts: SidecarParts = {
    timing,
    clock: systemClock,
    metrics: runnerMetricsAt(
      new URL(config.runnerMetricsUrl),
      (sidecarIntervalSeconds(timing) * 1000) / 2,
      systemClock,
    ),
    gitlab: gitlabView(runnerRecords(connection), { cluster, record, systemId }),
    health: healthFileAt(env.HADR_HEALTH),
    log,
  };
  const sidecar = new Sidecar(parts);
  const info = { cluster, record, systemId };
  const server = createMetricsServer({
    info,
    snapshot: () => sidecar.snapshot(),
    now: () => systemClock.now(),
    wall: wallClock,
  });
  try {
    await listen(server, port);
    log.info('metrics-served', 'serving /metrics and /healthz', { port });
  } catch (error) {
    // The probes read the health file, so a taken port costs the metrics and nothing else.
    const why = `cannot listen on port ${port} (${reasonOf(error)}); free it, or set runner.sidecarPort`;
    log.error('metrics-not-served', `no /metrics: ${why}`, { port });
  }
  await run(sidecar, parts);
}

process.once('SIGTERM', () => process.exit(0));
process.once('SIGINT', () => process.exit(0));
void main().catch((error: unknown) => {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EXIT_CANNOT_START;
});
