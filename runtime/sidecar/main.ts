/** The sidecar's entry: nothing but wiring. */
import { readFile } from 'node:fs/promises';
import { connectGitLab } from '../gitlab/connect.ts';
import { systemClock, wallClock } from '../process/clock.ts';
import { reasonOf, tokenFile } from '../process/files.ts';
import { createLog } from '../process/log.ts';
import { sidecarIntervalSeconds } from '../timing.ts';
import { createExposition, listen } from './exposition.ts';
import { gitlabView } from './gitlab-view.ts';
import { healthFileAt } from './health-file.ts';
import { createSidecar, run, type SidecarParts } from './loop.ts';
import { runnerMetricsAt } from './runner-metrics.ts';
import { readSettings, type Settings } from './settings.ts';

/** EX_USAGE of sysexits.h: starting again will not help. */
const EXIT_BAD_CONFIG = 64;

async function serve({ config, systemId, tokens, health, runnerMetrics, host, port }: Settings): Promise<void> {
  const { cluster, record, timing, gitlab } = config;
  const log = createLog({ fields: { cluster, record } });
  const { records } = connectGitLab({
    url: gitlab.url,
    token: tokenFile(tokens, 'sidecar'),
    requestSeconds: timing.requestSeconds,
    clock: systemClock,
  });
  const parts: SidecarParts = {
    timing,
    clock: systemClock,
    metrics: runnerMetricsAt(runnerMetrics, (sidecarIntervalSeconds(timing) * 1000) / 2),
    gitlab: gitlabView(records, record, systemId),
    health: healthFileAt(health),
    log,
  };
  const sidecar = createSidecar(parts);
  const facts = { cluster, record, systemId };
  const server = createExposition({
    facts,
    snapshot: () => sidecar.snapshot(),
    now: () => systemClock.now(),
    wall: wallClock,
  });
  try {
    log.info('serving /metrics and /healthz', { host, port: await listen(server, host, port) });
  } catch (error) {
    // The probes read the health file, so a taken port costs the metrics and nothing else.
    log.error(`no /metrics: cannot listen on ${host}:${port} (${reasonOf(error)}); free it or set another port`);
  }
  await run(sidecar, parts);
}

async function readNamed(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(`cannot read ${path} (${reasonOf(error)})`, { cause: error });
  }
}

async function main(): Promise<void> {
  const result = await readSettings(process.env, readNamed);
  if (result.ok) return serve(result.settings);
  for (const problem of result.problems) process.stderr.write(`${problem}.\n`);
  process.exitCode = EXIT_BAD_CONFIG;
}

process.once('SIGTERM', () => process.exit(0));
process.once('SIGINT', () => process.exit(0));
void main();
