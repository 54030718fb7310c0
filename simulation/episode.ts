/** One episode: a fleet, its faults, and the oracle over all of it. The same plan gives the same trace, byte for byte. */
import { createHash } from 'node:crypto';
import type { Blow } from './faults/fault.ts';
import { faultType } from './faults/faults.ts';
import { Oracle } from './oracle/oracle.ts';
import type { Violation } from './oracle/seen.ts';
import type { Outcome } from './oracle/outcome.ts';
import { termNumber } from './oracle/rounds.ts';
import type { Plan, PlannedFault } from './plan.ts';
import { randomOf } from './random.ts';
import type { CheckerProgram } from './world/cluster.ts';
import { Fleet, MAIN_TAG } from './world/fleet.ts';
import type { Process } from './world/process.ts';
import type { Watcher } from './world/watcher.ts';

export interface Move {
  readonly at: number;
  readonly ground: string;
  readonly from: string;
  readonly to: string;
}

export interface EpisodeResult {
  readonly plan: Plan;
  readonly violations: readonly Violation[];
  readonly moves: readonly Move[];
  /** Undisturbed times without a living holder, in seconds. */
  readonly gaps: readonly number[];
  readonly promisedSeconds: number;
  readonly outcome: Outcome;
  readonly rounds: number;
  /** SHA-256 of the trace. */
  readonly hash: string;
  readonly trace: readonly string[];
}

export interface EpisodeOptions {
  /** The program of the CronJob's pods; by default the production checker. */
  readonly program?: CheckerProgram;
  /** Ends at the first violation: a search needs only one. */
  readonly stopEarly?: boolean;
}

export async function runEpisode(plan: Plan, options: EpisodeOptions = {}): Promise<EpisodeResult> {
  const episode = new Episode(plan, options.program);
  await episode.run(options.stopEarly ?? false);
  return episode.result();
}

/** A fault of the runners that may stay undetected for longer. */
interface Delay {
  readonly seconds: number;
  /** Only where GitLab shows running jobs of the holder. */
  readonly onlyBusy: boolean;
}

type Hooks = Map<string, Set<(process: Process) => void>>;

class Episode {
  readonly plan: Plan;
  readonly fleet: Fleet;
  private readonly oracle: Oracle;
  private readonly trace: string[] = [];
  private readonly disturbed = { gitlab: 0, control: 0, checker: new Map<string, number>() };
  private readonly slow: Delay[] = [];
  private readonly roundHooks: Hooks = new Map();
  private readonly editHooks: Hooks = new Map();
  private rounds = 0;

  constructor(plan: Plan, program: CheckerProgram | undefined) {
    this.plan = plan;
    const watcher = this.watcher();
    this.fleet = new Fleet(plan.setup, randomOf(`world ${plan.seed}`), watcher, program);
    this.oracle = new Oracle(
      this.fleet,
      {
        gitlab: () => this.disturbed.gitlab > 0,
        control: () => this.disturbed.control > 0,
        checker: (cluster) => (this.disturbed.checker.get(cluster) ?? 0) > 0,
        slowSeconds: (busy) => {
          const counted = this.slow.filter((delay) => busy || !delay.onlyBusy);
          const faults = counted.reduce((sum, { seconds }) => sum + seconds, 0);
          // A hung runner stays hung after the fault has ended.
          const isHung = this.fleet.clusters.some(({ pods }) => pods.some(({ manager }) => manager.state === 'hung'));
          return isHung ? Math.max(faults, faultType('pods hang').slow ?? 0) : faults;
        },
      },
      program !== undefined,
    );
  }

  private note(text: string): void {
    this.trace.push(`${(this.fleet.time.now / 1000).toFixed(3)} ${text}`);
  }

  async run(stopEarly: boolean): Promise<void> {
    const { time } = this.fleet;
    for (const [index, fault] of this.plan.faults.entries()) time.at(fault.at * 1000, () => this.begin(fault, index));
    for (let second = 1; second <= this.plan.seconds; second += 1) {
      await time.run(second * 1000);
      this.oracle.sample();
      if (stopEarly && this.oracle.violations.length > 0) return;
    }
    this.oracle.outcome.finish();
  }

  result(): EpisodeResult {
    const { oracle, plan, trace } = this;
    const full = [
      ...trace,
      ...oracle.violations.map((v) => `${(v.at / 1000).toFixed(3)} VIOLATION ${v.invariant}: ${v.text}`),
    ];
    return {
      plan,
      violations: oracle.violations,
      moves: oracle.claims.map(({ at, term }) => ({
        at: at / 1000,
        ground: term.ground,
        from: term.previous,
        to: term.holder,
      })),
      gaps: oracle.continuous.gaps,
      promisedSeconds: oracle.promised.seconds,
      outcome: oracle.outcome,
      rounds: this.rounds,
      hash: createHash('sha256').update(full.join('\n')).digest('hex'),
      trace: full,
    };
  }

  private begin(fault: PlannedFault, index: number): void {
    const holder = this.oracle.claims.at(-1)?.term.holder ?? this.fleet.holders()[0];
    const cluster =
      fault.cluster === 'holder'
        ? (this.fleet.clusters.find(({ name }) => name === holder) ?? this.fleet.clusters[0])
        : this.fleet.clusters[fault.cluster];
    if (!cluster) return;
    const { time } = this.fleet;
    const type = faultType(fault.name);
    const after = (seconds: number, act: () => void): void => void time.after(seconds * 1000, act);
    this.note(`FAULT ${index} ${fault.name} on ${cluster.name} for ${fault.seconds} s, ${fault.amount}`);
    const calm = this.disturb(type.scope, cluster.name);
    const slow: Delay = { seconds: type.slow ?? 0, onlyBusy: false };
    const slowBusy: Delay = { seconds: type.slowBusy ?? 0, onlyBusy: true };
    this.slow.push(slow, slowBusy);
    const end = type.begin({
      fleet: this.fleet,
      cluster,
      seconds: fault.seconds,
      amount: fault.amount,
      random: randomOf(`fault ${this.plan.seed} ${fault.name} ${fault.at}`),
      moments: {
        onRound: (name, act) => this.hook(this.roundHooks, name, act),
        onEdit: (name, act) => this.hook(this.editHooks, name, act),
      },
      after,
    });
    after(fault.seconds, () => {
      end?.();
      this.note(`END ${index} ${fault.name} on ${cluster.name}`);
      after(type.grace ?? 0, calm);
      const forget = (delay: Delay): void => void this.slow.splice(this.slow.indexOf(delay), 1);
      after(slow.seconds, () => forget(slow));
      after((type.grace ?? 0) + slowBusy.seconds, () => forget(slowBusy));
    });
  }

  private disturb(scope: ReturnType<typeof faultType>['scope'], cluster: string): () => void {
    const add = (by: number): void => {
      switch (scope) {
        case 'gitlab':
          this.disturbed.gitlab += by;
          return;
        case 'control':
          this.disturbed.control += by;
          return;
        case 'checker':
          this.disturbed.checker.set(cluster, (this.disturbed.checker.get(cluster) ?? 0) + by);
          return;
        case 'none':
          return;
      }
    };
    add(1);
    return () => add(-1);
  }

  private hook(list: Hooks, cluster: string, act: (blow: Blow) => void): () => void {
    const hooks = list.get(cluster) ?? new Set();
    list.set(cluster, hooks);
    const hook = (process: Process): void =>
      act({
        kill: () => {
          if (process.alive) this.note(`CRASH ${process.name}`);
          process.kill();
        },
        freeze: (ms) => {
          if (process.alive) this.note(`FREEZE ${process.name} for ${Math.round(ms)} ms`);
          process.freeze(ms);
        },
      });
    hooks.add(hook);
    return () => void hooks.delete(hook);
  }

  private watcher(): Watcher {
    const know = (process: Process) => this.oracle.of(process);
    const isChecker = (process: Process): boolean => process.role === 'checker';
    const now = (): number => this.fleet.time.now;
    return {
      fileAsked: (process, path) => {
        const asked = know(process).fileAsked(path, now());
        if (asked === 'round') this.rounds += 1;
        const hooks = asked === 'round' ? this.roundHooks : asked === 'again' ? this.editHooks : undefined;
        hooks?.get(process.cluster)?.forEach((hook) => hook(process));
      },
      fileRead: (process, path, answer, landedAt) => know(process).fileRead(path, answer, landedAt),
      recordRead: (process, id, answer, landedAt) => {
        if (isChecker(process)) know(process).recordRead(id, answer, landedAt);
      },
      managersRead: (process, id, answer, landedAt) => {
        if (isChecker(process)) know(process).managersRead(id, answer, landedAt);
      },
      podsRead: (process, answer) => void (know(process).round.pods = { answer, at: now() }),
      recordWritten: (process, id, change, answer) => know(process).recordWritten(id, change, answer, now()),
      noteLanded: (process, id, note) => {
        this.note(`NOTE ${process.name} ${id} ${note.split('\n').at(-1) ?? ''}`);
        this.oracle.noteLanded(process, note);
      },
      tagsLanded: (process, id, before, after, sentAt) => {
        this.note(`TAGS ${process.name} ${id} ${before.join()} -> ${after.join()}`);
        this.oracle.tagsLanded(process, id, before, after, sentAt);
      },
      committed: (process, files, message) => {
        this.note(`COMMIT ${process.name} ${message}`);
        for (const { path, text } of files) {
          const number = termNumber(path);
          if (number !== undefined) this.oracle.termLanded(process, number, text);
          else if (path.startsWith('status/')) this.oracle.reportLanded(process, text);
        }
      },
      tagsByHand: (who, id, before, after) => {
        this.note(`HAND ${who} ${id} ${before.join()} -> ${after.join()}`);
        if (after.includes(MAIN_TAG) && !before.includes(MAIN_TAG))
          this.oracle.outcome.putByHand(this.fleet.owners.get(id) ?? '');
      },
      filesByHand: (who, paths) => this.note(`HAND ${who} ${paths.join()}`),
      healthWritten: (pod, before, health) => {
        if (before?.ready !== health.ready || before.live !== health.live)
          this.note(`HEALTH ${pod} ready ${health.ready} live ${health.live}: ${health.reason}`);
        this.oracle.healthWritten(pod, before, health);
      },
      crashed: (process, error) => {
        const text = error instanceof Error ? `${error.name}: ${error.message}` : 'something that is no error';
        this.note(`ERROR ${process.name} ${text}`);
        this.oracle.violate('I12', `${process.name} ended with ${text}`);
      },
      said: (process, level, event, message) => {
        this.note(`LOG ${process.name} ${level} ${event} ${message}`);
        if (event === 'tags-changed') this.oracle.reconciledSaid(process);
      },
    };
  }
}
