/**
 * The result of an episode for people whose jobs wait, with any rule: it uses only tags and runners, so that different rules can
 * be compared.
 */
import { lagSeconds } from './claims.ts';
import type { Continuous, Disturbances } from './continuous.ts';
import type { Seen } from './seen.ts';

export class Outcome {
  moves = 0;
  /** Moves away from a cluster whose runners had all been healthy for longer than evidence takes. */
  falseMoves = 0;
  /** How long each time lasted in which the rule itself had put the tag on two clusters, in seconds. */
  readonly doubles: number[] = [];
  /** How long each time without a living holder lasted while GitLab worked and another cluster could take jobs. */
  readonly without: number[] = [];
  private readonly oracle: Seen;
  private readonly continuous: Continuous;
  private readonly disturbances: Disturbances;
  private holder: string | undefined;
  /** On which clusters the rule itself has put the tag since the last settled holder. */
  private readonly put = new Set<string>();
  /** Where the tag stands because a person or another program put it there. */
  private readonly byHand = new Set<string>();
  /** When people last asked for a move to, or away from, a cluster. */
  private readonly asked = { to: new Map<string, number>(), from: new Map<string, number>() };
  private double = 0;
  private alone = 0;

  constructor(oracle: Seen, continuous: Continuous, disturbances: Disturbances) {
    this.oracle = oracle;
    this.continuous = continuous;
    this.disturbances = disturbances;
  }

  /** A checker has put the main tag on a record of this cluster. */
  putOn(cluster: string): void {
    this.put.add(cluster);
    this.byHand.delete(cluster);
  }

  putByHand(cluster: string): void {
    this.byHand.add(cluster);
  }

  /** Once a second. */
  sample(holders: readonly string[]): void {
    this.hear();
    for (const cluster of this.byHand) if (!holders.includes(cluster)) this.byHand.delete(cluster);
    const own = holders.filter((cluster) => !this.byHand.has(cluster));
    this.double = counted(this.doubles, this.double, own.length > 1);
    this.alone = counted(this.without, this.alone, this.isWithout(holders));
    const [holder] = holders;
    if (holders.length !== 1 || holder === undefined) return;
    if (holder !== this.holder && this.put.has(holder)) {
      this.moved(this.holder, holder);
      this.holder = holder;
    }
    this.put.clear();
  }

  /** Adds what has not ended when the episode ends. */
  finish(): void {
    this.double = counted(this.doubles, this.double, false);
    this.alone = counted(this.without, this.alone, false);
  }

  private hear(): void {
    const { now, fleet } = this.oracle;
    if (fleet.control.pin) this.asked.to.set(fleet.control.pin.cluster, now);
    for (const cluster of fleet.control.retired) this.asked.from.set(cluster, now);
  }

  private isWithout(holders: readonly string[]): boolean {
    const { oracle, continuous, disturbances } = this;
    const calm = !disturbances.gitlab() && !disturbances.control();
    const { fleet } = oracle;
    return (
      calm && !continuous.hasLivingHolder(holders) && fleet.clusters.some((cluster) => continuous.couldServe(cluster))
    );
  }

  private moved(from: string | undefined, to: string): void {
    if (from === undefined) return;
    this.moves += 1;
    const { fleet, now } = this.oracle;
    const { policy, preferred } = fleet.cluster(to).config;
    const lag = lagSeconds(this.oracle);
    const lately = (at: number | undefined): boolean => at !== undefined && now - at <= lag * 1000;
    const isAsked =
      lately(this.asked.to.get(to)) ||
      lately(this.asked.from.get(from)) ||
      (preferred && policy.failback === 'automatic');
    const wasWell = this.oracle
      .truthOf(from)
      .throughout(
        lag,
        (online, desired, ready) => Math.min(online, ready) >= Math.max(desired, this.oracle.minOnlineOf(from)),
      );
    if (wasWell && !isAsked) this.falseMoves += 1;
  }
}

/** Adds up seconds while something lasts, and notes them down when it has ended. */
function counted(list: number[], seconds: number, lasts: boolean): number {
  if (lasts) return seconds + 1;
  if (seconds > 0) list.push(seconds);
  return 0;
}
