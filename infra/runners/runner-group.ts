/** A cluster's runners: the record in GitLab, and the pods that are its managers. */
import * as gitlab from '@pulumi/gitlab';
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { RECORD_ANNOTATION } from '../../runtime/config.ts';
import { runnerExceptions } from '../kubernetes/scanner-exceptions.ts';
import { JOB_IMAGE, mirrored } from '../kubernetes/images.ts';
import { labelsOf, namesOf, selectorOf } from '../names.ts';
import { egressRules, metricsRule } from '../kubernetes/network.ts';
import { numericId, type Owner } from '../gitlab/owner.ts';
import { CA_FILE } from '../kubernetes/paths.ts';
import type { Providers } from '../providers.ts';
import { runnerConfig } from './runner-config.ts';
import { runnerPod } from './runner-pod.ts';
import { sidecarJson } from '../settings/runtime-config.ts';
import type { SecretSync } from '../kubernetes/secret-sync.ts';
import type { Settings } from '../settings/settings.ts';

export interface RunnerGroupArgs {
  readonly settings: Settings;
  readonly owner: Owner;
  /** The sidecar as one file. */
  readonly code: string;
  readonly sidecarToken: pulumi.Output<string>;
  readonly sync: SecretSync;
}

/**
 * What the Kubernetes executor needs in the namespace of the jobs (docs.gitlab.com/runner/executors/kubernetes, "Configure
 * runner API permissions"), and nothing in the stack's own namespace, where the tokens are.
 */
const EXECUTOR_RULES: k8s.types.input.rbac.v1.PolicyRule[] = [
  { apiGroups: [''], resources: ['pods'], verbs: ['create', 'delete', 'get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['pods/attach', 'pods/exec'], verbs: ['create', 'delete', 'get', 'patch'] },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get', 'list'] },
  { apiGroups: [''], resources: ['secrets'], verbs: ['create', 'delete', 'get', 'update'] },
  { apiGroups: [''], resources: ['services'], verbs: ['create', 'get'] },
  { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['get'] },
  { apiGroups: [''], resources: ['events'], verbs: ['list', 'watch'] },
];

/** For a Deployment, by default. New pods start together, but a roll takes them one after the other. */
const PULUMI_WAITS_MINUTES = 10;

export class RunnerGroup extends pulumi.ComponentResource {
  readonly recordId: pulumi.Output<number>;
  readonly deployment: pulumi.Output<string>;
  /** The name of the Secret with the sidecars' token. */
  readonly tokenSecret: pulumi.Output<string>;

  private readonly prefix: string;
  private readonly args: RunnerGroupArgs;
  private readonly names;
  private readonly labels: Record<string, string>;
  private readonly options: pulumi.CustomResourceOptions;

  constructor(
    name: string,
    args: RunnerGroupArgs,
    opts: pulumi.ComponentResourceOptions & { readonly clients: Providers },
  ) {
    const { clients, ...rest } = opts;
    super('hadr:index:RunnerGroup', name, {}, rest);
    const { cluster } = args.settings;
    this.prefix = name;
    this.args = args;
    this.names = namesOf(cluster);
    this.labels = labelsOf(cluster, 'runner');
    this.options = { parent: this, provider: clients.kubernetes };

    const record = this.record(clients.gitlab);
    this.recordId = record.id.apply(numericId);
    const account = this.account();
    this.tokenSecret = this.secret();
    this.deployment = this.pods(record, account);
    this.budget();
    this.network();
    this.registerOutputs({ recordId: this.recordId, deployment: this.deployment });
  }

  /**
   * The record is created with the cluster's own tags. After that the runtime owns tags, pause and note, and Pulumi must not write
   * them back. `refresh: always` in Pulumi.yaml is needed too: when anything else of the record changes, an ignored property is
   * sent as the state has it.
   */
  private record(provider: gitlab.Provider): gitlab.UserRunner {
    const { settings, owner } = this.args;
    return new gitlab.UserRunner(
      `${this.prefix}-record`,
      {
        ...(owner.kind === 'group'
          ? { runnerType: 'group_type', groupId: owner.id }
          : { runnerType: 'project_type', projectId: owner.id }),
        description: this.names.record,
        tagLists: [...settings.ownTags].sort(),
        // Else jobs without tags would run on any cluster.
        untagged: false,
      },
      { parent: this, provider, ignoreChanges: ['tagLists', 'paused', 'maintenanceNote'] },
    );
  }

  private account(): k8s.core.v1.ServiceAccount {
    const { namespace, jobNamespace } = this.args.settings.kubernetes;
    const { labels, options, prefix } = this;
    const name = this.names.runner;
    const account = new k8s.core.v1.ServiceAccount(
      `${prefix}-account`,
      { metadata: { name, namespace, labels }, automountServiceAccountToken: false },
      options,
    );
    const role = new k8s.rbac.v1.Role(
      `${prefix}-executor-role`,
      { metadata: { name, namespace: jobNamespace, labels }, rules: EXECUTOR_RULES },
      options,
    );
    new k8s.rbac.v1.RoleBinding(
      `${prefix}-executor-binding`,
      {
        metadata: { name, namespace: jobNamespace, labels },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role.metadata.name },
        subjects: [{ kind: 'ServiceAccount', name: account.metadata.name, namespace }],
      },
      options,
    );
    return account;
  }

  private secret(): pulumi.Output<string> {
    const { settings, sidecarToken, sync } = this.args;
    return new k8s.core.v1.Secret(
      `${this.prefix}-sidecar-token`,
      {
        metadata: { namespace: settings.kubernetes.namespace, labels: this.labels },
        stringData: { sidecar: sidecarToken },
      },
      { ...this.options, hooks: { afterUpdate: [sync.hook] } },
    ).metadata.name;
  }

  /** Secret and ConfigMaps have no fixed name: changed content makes a new object, and the pods are rolled out again. */
  private pods(record: gitlab.UserRunner, account: k8s.core.v1.ServiceAccount): pulumi.Output<string> {
    const { settings, code } = this.args;
    const { labels, options, prefix, recordId } = this;
    const metadata = { namespace: settings.kubernetes.namespace, labels };
    const runnerSecret = new k8s.core.v1.Secret(
      `${prefix}-config-toml`,
      { metadata, immutable: true, stringData: { 'config.toml': this.configToml(record.token), ...this.authority() } },
      options,
    );
    const config = new k8s.core.v1.ConfigMap(
      `${prefix}-sidecar-config`,
      { metadata, immutable: true, data: { 'sidecar.json': recordId.apply((id) => sidecarJson(settings, id)) } },
      options,
    );
    const codeMap = new k8s.core.v1.ConfigMap(
      `${prefix}-sidecar-code`,
      { metadata, immutable: true, data: { 'sidecar.cjs': code } },
      options,
    );
    const deployment = new k8s.apps.v1.Deployment(
      `${prefix}-deployment`,
      {
        metadata: {
          ...metadata,
          name: this.names.runner,
          annotations: { ...runnerExceptions(settings), [RECORD_ANNOTATION]: pulumi.interpolate`${recordId}` },
        },
        spec: {
          replicas: settings.runner.replicas,
          revisionHistoryLimit: 3,
          selector: { matchLabels: selectorOf(settings.cluster, 'runner') },
          // A new pod is ready before an old one is removed: a rollout never makes the cluster weaker.
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
          template: {
            metadata: { labels },
            spec: runnerPod({
              settings,
              serviceAccount: account.metadata.name,
              runnerSecret: runnerSecret.metadata.name,
              tokenSecret: this.tokenSecret,
              config: config.metadata.name,
              code: codeMap.metadata.name,
            }),
          },
        },
      },
      // Pulumi waits until the pods are ready: what they no longer use is removed after that.
      { ...options, customTimeouts: { update: `${PULUMI_WAITS_MINUTES + settings.runner.replicas}m` } },
    );
    return deployment.metadata.name;
  }

  /** Not secret, but it is in the same Secret as the config that names it: one change, one rollout. */
  private authority(): Record<string, string> {
    const { caCertificate } = this.args.settings.gitlab;
    return caCertificate === undefined ? {} : { [CA_FILE]: caCertificate };
  }

  private configToml(token: pulumi.Output<string>): pulumi.Output<string> {
    const { cluster, gitlab: where, runner, timing, kubernetes, images, secrets } = this.args.settings;
    const text = pulumi
      .all([token, secrets.kubernetesToml, secrets.cacheToml])
      .apply(([runnerToken, kubernetesToml, cacheToml]) =>
        runnerConfig({
          name: cluster,
          url: where.url,
          token: runnerToken,
          caFile: where.caCertificate === undefined ? undefined : CA_FILE,
          concurrent: runner.concurrent,
          checkInterval: timing.checkIntervalSeconds,
          unhealthyInterval: timing.unhealthyIntervalSeconds,
          metricsPort: runner.metricsPort,
          jobNamespace: kubernetes.jobNamespace,
          jobImage: mirrored(JOB_IMAGE, images.mirrors),
          kubernetesToml,
          cacheToml,
        }),
      );
    return pulumi.secret(text);
  }

  /** A node drain evicts one runner pod at a time; a pod that is not healthy never blocks it. */
  private budget(): void {
    const { settings } = this.args;
    new k8s.policy.v1.PodDisruptionBudget(
      `${this.prefix}-budget`,
      {
        metadata: { name: this.names.runner, namespace: settings.kubernetes.namespace, labels: this.labels },
        spec: {
          maxUnavailable: 1,
          unhealthyPodEvictionPolicy: 'AlwaysAllow',
          selector: { matchLabels: selectorOf(settings.cluster, 'runner') },
        },
      },
      this.options,
    );
  }

  private network(): void {
    const { settings } = this.args;
    const { cluster, kubernetes, runner } = settings;
    new k8s.networking.v1.NetworkPolicy(
      `${this.prefix}-network`,
      {
        metadata: { name: this.names.runner, namespace: kubernetes.namespace, labels: this.labels },
        spec: {
          podSelector: { matchLabels: selectorOf(cluster, 'runner') },
          policyTypes: ['Ingress', 'Egress'],
          ingress: [metricsRule(settings, runner.sidecarPort)],
          egress: egressRules(settings, kubernetes.egressPorts),
        },
      },
      this.options,
    );
  }
}
