/**
 * /metrics of a checker: what its newest round saw, and how its rounds ended. A run lives for a minute, so most of these are
 * gauges that the next run continues; the counter of rounds starts again at 0 with each run.
 */
import type * as http from 'node:http';
import type { CheckerConfig } from '../config.ts';
import type { Expiries } from '../expiries.ts';
import type { Known } from '../core/model/read.ts';
import { fleetFitness, outlookOf, type Fitness } from '../core/outlook/fitness.ts';
import type { Facts, RecordFacts } from '../core/model/facts.ts';
import { isRetired } from '../core/model/control.ts';
import { pinnedCluster } from '../core/decision/rivals.ts';
import { anyHasMainTag } from '../core/decision/tags.ts';
import { bit, render, single, type Family, type Metric, type Sample } from '../adapters/metrics/format.ts';
import { createServer, METRICS_TYPE } from '../adapters/metrics/serve.ts';
import type { Round, RoundResult } from './round.ts';

const gauge = (name: string, help: string, ...labels: string[]): Metric => ({ type: 'gauge', name, help, labels });

const INFO = gauge('hadr_checker_info', 'The cluster of this checker.', 'cluster');
const ROUNDS: Metric = {
  type: 'counter',
  name: 'hadr_checker_rounds_total',
  help: 'Rounds of this run of the CronJob by how they ended.',
  labels: ['result'],
};
const DURATION = gauge('hadr_checker_round_duration_seconds', 'How long the newest round took.');
const FINISHED = gauge('hadr_checker_last_finished_round_timestamp_seconds', 'When a round was last finished.');
const TERM = gauge('hadr_term', 'The number of the newest term, 0 before the first.');
const TERM_START = gauge('hadr_term_start_timestamp_seconds', 'When the newest term began.');
const PAUSED = gauge('hadr_paused', '1 while control.json pauses all moves of the main tags.');
const HOLDER = gauge('hadr_cluster_holder', '1 if the newest term names this cluster.', 'cluster');
const TAGGED = gauge('hadr_cluster_tagged', '1 if a runner record of this cluster has a main tag.', 'cluster');
const ELIGIBLE = gauge(
  'hadr_cluster_eligible',
  '1 if this cluster could hold the main tags, now or after a wait.',
  'cluster',
);
const ELIGIBLES = gauge('hadr_eligible_clusters', 'How many clusters could hold the main tags; absent while unknown.');
const RUNNERS = gauge('hadr_cluster_runners', 'Runners that this cluster should have.', 'cluster');
const ONLINE = gauge('hadr_cluster_online_runners', 'Runners of this cluster that are online.', 'cluster');
const LEASE = gauge('hadr_cluster_lease_timestamp_seconds', 'When this cluster last renewed its lease.', 'cluster');
const PINNED = gauge('hadr_cluster_pinned', '1 if control.json pins the main tags to this cluster.', 'cluster');
const RETIRED = gauge(
  'hadr_cluster_retired',
  '1 if control.json lists this cluster as retired or destroyed.',
  'cluster',
);
const TOKEN_EXPIRY = gauge(
  'hadr_token_expiry_timestamp_seconds',
  'When a token of this cluster expires; absent where it never does.',
  'cluster',
  'token',
);

/** Every metric of a checker. */
export const CHECKER_METRICS: readonly Metric[] = [
  INFO,
  ROUNDS,
  DURATION,
  FINISHED,
  TERM,
  TERM_START,
  PAUSED,
  HOLDER,
  TAGGED,
  ELIGIBLE,
  ELIGIBLES,
  RUNNERS,
  ONLINE,
  LEASE,
  PINNED,
  RETIRED,
  TOKEN_EXPIRY,
];

export interface MonitorOptions {
  readonly config: CheckerConfig;
  readonly expiries: Known<Expiries>;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
}

export class Monitor {
  private readonly options: MonitorOptions;
  private readonly rounds: Record<RoundResult['kind'], number> = { finished: 0, unfinished: 0 };
  private seconds: number | undefined;
  private finishedAt: number | undefined;
  /** Undefined if the newest round could not read what it needed. */
  private facts: Facts | undefined;

  constructor(options: MonitorOptions) {
    this.options = options;
  }

  add(round: Round, seconds: number): void {
    this.rounds[round.kind] += 1;
    this.seconds = seconds;
    this.facts = round.facts;
    if (round.kind === 'finished') this.finishedAt = this.options.wall() / 1000;
  }

  render(): string {
    const { config, expiries } = this.options;
    const { cluster } = config;
    return render([
      [INFO, [{ labels: { cluster }, value: 1 }]],
      [ROUNDS, Object.entries(this.rounds).map(([result, value]) => ({ labels: { result }, value }))],
      [DURATION, single(this.seconds)],
      [FINISHED, single(this.finishedAt)],
      [TOKEN_EXPIRY, expirySamples(expiries, cluster)],
      ...(this.facts ? families(this.facts, config) : []),
    ]);
  }
}

export const createExposition = (monitor: Monitor): http.Server =>
  createServer({ '/metrics': () => ({ status: 200, text: monitor.render(), type: METRICS_TYPE }) });

const TOKENS = ['fleet', 'sidecar', 'status'] as const;

function expirySamples(expiries: Known<Expiries>, cluster: string): Sample[] {
  if (expiries.kind === 'unknown') return [];
  return TOKENS.flatMap((token) => {
    const expiresOn = expiries.value[token]?.expiresOn;
    return expiresOn === undefined || expiresOn === 'never'
      ? []
      : [{ labels: { cluster, token }, value: Date.parse(expiresOn) / 1000 }];
  });
}

/** What is unknown is left out: an old value or a zero would be wrong. */
function families(facts: Facts, config: CheckerConfig): Family[] {
  const { self, rivals, term, control } = facts;
  const each = (valueOf: (name: string) => number | undefined): Sample[] =>
    [self, ...rivals].flatMap(({ name }) => {
      const value = valueOf(name);
      return value === undefined ? [] : [{ labels: { cluster: name }, value }];
    });
  const leases = new Map(
    rivals.flatMap((rival) => {
      const read = rival.lease;
      return read.kind === 'lease' ? [[rival.name, read.lease] as const] : [];
    }),
  ).set(self.name, self.lease);
  const records = new Map<string, readonly RecordFacts[]>([
    [self.name, self.records],
    ...rivals.map((rival) => [rival.name, [...rival.records, ...rival.former]] as const),
  ]);
  const asked = control.kind === 'found' ? control.value : undefined;
  const fitness = new Map((fleetFitness(facts, config) ?? []).map((one) => [one.name, one.fitness.kind]));
  const holder = term.kind === 'term' ? term.term : undefined;
  return [
    [TERM, single(term.kind === 'none' ? 0 : holder?.number)],
    [TERM_START, single(holder && Date.parse(holder.at) / 1000)],
    [PAUSED, single(asked && bit(asked.paused))],
    [HOLDER, each((name) => holder && bit(name === holder.holder))],
    [TAGGED, each((name) => taggedValue(records.get(name) ?? [], facts.mainTags))],
    [ELIGIBLE, each((name) => eligibleValue(fitness.get(name)))],
    [ELIGIBLES, single(eligibleCount([...fitness.values()], facts, config))],
    [RUNNERS, each((name) => leases.get(name)?.total)],
    [ONLINE, each((name) => leases.get(name)?.online)],
    [LEASE, each((name) => leases.get(name)?.at)],
    [PINNED, each((name) => asked && bit(pinnedCluster(asked, facts.now) === name))],
    [RETIRED, each((name) => asked && bit(isRetired(asked, name)))],
  ];
}

/** 0 only if every cluster is known to be unfit. */
function eligibleCount(kinds: readonly Fitness['kind'][], facts: Facts, config: CheckerConfig): number | undefined {
  return outlookOf(facts, config).kind === 'unknown' ? undefined : kinds.filter((kind) => kind === 'fit').length;
}

const eligibleValue = (kind: Fitness['kind'] | undefined): number | undefined =>
  kind === undefined || kind === 'unknown' ? undefined : bit(kind === 'fit');

/** One record with a main tag is enough; that none has it is known only where all could be read. */
function taggedValue(records: readonly RecordFacts[], mainTags: readonly string[]): number | undefined {
  if (anyHasMainTag(records, mainTags)) return 1;
  return records.some(({ read }) => read.kind === 'unknown') ? undefined : 0;
}
