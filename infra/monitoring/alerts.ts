/**
 * The alerts as data, each with a runbook. A checker runs for a minute and then pauses, so its series have gaps: every expression
 * reads a window.
 */
import { WARN_DAYS } from '../../runtime/core/page/expiry.ts';
import { longestGapSeconds, type Timing } from '../../runtime/timing.ts';

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: 'critical' | 'warning' | 'info' };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string };
}

export interface AlertArgs {
  readonly timing: Timing;
  /** The `job` that Prometheus gives to what each PodMonitor finds. */
  readonly jobs: { readonly checker: string; readonly runner: string };
  /** Where docs/runbooks can be read. */
  readonly runbooks: string;
}

/** One missed run leaves a gap of two minutes, which is no reason for an alert. */
const WINDOW = '3m';

const minutes = (seconds: number): string => `${Math.ceil(seconds / 60)}m`;

/** No alert for what the next round of any checker repairs (docs/guarantees.md): 2G + R, twice. */
const healedSeconds = (timing: Timing): number => 2 * (2 * longestGapSeconds(timing) + timing.budgetSeconds);

type Draft = Omit<Alert, 'annotations' | 'labels'> &
  Omit<Alert['annotations'], 'runbook_url'> & { readonly severity: Alert['labels']['severity'] };

export const alertsOf = (args: AlertArgs): readonly Alert[] =>
  drafts(args).map(({ severity, summary, description, ...rule }) => ({
    ...rule,
    labels: { severity },
    annotations: { summary, description, runbook_url: `${args.runbooks.replace(/\/+$/, '')}/${rule.alert}.md` },
  }));

const checkerSeries = ({ jobs }: AlertArgs, metric: string): string => `${metric}{job="${jobs.checker}"}`;

/** The newest value in the window. */
const newest = (args: AlertArgs, metric: string, window = WINDOW): string =>
  `max_over_time(${checkerSeries(args, metric)}[${window}])`;

const drafts = (args: AlertArgs): readonly Draft[] => [
  ...holderAlerts(args),
  ...checkerAlerts(args),
  moved(args),
  tokenExpires(args),
  sidecarUnknown(args),
];

/** Which cluster holds the main tags, and with how many runners. */
function holderAlerts(args: AlertArgs): readonly Draft[] {
  const doubled = minutes(healedSeconds(args.timing));
  return [
    {
      alert: 'HadrNoEligibleCluster',
      expr: `max(${newest(args, 'hadr_eligible_clusters')}) == 0`,
      severity: 'critical',
      summary: 'No cluster can hold the main tags',
      description: 'Jobs with the main tags wait. The incident in the status project lists the reasons.',
    },
    {
      alert: 'HadrTwoHolders',
      expr: `sum(max by (cluster) (min_over_time(${checkerSeries(args, 'hadr_cluster_tagged')}[${doubled}]))) > 1`,
      severity: 'critical',
      summary: 'More than one cluster has a main tag',
      description: `{{ $value }} clusters have had a main tag for ${doubled}, and no checker has removed it.`,
    },
    {
      alert: 'HadrHolderWeak',
      expr:
        `(max by (cluster) (${newest(args, 'hadr_cluster_online_runners')}) < max by (cluster) (${newest(args, 'hadr_cluster_runners')}))` +
        ` and on (cluster) max by (cluster) (${newest(args, 'hadr_cluster_holder')}) == 1`,
      for: '30m',
      severity: 'warning',
      summary: '{{ $labels.cluster }} holds the main tags and has runners that are not online',
      description: 'Only {{ $value }} of its runners have been online for 30 minutes.',
    },
  ];
}

/** Checkers that do not run, or cannot do their work. */
function checkerAlerts(args: AlertArgs): readonly Draft[] {
  const late = 5 * args.timing.leaseSeconds;
  return [
    {
      alert: 'HadrClusterSilent',
      expr: `time() - max by (cluster) (${newest(args, 'hadr_cluster_lease_timestamp_seconds', '1h')}) > ${late}`,
      severity: 'warning',
      summary: '{{ $labels.cluster }} no longer renews its lease',
      description:
        'It last renewed its lease {{ $value | humanizeDuration }} ago. Its checker does not run, or cannot call GitLab.',
    },
    {
      alert: 'HadrRoundsNotFinished',
      expr:
        `time() - max(${newest(args, 'hadr_checker_last_finished_round_timestamp_seconds', '1h')}) > ${late}` +
        ` or absent_over_time(${checkerSeries(args, 'hadr_checker_last_finished_round_timestamp_seconds')}[1h])`,
      severity: 'warning',
      summary: 'The checker does not finish its rounds',
      description: 'This cluster takes no part in moving the main tags. See the log of the checker for the reason.',
    },
  ];
}

const moved = (args: AlertArgs): Draft => ({
  alert: 'HadrMainTagsMoved',
  expr:
    `max(max_over_time(${checkerSeries(args, 'hadr_term')}[10m])) > min(min_over_time(${checkerSeries(args, 'hadr_term')}[10m]))` +
    ` and min(min_over_time(${checkerSeries(args, 'hadr_term')}[10m])) > 0`,
  severity: 'info',
  summary: 'The main tags have moved: term {{ $value }}',
  description: 'The page of the status project shows from which cluster, to which cluster and why.',
});

const tokenExpires = (args: AlertArgs): Draft => ({
  alert: 'HadrTokenExpiresSoon',
  expr:
    `min by (cluster, token) (min_over_time(${checkerSeries(args, 'hadr_token_expiry_timestamp_seconds')}[${WINDOW}])) - time()` +
    ` < ${WARN_DAYS * 86_400}`,
  for: '10m',
  severity: 'warning',
  summary: 'The {{ $labels.token }} token of {{ $labels.cluster }} expires soon',
  description:
    'It expires in {{ $value | humanizeDuration }}. After that this cluster cannot take over the main tags. Run pulumi up for its stack.',
});

const sidecarUnknown = ({ jobs }: AlertArgs): Draft => ({
  alert: 'HadrSidecarUnknown',
  expr: `max by (pod) (hadr_sidecar_evidence{job="${jobs.runner}",verdict="unknown"}) == 1`,
  for: '15m',
  severity: 'warning',
  summary: 'The state of the runner in {{ $labels.pod }} is unknown',
  description: 'The pod keeps its last known readiness, which may be out of date. See the log of its sidecar.',
});
