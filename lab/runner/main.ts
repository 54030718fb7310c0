/** `gitlab-runner run --config FILE`: the lab's stand-in, bundled into one file when a lab starts. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from './client.ts';
import { readRunnerConfig } from './config.ts';
import { Metrics, serveMetrics } from './metrics.ts';
import { Runner } from './runner.ts';

const SYSTEM_ID = /^[sr]_[0-9a-zA-Z]{12}$/;

/** The id beside config.toml; one that is missing or malformed is made anew, as gitlab-runner does. */
function systemIdBeside(config: string): string {
  const file = join(dirname(config), '.runner_system_id');
  try {
    const id = readFileSync(file, 'utf8').trim();
    if (SYSTEM_ID.test(id)) return id;
  } catch {
    // None yet.
  }
  const id = `r_${randomBytes(6).toString('hex')}`;
  writeFileSync(file, id, { mode: 0o600 });
  return id;
}

const options = { config: { type: 'string' }, 'working-directory': { type: 'string' } } as const;
const { values, positionals } = parseArgs({ options, allowPositionals: true });
if (positionals[0] !== 'run' || values.config === undefined) {
  process.stderr.write('usage: gitlab-runner run --config FILE\n');
  process.exit(64);
}
const log = (line: string): void => void process.stdout.write(`${line}\n`);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const config = readRunnerConfig(readFileSync(values.config, 'utf8'));
const systemId = systemIdBeside(values.config);
const metrics = new Metrics({
  runner: config.token.slice(0, 9),
  systemId,
  concurrent: config.concurrent,
  limit: config.limit,
});
if (config.listen !== undefined) serveMetrics(metrics, config.listen);
const runner = new Runner({ config, systemId, client: new Client(config.url, metrics, sleep), metrics, sleep, log });
process.on('SIGQUIT', () => runner.drain());
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(1));
log(`Starting multi-runner, system_id=${systemId}`);
void runner.run().then(() => process.exit(0));
