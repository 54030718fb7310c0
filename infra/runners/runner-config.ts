/** gitlab-runner's config.toml from typed options. Pure: no Pulumi, no clock. */
import { stringify, type TomlTable } from 'smol-toml';
import { isTable, runnerToml, type RunnerTable } from '../settings/runner-toml.ts';

export interface RunnerConfigOptions {
  /** The runner's name in its log. */
  readonly name: string;
  readonly url: string;
  /** The runner record's token. The whole text is a secret because of it. */
  readonly token: string;
  /** The file with GitLab's private authority, for the runner and its jobs' clones; relative to its working directory. */
  readonly caFile: string | undefined;
  readonly concurrent: number;
  /** In seconds, whole. */
  readonly checkInterval: number;
  /** In seconds. gitlab-runner's own default is an hour: after an outage the cluster would take no jobs for that long. */
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

function tableOf(text: string, section: RunnerTable): TomlTable {
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
