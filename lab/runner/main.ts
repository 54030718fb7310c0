/** `gitlab-runner run --config <file>`: the lab's stand-in for gitlab-runner. */
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import { parseArgs } from 'node:util';
import { parseConfig, type RunnerConfig } from './config.ts';
import { createLog } from './log.ts';
import { runnerMetrics, VERSION, type Metrics } from './metrics.ts';
import { Runner } from './runner.ts';
import { systemId } from './system-id.ts';

const USAGE = 'usage: gitlab-runner run --config <file> [--working-directory <dir>]';

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      config: { type: 'string', short: 'c' },
      'working-directory': { type: 'string', short: 'd' },
      version: { type: 'boolean', short: 'v' },
    },
  });
  if (values.version === true) {
    process.stdout.write(`Version:      ${VERSION} (lab)\n`);
    return 0;
  }
  if (positionals[0] !== 'run' || values.config === undefined) {
    process.stderr.write(`${USAGE}\n`);
    return 64;
  }
  const metrics = runnerMetrics(Date.now());
  const log = createLog(metrics);
  const config = parseConfig(readFileSync(values.config, 'utf8'));
  const id = systemId(values.config, (message) => log('warning', message));
  if (values['working-directory'] !== undefined) process.chdir(values['working-directory']);
  const heartbeat = Number(process.env['LAB_RUNNER_HEARTBEAT_SECONDS']);
  const runner = new Runner({
    config,
    systemId: id,
    metrics,
    log,
    ...(heartbeat > 0 ? { heartbeatSeconds: heartbeat } : {}),
  });

  process.on('SIGQUIT', () => {
    log('info', 'Stopping gracefully: running jobs are finished first');
    runner.drain();
  });
  let forced = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (forced) process.exit(1);
      forced = true;
      log('info', `Received ${signal}: running jobs are aborted`);
      runner.abort();
    });
  const server = await serveMetrics(config, metrics);
  log('info', 'Configuration loaded', { builds: 0, max_builds: config.concurrent });
  // gitlab-runner warns so at each load; it changes nothing.
  if (config.runners.some(({ requestConcurrency }) => requestConcurrency === 1))
    log('warning', 'CONFIGURATION: Long polling issues detected: request_concurrency is 1');
  await runner.run();
  server?.close();
  server?.closeAllConnections();
  log('info', 'Can exit now!');
  return 0;
}

async function serveMetrics({ listen }: RunnerConfig, metrics: Metrics): Promise<http.Server | undefined> {
  if (!listen) return undefined;
  const server = http.createServer((request, response) => {
    if (request.url !== '/metrics') return response.writeHead(404).end('404 page not found\n');
    if (!/^(GET|HEAD)$/.test(request.method ?? '')) return response.writeHead(405).end('Method Not Allowed\n');
    return response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(metrics.text());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, resolve);
  });
  return server;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`FATAL: ${error instanceof Error ? error.message : 'failed'}\n`);
    process.exit(1);
  },
);
