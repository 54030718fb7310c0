/** The sidecar's environment and config, checked as a whole: every problem in one go, each a sentence with its mend. */
import { problemsOf, sidecarConfigSchema, type SidecarConfig } from '../config.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Settings {
  readonly config: SidecarConfig;
  readonly systemId: string;
  readonly tokens: string;
  readonly health: string;
  readonly runnerMetrics: URL;
  readonly host: string;
  readonly port: number;
}

export type SettingsResult =
  { readonly ok: true; readonly settings: Settings } | { readonly ok: false; readonly problems: readonly string[] };

/** Where to serve unless HADR_HOST says otherwise, such as the pod's own address for a Prometheus outside of it. */
const DEFAULT_HOST = '127.0.0.1';

/** gitlab-runner ignores any other content (commands/internal/configfile/system_id_state.go). */
const SYSTEM_ID = /^[sr]_[0-9a-zA-Z]{12}$/;

const NEEDED = {
  HADR_CONFIG: 'the path of sidecar.json',
  HADR_TOKENS: 'the folder with the file `sidecar`',
  HADR_HEALTH: 'the path of the health file',
  HADR_SYSTEM_ID: 'the path of .runner_system_id',
} as const;

/** `read` answers with a file's text or throws an error that names the file. */
export async function readSettings(env: Environment, read: (path: string) => Promise<string>): Promise<SettingsResult> {
  const problems: string[] = [];
  const missing = Object.entries(NEEDED).filter(([name]) => !env[name]);
  for (const [name, what] of missing) problems.push(`${name} is not set: give it ${what}`);

  const text = await tryRead(env['HADR_CONFIG'], read, problems);
  const config = text === undefined ? undefined : parseConfig(text, problems);
  const systemId = (await tryRead(env['HADR_SYSTEM_ID'], read, problems))?.trim();
  if (systemId !== undefined && !SYSTEM_ID.test(systemId))
    problems.push('HADR_SYSTEM_ID names a file without a system id: write r_ and 12 letters or digits into it');

  if (config) checkUrl(config, problems);
  const override = env['HADR_RUNNER_METRICS'];
  const metricsKey = override ? 'HADR_RUNNER_METRICS' : 'runnerMetricsUrl';
  const metricsUrl = override ? override : config?.runnerMetricsUrl;
  const runnerMetrics = metricsUrl === undefined ? undefined : urlOf(metricsUrl);
  if (metricsUrl !== undefined && runnerMetrics?.protocol !== 'http:')
    problems.push(`${metricsKey} is no http URL: give one like http://127.0.0.1:9252/metrics`);
  const port = env['HADR_PORT'] ? portOf(env['HADR_PORT'], problems) : config?.port;

  const { HADR_TOKENS: tokens, HADR_HEALTH: health } = env;
  if (problems.length > 0 || !config || !systemId || !runnerMetrics || port === undefined || !tokens || !health)
    return { ok: false, problems };
  const host = env['HADR_HOST'] ? env['HADR_HOST'] : DEFAULT_HOST;
  return { ok: true, settings: { config, systemId, tokens, health, runnerMetrics, host, port } };
}

async function tryRead(
  path: string | undefined,
  read: (path: string) => Promise<string>,
  problems: string[],
): Promise<string | undefined> {
  if (!path) return undefined;
  try {
    return await read(path);
  } catch (error) {
    problems.push(`${error instanceof Error ? error.message : `cannot read ${path}`}: check what is mounted there`);
    return undefined;
  }
}

function parseConfig(text: string, problems: string[]): SidecarConfig | undefined {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    problems.push('sidecar.json is not JSON: run pulumi up to write it again');
    return undefined;
  }
  const parsed = sidecarConfigSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  for (const problem of problemsOf(parsed.error))
    problems.push(`sidecar.json: ${problem}; run pulumi up to write it again`);
  return undefined;
}

function checkUrl({ gitlab }: SidecarConfig, problems: string[]): void {
  const protocol = urlOf(gitlab.url)?.protocol;
  if (protocol === 'https:' || (protocol === 'http:' && gitlab.allowHttp)) return;
  problems.push('sidecar.json: gitlab.url is no https URL: give one like https://gitlab.example.com');
}

function portOf(text: string, problems: string[]): number | undefined {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  problems.push('HADR_PORT is no port: give a number from 0 (any free port) to 65535');
  return undefined;
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
