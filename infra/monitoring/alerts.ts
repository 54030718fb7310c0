/**
 * The alerts as data: few, and each with a page that says what to do. A checker lives a minute and has a pause after it, so
 * its series have gaps: every expression looks over a window, and what it remembers Prometheus remembers.
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

/** A run that is missed leaves nothing for two minutes: that alone is no news. */
const WINDOW = '3m';

const minutes = (seconds: number): string => `${Math.ceil(seconds / 60)}m`;

/** What any checker's next round heals is no alert (docs/guarantees.md): 2G + R, twice. */
const healedSeconds = (timing: Timing): number => 2 * (2 * longestGapSeconds(timing) + timing.budgetSeconds);

type Draft = Omit<Alert, 'annotations' | 'labels'> &
  Omit<Alert['annotations'], 'runbook_url'> & { readonly severity: Alert['labels']['severity'] };

export const alertsOf = (args: AlertArgs): readonly Alert[] =>
  drafts(args).map(({ severity, summary, description, ...rule }) => ({
    ...rule,
    labels: { severity },
    annotations: { summary, description, runbook_url: `${args.runbooks.replace(/\/+$/, '')}/${rule.alert}.md` },
  }));

function drafts({ timing, jobs }: AlertArgs): readonly Draft[] {
  const checker = (metric: string): string => `${metric}{job="${jobs.checker}"}`;
  const newest = (metric: string, window = WINDOW): string => `max_over_time(${checker(metric)}[${window}])`;
  const lapsed = 5 * timing.leaseSeconds;
  const doubled = minutes(healedSeconds(timing));
  return [
    {
      alert: 'HadrNoEligibleCluster',
      expr: `max(${newest('hadr_eligible_clusters')}) == 0`,
      severity: 'critical',
      summary: 'No cluster could hold the main tags',
      description: 'Jobs that ask for the main tags wait. The incident in the status project names what is in the way.',
    },
    {
      alert: 'HadrTwoHolders',
      expr: `sum(max by (cluster) (min_over_time(${checker('hadr_cluster_tagged')}[${doubled}]))) > 1`,
      severity: 'critical',
      summary: 'More than one cluster has a main tag',
      description: `For ${doubled} {{ $value }} clusters have had a main tag, and no checker has taken it off again.`,
    },
    {
      alert: 'HadrHolderWeak',
      expr:
        `(max by (cluster) (${newest('hadr_cluster_online_runners')}) < max by (cluster) (${newest('hadr_cluster_runners')}))` +
        ` and on (cluster) max by (cluster) (${newest('hadr_cluster_holder')}) == 1`,
      for: '30m',
      severity: 'warning',
      summary: '{{ $labels.cluster }} holds the main tags with runners missing',
      description: 'Only {{ $value }} of its runners have been online for half an hour.',
    },
    {
      alert: 'HadrClusterSilent',
      expr: `time() - max by (cluster) (${newest('hadr_cluster_lease_timestamp_seconds', '1h')}) > ${lapsed}`,
      severity: 'warning',
      summary: '{{ $labels.cluster }} has stopped asserting its report',
      description:
        'Its last stamp is {{ $value | humanizeDuration }} old: its checker does not run, or cannot call GitLab.',
    },
    {
      alert: 'HadrRoundsNotFinished',
      expr:
        `time() - max(${newest('hadr_checker_last_finished_round_timestamp_seconds', '1h')}) > ${lapsed}` +
        ` or absent_over_time(${checker('hadr_checker_last_finished_round_timestamp_seconds')}[1h])`,
      severity: 'warning',
      summary: 'No round of the checker is finished',
      description: 'This cluster takes no part in moving the main tags. The log of the checker says why.',
    },
    {
      alert: 'HadrMainTagsMoved',
      expr:
        `max(max_over_time(${checker('hadr_term')}[10m])) > min(min_over_time(${checker('hadr_term')}[10m]))` +
        ` and min(min_over_time(${checker('hadr_term')}[10m])) > 0`,
      severity: 'info',
      summary: 'The main tags have moved: term {{ $value }}',
      description: 'The page of the status project tells from whom, to whom and why.',
    },
    {
      alert: 'HadrTokenExpiresSoon',
      expr:
        `min by (cluster, token) (min_over_time(${checker('hadr_token_expiry_timestamp_seconds')}[${WINDOW}])) - time()` +
        ` < ${WARN_DAYS * 86_400}`,
      for: '10m',
      severity: 'warning',
      summary: 'The {{ $labels.token }} token of {{ $labels.cluster }} expires soon',
      description:
        'It ends in {{ $value | humanizeDuration }}. Without it this cluster knows nothing, and nothing moves to it.',
    },
    {
      alert: 'HadrSidecarUnknown',
      expr: `max by (pod) (hadr_sidecar_evidence{job="${jobs.runner}",verdict="unknown"}) == 1`,
      for: '15m',
      severity: 'warning',
      summary: 'Nobody knows whether the runner in {{ $labels.pod }} works',
      description: 'Its readiness is the last definite answer, which grows old. The log of its sidecar says why.',
    },
  ];
}
