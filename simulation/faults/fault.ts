/** The type of a fault, and helpers for faults: switches of GitLab, repeated acts, edits by hand. */
import type { FaultKind as GitLabFaultKind } from '../../lab/gitlab/model/faults.ts';
import type { Random } from '../random.ts';
import type { Cluster } from '../world/cluster.ts';
import type { Fleet } from '../world/fleet.ts';
import type { Pod } from '../world/pod.ts';

/** What can happen to a process at any moment. */
export interface Blow {
  readonly kill: () => void;
  readonly freeze: (ms: number) => void;
}

/** The moments between two calls at which a fault is most likely to break something. */
export interface Moments {
  /** At the first call of each round of that cluster. The result ends it. */
  onRound(cluster: string, act: (blow: Blow) => void): () => void;
  /** At the read before each write of tags. */
  onEdit(cluster: string, act: (blow: Blow) => void): () => void;
}

export interface FaultContext {
  readonly fleet: Fleet;
  readonly cluster: Cluster;
  readonly seconds: number;
  /** Severity, from 0 up to 1. */
  readonly amount: number;
  readonly random: Random;
  readonly moments: Moments;
  readonly after: (seconds: number, act: () => void) => void;
}

/** Which checkers a fault disturbs. The bounds are promised only for undisturbed checkers. */
export type Scope =
  /** All clusters' calls to GitLab. */
  | 'gitlab'
  /** control.json keeps all clusters from moving the tags. */
  | 'control'
  /** The checker of the fault's cluster. */
  | 'checker'
  /** No checker. */
  | 'none';

export interface FaultType {
  /** How long it lasts: least and most seconds. */
  readonly seconds: readonly [number, number];
  readonly scope: Scope;
  /** For how many seconds after its end it still disturbs. */
  readonly grace?: number;
  /** For how many seconds beyond D a runner's fault may stay undetected. */
  readonly slow?: number;
  /** For how many seconds longer a dead holder may stay undetected where GitLab shows running jobs of it. */
  readonly slowBusy?: number;
  /** Begins the fault. The result ends it. */
  readonly begin: (context: FaultContext) => (() => void) | undefined;
}

/** The share `amount` of the pods, at least one. */
export const some = (pods: readonly Pod[], amount: number): Pod[] =>
  pods.slice(0, Math.max(1, Math.ceil(pods.length * amount)));

export const standing = (cluster: Cluster): Pod[] => cluster.pods.filter((pod) => !pod.terminating);

/** Sets a fault switch of the lab's GitLab for as long as the fault lasts. */
export function gitlabFault(
  kind: GitLabFaultKind,
  match: { token?: string; pathPrefix?: string; method?: string } = {},
) {
  return ({ fleet }: FaultContext): (() => void) => {
    const { faults } = fleet.gitlab.model;
    const fault = { kind, ...match };
    faults.add(fault);
    return () => faults.remove(fault);
  };
}

/** Fault switches for the calls of only one cluster. */
export function linkFault(...list: { kind: GitLabFaultKind; pathPrefix?: string; method?: string }[]) {
  return (context: FaultContext): (() => void) => {
    const ends = list.map(({ kind, ...match }) =>
      gitlabFault(kind, { ...match, token: context.cluster.name })(context),
    );
    return () => ends.forEach((end) => end());
  };
}

export const both = (one: () => void, other: () => void) => (): void => {
  one();
  other();
};

/** Repeats an act while the fault lasts. */
export function repeat(context: FaultContext, everySeconds: () => number, act: () => void): () => void {
  let over = false;
  const step = (): void => {
    if (over) return;
    act();
    context.after(everySeconds(), step);
  };
  step();
  return () => (over = true);
}

/** After a lost lease a cluster is in touch again only after a whole lease and the longest gap between rounds. */
export const IN_TOUCH_AGAIN = 60 + 35 + 20;

/**
 * GitLab has lost, or did not see, the contacts of the holder's managers: jobs are given the time of two reports from the first call of
 * the roll on, which comes up to a lease and the longest gap between rounds after the holder's death.
 */
export const CONTACTS_LOST = 60 + 35;

/** Stops the checkers of a cluster. The result lets the CronJob start them again. */
export function withoutChecker(cluster: Cluster): () => void {
  cluster.cron.missed = true;
  for (const checker of cluster.checkers) checker.kill();
  return () => (cluster.cron.missed = false);
}

/** Fills every runner with jobs for about as long as the fault lasts. */
export function fill({ cluster, seconds, random }: FaultContext): void {
  for (const pod of standing(cluster))
    for (let slot = 0; slot < 8; slot += 1) pod.manager.run(seconds * 1000 * random.between(0.9, 1.1));
}
