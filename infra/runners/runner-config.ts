/** gitlab-runner's config.toml from typed options. Pure: no Pulumi, no clock. */
import { parse, stringify, TomlError, type TomlTable } from 'smol-toml';

export interface RunnerConfigOptions {
  /** How the runner names itself in its log. */
  readonly name: string;
  readonly url: string;
  /** The runner record's token. The whole text is a secret because of it. */
  readonly token: string;
  /** Where GitLab's private authority is, for the runner and its jobs' clones; relative to its working directory. */
  readonly caFile: string | undefined;
  readonly concurrent: number;
  /** In seconds, whole. */
  readonly checkInterval: number;
  /** In seconds. gitlab-runner's own default is an hour, which would leave a cluster silent long after an outage. */
  readonly unhealthyInterval: number;
  readonly metricsPort: number;
  readonly jobNamespace: string;
  /** For jobs that name no image. */
  readonly jobImage: string;
  /** TOML that the user adds to [runners.kubernetes] and [runners.cache]; it wins over the defaults here. */
  readonly kubernetesToml: string;
  readonly cacheToml: string;
}

export function runnerConfig(options: RunnerConfigOptions): string {
  return stringify({
    concurrent: options.concurrent,
    check_interval: options.checkInterval,
    // Loopback: the sidecar shares the pod's network, and the endpoint has no authentication.
    listen_address: `127.0.0.1:${options.metricsPort}`,
    runners: [
      {
        name: options.name,
        url: options.url,
        token: options.token,
        ...(options.caFile !== undefined && { 'tls-ca-file': options.caFile }),
        executor: 'kubernetes',
        unhealthy_interval: `${options.unhealthyInterval}s`,
        kubernetes: merge(
          { image: options.jobImage, namespace: options.jobNamespace },
          tableOf(options.kubernetesToml, 'kubernetes'),
        ),
        cache: tableOf(options.cacheToml, 'cache'),
      },
    ],
  });
}

export type TomlResult =
  { readonly kind: 'table'; readonly table: TomlTable } | { readonly kind: 'broken'; readonly why: string };

/**
 * What a user wrote for one table of the runner's config. Whoever pastes it with its header, `[runners.kubernetes]`, means
 * the same. The reason of a failure never quotes the text: a cache's TOML may hold an access key.
 */
export function runnerToml(text: string, section: 'kubernetes' | 'cache'): TomlResult {
  let table: TomlTable;
  try {
    table = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return { kind: 'broken', why: `is not TOML (line ${error.line}, column ${error.column})` };
  }
  if (!('runners' in table)) return { kind: 'table', table };
  const runners: unknown = table['runners'];
  const outer: unknown = Array.isArray(runners) ? runners[0] : runners;
  const inner = isTable(outer) ? outer[section] : undefined;
  const alone = Object.keys(table).length === 1 && isTable(outer) && Object.keys(outer).length === 1;
  if (!alone || !isTable(inner) || (Array.isArray(runners) && runners.length !== 1))
    return { kind: 'broken', why: `holds more than the table runners.${section}` };
  return { kind: 'table', table: inner };
}

function tableOf(text: string, section: 'kubernetes' | 'cache'): TomlTable {
  const result = runnerToml(text, section);
  if (result.kind === 'broken') throw new Error(`the TOML for [runners.${section}] ${result.why}`);
  return result.table;
}

/** Tables are merged key by key, everything else is replaced. */
function merge(base: TomlTable, over: TomlTable): TomlTable {
  const merged: TomlTable = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isTable(below) && isTable(value) ? merge(below, value) : value;
  }
  return merged;
}

function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
