/** config.toml as gitlab-runner reads it, as far as the lab's runner behaves by it. */
import { parse } from 'smol-toml';
import * as z from 'zod';

const runnerSchema = z.looseObject({
  name: z.string().default(''),
  url: z.string(),
  token: z.string(),
  limit: z.number().int().default(0),
  unhealthy_requests_limit: z.number().int().default(3),
  unhealthy_interval: z.union([z.string(), z.number()]).default('60m'),
});

const configSchema = z.looseObject({
  concurrent: z.number().int().default(1),
  // Whole seconds, as in the real one; 0 and less mean the default.
  check_interval: z.number().int().default(3),
  listen_address: z.string().optional(),
  runners: z.array(runnerSchema).length(1),
});

export interface RunnerConfig {
  readonly url: string;
  readonly token: string;
  readonly concurrent: number;
  readonly limit: number;
  readonly checkIntervalMs: number;
  readonly unhealthyRequests: number;
  readonly unhealthyMs: number;
  readonly listen: string | undefined;
}

/** A Go duration such as `1m30s` or `500ms`, in ms. */
export function durationMs(text: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  let total = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/([\d.]+)(ms|s|m|h)/g))
    total += Number(amount) * (units[unit] ?? 0);
  return total;
}

export function readRunnerConfig(toml: string): RunnerConfig {
  const config = configSchema.parse(parse(toml));
  const [runner] = config.runners;
  if (!runner) throw new Error('config.toml has no [[runners]]');
  const unhealthy = runner.unhealthy_interval;
  return {
    url: runner.url.replace(/\/+$/, ''),
    token: runner.token,
    concurrent: config.concurrent,
    limit: runner.limit > 0 ? Math.min(runner.limit, config.concurrent) : config.concurrent,
    checkIntervalMs: (config.check_interval > 0 ? config.check_interval : 3) * 1000,
    unhealthyRequests: runner.unhealthy_requests_limit,
    unhealthyMs: typeof unhealthy === 'number' ? unhealthy * 1000 : durationMs(unhealthy),
    listen: config.listen_address,
  };
}
