/** checker.json, sidecar.json and expiries.json, checked by the schemas that the runtime reads them with. */
import { checkerConfigSchema, sidecarConfigSchema, type GitLabConfig } from '../../runtime/config.ts';
import { expiriesSchema, type Expiries } from '../../runtime/expiries.ts';
import { namesOf } from '../names.ts';
import type { Settings } from './settings.ts';

/** Without `owner`, which only the stack needs. */
const gitlabOf = ({ gitlab: { owner: _owner, ...gitlab } }: Settings): GitLabConfig => gitlab;

export function checkerJson(settings: Settings, statusProjectId: number): string {
  return text(
    checkerConfigSchema.parse({
      version: 1,
      cluster: settings.cluster,
      fleet: settings.fleet,
      preferred: settings.preferred,
      mainTags: settings.mainTags,
      ownTags: settings.ownTags,
      gitlab: gitlabOf(settings),
      statusProject: { id: statusProjectId, branch: settings.statusProject.branch },
      kubernetes: {
        server: settings.kubernetes.server,
        namespace: settings.kubernetes.namespace,
        deployments: settings.adopt.length > 0 ? [] : [namesOf(settings.cluster).runner],
        adopted: settings.adopt,
      },
      policy: settings.policy,
      timing: settings.timing,
      log: settings.log,
      ...(settings.monitoring.enabled && { metricsPort: settings.monitoring.checkerPort }),
    }),
  );
}

export function sidecarJson(settings: Settings, recordId: number): string {
  return text(
    sidecarConfigSchema.parse({
      version: 1,
      cluster: settings.cluster,
      record: recordId,
      gitlab: gitlabOf(settings),
      runnerMetricsUrl: `http://127.0.0.1:${settings.runner.metricsPort}/metrics`,
      port: settings.runner.sidecarPort,
      timing: settings.timing,
      log: settings.log,
    }),
  );
}

export const expiriesJson = (expiries: Omit<Expiries, 'version'>): string =>
  text(expiriesSchema.parse({ version: 1, ...expiries }));

const text = (config: object): string => `${JSON.stringify(config, null, 2)}\n`;
