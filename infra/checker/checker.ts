/** The checker: a CronJob with the least rights that it needs. */
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { WEBHOOK_FILE } from '../../runtime/config.ts';
import { EXPIRIES_FILE } from '../../runtime/expiries.ts';
import { checkerPod } from './checker-pod.ts';
import { checkerExceptions } from '../kubernetes/scanner-exceptions.ts';
import { labelsOf, namesOf, selectorOf, type Names } from '../names.ts';
import { egressRules, metricsRule, webhookRules } from '../kubernetes/network.ts';
import { checkerJson, expiriesJson } from '../settings/runtime-config.ts';
import type { SecretSync } from '../kubernetes/secret-sync.ts';
import type { Settings } from '../settings/settings.ts';
import type { Tokens } from '../gitlab/tokens.ts';

export interface WatchedDeployment {
  readonly namespace: string;
  readonly name: pulumi.Input<string>;
}

export interface CheckerArgs {
  readonly settings: Settings;
  /** The checker as one file. */
  readonly code: string;
  readonly statusProjectId: pulumi.Output<number>;
  /** The Deployments whose pods it counts. */
  readonly deployments: readonly WatchedDeployment[];
  readonly tokens: Pick<Tokens, 'fleet' | 'sidecar' | 'status'>;
  readonly sync: SecretSync;
}

/** Above job pods, which have 0 by default: the checker must run in a full cluster, too. */
const PRIORITY = 1_000_000;

export class Checker extends pulumi.ComponentResource {
  readonly cronJob: pulumi.Output<string>;
  /** The name of the Secret with the tokens. */
  readonly tokenSecret: pulumi.Output<string>;

  private readonly prefix: string;
  private readonly args: CheckerArgs;
  private readonly names: Names;
  private readonly labels: Record<string, string>;
  private readonly options: pulumi.CustomResourceOptions;

  constructor(
    name: string,
    args: CheckerArgs,
    opts: pulumi.ComponentResourceOptions & { readonly provider: k8s.Provider },
  ) {
    const { provider, ...rest } = opts;
    super('hadr:index:Checker', name, {}, { ...rest, providers: [provider] });
    this.prefix = name;
    this.args = args;
    this.names = namesOf(args.settings.cluster);
    this.labels = labelsOf(args.settings.cluster, 'checker');
    this.options = { parent: this, provider };

    const account = this.account();
    const priorityClass = this.priorityClass();
    this.network();
    this.tokenSecret = this.secret();
    this.cronJob = this.schedule(account, priorityClass);
    this.registerOutputs({ cronJob: this.cronJob });
  }

  /** In each namespace with runners it reads their Deployments by name and lists pods; RBAC cannot limit a list to a selector. */
  private account(): k8s.core.v1.ServiceAccount {
    const { settings, deployments } = this.args;
    const { namespace } = settings.kubernetes;
    const account = new k8s.core.v1.ServiceAccount(
      `${this.prefix}-account`,
      {
        metadata: { name: this.names.checker, namespace, labels: this.labels },
        automountServiceAccountToken: false,
      },
      this.options,
    );
    for (const watched of new Set(deployments.map((deployment) => deployment.namespace)))
      this.role(
        watched,
        deployments.filter((deployment) => deployment.namespace === watched).map(({ name }) => name),
        { kind: 'ServiceAccount', name: account.metadata.name, namespace },
        // The namespace of an adopted Deployment is not the stack's, so it is part of the resource's name.
        watched === namespace ? this.prefix : `${this.prefix}-${watched}`,
      );
    return account;
  }

  private role(
    namespace: string,
    resourceNames: pulumi.Input<string>[],
    subject: k8s.types.input.rbac.v1.Subject,
    prefix: string,
  ): void {
    const metadata = { name: this.names.checker, namespace, labels: this.labels };
    const role = new k8s.rbac.v1.Role(
      `${prefix}-role`,
      {
        metadata,
        rules: [
          { apiGroups: ['apps'], resources: ['deployments'], resourceNames, verbs: ['get'] },
          { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
        ],
      },
      this.options,
    );
    new k8s.rbac.v1.RoleBinding(
      `${prefix}-binding`,
      {
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role.metadata.name },
        subjects: [subject],
      },
      this.options,
    );
  }

  private priorityClass(): k8s.scheduling.v1.PriorityClass {
    return new k8s.scheduling.v1.PriorityClass(
      `${this.prefix}-priority`,
      {
        metadata: { name: this.names.priorityClass, labels: this.labels },
        value: PRIORITY,
        globalDefault: false,
        preemptionPolicy: 'PreemptLowerPriority',
        description: 'For the checker of gitlab-runner-hadr, so that a cluster full of jobs does not lose it.',
      },
      this.options,
    );
  }

  private network(): void {
    const { settings } = this.args;
    const { cluster, kubernetes, monitoring } = settings;
    new k8s.networking.v1.NetworkPolicy(
      `${this.prefix}-network`,
      {
        metadata: { name: this.names.checker, namespace: kubernetes.namespace, labels: this.labels },
        spec: {
          podSelector: { matchLabels: selectorOf(cluster, 'checker') },
          policyTypes: ['Ingress', 'Egress'],
          ...(monitoring.enabled && { ingress: [metricsRule(settings, monitoring.checkerPort)] }),
          egress: [...egressRules(settings), ...webhookRules(settings)],
        },
      },
      this.options,
    );
  }

  /** Its tokens, and the expiry of each token of this cluster, also of the sidecars': the checker warns of them. */
  private secret(): pulumi.Output<string> {
    const { settings, sync, tokens } = this.args;
    const { fleet, sidecar, status } = tokens;
    const expiries = pulumi
      .all([fleet.expiry, sidecar?.expiry, status.expiry])
      .apply(([ofFleet, ofSidecar, ofStatus]) =>
        expiriesJson({ fleet: ofFleet, ...(ofSidecar && { sidecar: ofSidecar }), status: ofStatus }),
      );
    return new k8s.core.v1.Secret(
      `${this.prefix}-tokens`,
      {
        metadata: { namespace: settings.kubernetes.namespace, labels: this.labels },
        stringData: {
          fleet: fleet.value,
          status: status.value,
          [EXPIRIES_FILE]: expiries,
          ...(settings.secrets.webhook && { [WEBHOOK_FILE]: settings.secrets.webhook }),
        },
      },
      { ...this.options, hooks: { afterUpdate: [sync.hook] } },
    ).metadata.name;
  }

  private schedule(
    account: k8s.core.v1.ServiceAccount,
    priorityClass: k8s.scheduling.v1.PriorityClass,
  ): pulumi.Output<string> {
    const { settings, code, statusProjectId } = this.args;
    const { labels, options, prefix } = this;
    const metadata = { namespace: settings.kubernetes.namespace, labels };
    const config = new k8s.core.v1.ConfigMap(
      `${prefix}-config`,
      {
        metadata,
        immutable: true,
        data: { 'checker.json': statusProjectId.apply((id) => checkerJson(settings, id)) },
      },
      options,
    );
    const codeMap = new k8s.core.v1.ConfigMap(
      `${prefix}-code`,
      { metadata, immutable: true, data: { 'checker.cjs': code } },
      options,
    );
    const cronJob = new k8s.batch.v1.CronJob(
      `${prefix}-cronjob`,
      {
        metadata: { ...metadata, name: this.names.checker, annotations: checkerExceptions(settings) },
        spec: {
          schedule: '* * * * *',
          // A run on a dead node must not block the next one, as with Forbid. Two checkers at the same time do no harm.
          concurrencyPolicy: 'Replace',
          // A run that is later than this is skipped.
          startingDeadlineSeconds: 30,
          successfulJobsHistoryLimit: 1,
          failedJobsHistoryLimit: 3,
          jobTemplate: {
            metadata: { labels },
            spec: {
              backoffLimit: 0,
              template: {
                metadata: { labels },
                spec: checkerPod({
                  settings,
                  serviceAccount: account.metadata.name,
                  priorityClass: priorityClass.metadata.name,
                  tokenSecret: this.tokenSecret,
                  config: config.metadata.name,
                  code: codeMap.metadata.name,
                }),
              },
            },
          },
        },
      },
      options,
    );
    return cronJob.metadata.name;
  }
}
