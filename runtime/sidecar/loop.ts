/** The sidecar's loop: read the runner's metrics and GitLab, judge, write the health file, log what changed. */
import { atBirth, isGitLabCheckDue, reduce, resumed, type EvidenceState } from '../core/evidence/evidence.ts';
import type { GitLabReading, GitLabState, MetricsRead } from '../core/evidence/sample.ts';
import type { Clock, Log } from '../ports.ts';
import { sidecarIntervalSeconds, type Timing } from '../timing.ts';
import { healthOf } from './health.ts';
import type { GitLabView, HealthFile, RunnerMetrics } from './ports.ts';

/** A sidecar logs an unchanged verdict this often, so that an empty log means a dead sidecar. */
const REPEAT_LOG_SECONDS = 300;

export interface SidecarParts {
  readonly timing: Timing;
  readonly clock: Clock;
  readonly metrics: RunnerMetrics;
  readonly gitlab: GitLabView;
  readonly health: HealthFile;
  readonly log: Log;
}

/** Counters since the sidecar's start. */
export interface Counts {
  readonly checks: number;
  readonly runnerReads: Readonly<Record<MetricsRead['kind'], number>>;
  readonly gitlabReads: Readonly<Record<GitLabReading['record']['kind'], number>>;
  readonly verdictChanges: number;
  readonly healthWriteFailures: number;
}

export interface Snapshot {
  readonly state: EvidenceState;
  readonly counts: Counts;
  /** When the last check ended and its health file was written, in the clock's milliseconds; undefined before the first. */
  readonly checkedAtMs: number | undefined;
}

const NO_COUNTS: Counts = {
  checks: 0,
  runnerReads: { sample: 0, closed: 0, timeout: 0, unknown: 0 },
  gitlabReads: { found: 0, absent: 0, unknown: 0 },
  verdictChanges: 0,
  healthWriteFailures: 0,
};

const plusOne = <K extends string>(counts: Readonly<Record<K, number>>, key: K): Readonly<Record<K, number>> => ({
  ...counts,
  [key]: counts[key] + 1,
});

const messageOf = (error: unknown, fallback: string): string => (error instanceof Error ? error.message : fallback);

export class Sidecar {
  readonly #parts: SidecarParts;
  #state: EvidenceState = atBirth();
  #counts = NO_COUNTS;
  #checkedAtMs: number | undefined;
  #loggedAtMs: number;
  #isReadingGitLab = false;
  /** What GitLab answered since the last check. */
  #arrived: GitLabReading | undefined;

  constructor(parts: SidecarParts) {
    this.#parts = parts;
    this.#loggedAtMs = parts.clock.now();
  }

  snapshot(): Snapshot {
    return { state: this.#state, counts: this.#counts, checkedAtMs: this.#checkedAtMs };
  }

  /** Takes over from an earlier sidecar of this pod, where there was one. Called once, before the first check. */
  async begin(): Promise<void> {
    const { health, log } = this.#parts;
    try {
      const earlier = await health.read();
      if (earlier) {
        this.#state = resumed(earlier.ready);
        log.info('sidecar-restarted', `sidecar restarted; the runner was ${earlier.ready ? 'ready' : 'not ready'}`, {
          ready: earlier.ready ? 'yes' : 'no',
        });
      } else
        log.info(
          'sidecar-started',
          'sidecar started; the runner is not ready until GitLab has answered one of its polls',
        );
    } catch (error) {
      log.error(
        'health-not-read',
        `the state of the earlier sidecar cannot be read: ${messageOf(error, 'the read failed')}`,
      );
    }
    await this.#save();
  }

  async check(): Promise<void> {
    const { clock, metrics, timing } = this.#parts;
    if (!this.#isReadingGitLab && !this.#arrived && isGitLabCheckDue(this.#state, clock.now() / 1000, timing))
      this.#readGitLab();
    const runner = await metrics.read();
    const gitlab = this.#arrived;
    this.#arrived = undefined;
    const before = this.#state;
    this.#state = reduce(before, { at: clock.now() / 1000, runner, ...(gitlab && { gitlab }) }, timing);
    const { checks, runnerReads } = this.#counts;
    this.#counts = { ...this.#counts, checks: checks + 1, runnerReads: plusOne(runnerReads, runner.kind) };
    await this.#save();
    this.#logVerdict(before);
    this.#checkedAtMs = clock.now();
  }

  /** Does not block the loop: a call that hangs must not delay the evidence that the process has died. */
  #readGitLab(): void {
    const { clock, gitlab } = this.#parts;
    const askedAt = clock.now() / 1000;
    this.#isReadingGitLab = true;
    void gitlab
      .read()
      .catch((error: unknown): GitLabState => {
        const why = `reading GitLab failed: ${messageOf(error, 'unknown error')}`;
        return { record: { kind: 'unknown', why }, manager: { kind: 'unknown', why }, date: undefined };
      })
      .then((state) => {
        this.#isReadingGitLab = false;
        this.#arrived = { ...state, askedAt, at: clock.now() / 1000 };
        this.#counts = { ...this.#counts, gitlabReads: plusOne(this.#counts.gitlabReads, state.record.kind) };
      });
  }

  async #save(): Promise<void> {
    try {
      await this.#parts.health.write(healthOf(this.#state));
    } catch (error) {
      this.#counts = { ...this.#counts, healthWriteFailures: this.#counts.healthWriteFailures + 1 };
      const why = messageOf(error, 'the write failed');
      this.#parts.log.error(
        'health-not-written',
        `the health file was not written, so the probes read an old one: ${why}`,
      );
    }
  }

  #logVerdict(before: EvidenceState): void {
    const { clock, log } = this.#parts;
    const { verdict, ready, live } = this.#state;
    const { evidence, cause, reason } = verdict;
    const changed = evidence !== before.verdict.evidence || cause !== before.verdict.cause;
    const fields = { evidence, cause, ready: ready ? 'yes' : 'no', live: live ? 'yes' : 'no' };
    if (changed) {
      this.#counts = { ...this.#counts, verdictChanges: this.#counts.verdictChanges + 1 };
      const line = `runner ${evidence}: ${reason}`;
      log[evidence === 'online' ? 'info' : 'warn']('verdict-changed', line, fields);
    } else if (clock.now() - this.#loggedAtMs >= REPEAT_LOG_SECONDS * 1000)
      log.info('verdict-unchanged', `runner still ${evidence}: ${reason}`, fields);
    else return;
    this.#loggedAtMs = clock.now();
  }
}

/** Checks at the timing's pace until `stopped`; in a pod the end of the process stops it. */
export async function run(
  sidecar: Pick<Sidecar, 'begin' | 'check'>,
  parts: SidecarParts,
  stopped: () => boolean = () => false,
): Promise<void> {
  const everyMs = sidecarIntervalSeconds(parts.timing) * 1000;
  await sidecar.begin();
  while (!stopped()) {
    const began = parts.clock.now();
    await sidecar.check();
    await parts.clock.sleep(Math.max(0, began + everyMs - parts.clock.now()));
  }
}
