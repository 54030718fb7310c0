/** config.toml, as far as this runner heeds it. Other keys (executor settings, caches) are accepted and ignored. */
import { parse, TomlError } from 'smol-toml';
import * as z from 'zod/mini';

export interface RunnerEntry {
  readonly name: string;
  readonly url: string;
  readonly token: string;
  readonly executor: string;
  /** Jobs and polls of this entry at once; 0 is no limit. */
  readonly limit: number;
  readonly requestConcurrency: number;
  readonly unhealthyRequestsLimit: number;
  readonly unhealthyIntervalMs: number;
  readonly strictCheckInterval: boolean;
}

export interface RunnerConfig {
  readonly concurrent: number;
  readonly checkIntervalMs: number;
  readonly listen?: { readonly host: string; readonly port: number };
  readonly runners: readonly RunnerEntry[];
}

/** gitlab-runner's defaults (common/consts.go, helpers/…): 3 s, 3 failures, an hour, port 9252. */
const CHECK_INTERVAL_S = 3;
const UNHEALTHY_REQUESTS = 3;
const UNHEALTHY_INTERVAL_MS = 3_600_000;
const METRICS_PORT = 9252;

/** TOML keeps integers and floats apart, and Go refuses a float where it wants an int: so do we. */
const int = z.optional(z.bigint());

const schema = z.looseObject({
  concurrent: int,
  check_interval: int,
  listen_address: z.optional(z.string()),
  runners: z.optional(
    z.array(
      z.looseObject({
        name: z.optional(z.string()),
        url: z.string(),
        token: z.string(),
        executor: z.optional(z.string()),
        limit: int,
        request_concurrency: int,
        unhealthy_requests_limit: int,
        unhealthy_interval: z.optional(z.union([z.string(), z.bigint()])),
        strict_check_interval: z.optional(z.boolean()),
      }),
    ),
  ),
});

/** Never quotes the text in an error: it holds the runner's token. */
export function parseConfig(text: string): RunnerConfig {
  let toml: unknown;
  try {
    toml = parse(text, { integersAsBigInt: true });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new Error(`config.toml is not TOML (line ${String(error.line)}, column ${String(error.column)})`);
  }
  const parsed = schema.safeParse(toml);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(
      `config.toml: incompatible types for ${(issue?.path ?? []).map(String).join('.')}: ${issue?.message ?? ''}`,
    );
  }
  const { concurrent, check_interval: interval, listen_address: address, runners = [] } = parsed.data;
  return {
    concurrent: Number(concurrent ?? 1),
    checkIntervalMs: positive(interval, CHECK_INTERVAL_S) * 1000,
    ...(address === undefined || address === '' ? {} : { listen: listenAddress(address) }),
    runners: runners.map((runner) => ({
      name: runner.name ?? '',
      url: runner.url.replace(/\/+$/, ''),
      token: runner.token,
      executor: runner.executor ?? 'shell',
      limit: Number(runner.limit ?? 0),
      requestConcurrency: positive(runner.request_concurrency, 1),
      unhealthyRequestsLimit: positive(runner.unhealthy_requests_limit, UNHEALTHY_REQUESTS),
      unhealthyIntervalMs: durationMs(runner.unhealthy_interval) || UNHEALTHY_INTERVAL_MS,
      strictCheckInterval: runner.strict_check_interval ?? false,
    })),
  };
}

/** A value of 0 or less means the default. */
const positive = (value: bigint | undefined, fallback: number): number =>
  value !== undefined && value > 0n ? Number(value) : fallback;

const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Go's time.Duration: `1h30m`, `45s`, or nanoseconds as an integer. */
function durationMs(value: string | bigint | undefined): number {
  if (value === undefined) return 0;
  if (typeof value === 'bigint') return Number(value) / 1e6;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(value)) throw new Error(`config.toml: invalid duration "${value}"`);
  const parts = value.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g);
  return [...parts].reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (UNITS_MS[unit] ?? 0), 0);
}

function listenAddress(text: string): { host: string; port: number } {
  const parsed = /^(.*?)(?::(\d+))?$/.exec(text);
  const host = parsed?.[1] ?? '';
  return { host: host === '' ? '127.0.0.1' : host.replace(/^\[|\]$/g, ''), port: Number(parsed?.[2] ?? METRICS_PORT) };
}
