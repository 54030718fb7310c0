/** The sidecar's loop: look at the runner, judge, write the health file, say what changed. */
import { atBirth, isGitLabCheckDue, reduce, resumed, type EvidenceState } from '../core/evidence/evidence.ts';
import type { GitLabReading, MetricsRead } from '../core/evidence/history.ts';
import type { Clock, Log } from '../ports.ts';
import { sidecarIntervalSeconds, type Timing } from '../timing.ts';
import { healthOf } from './health.ts';
import type { GitLabView, HealthFile, RunnerMetrics } from './ports.ts';

/** A sidecar whose verdict stands still says so this often, so that a quiet log is not taken for a dead one. */
const QUIET_LOG_SECONDS = 300;

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
  readonly looks: number;
  readonly runnerReads: Readonly<Record<MetricsRead['kind'], number>>;
  readonly gitlabLooks: Readonly<Record<GitLabReading['record']['kind'], number>>;
  readonly verdictChanges: number;
  readonly healthWriteFailures: number;
}

export interface Snapshot {
  readonly state: EvidenceState;
  readonly counts: Counts;
  /** When the last look ended and its health file was written, in the clock's milliseconds; undefined before the first. */
  readonly lookedAtMs: number | undefined;
}

export interface Sidecar {
  snapshot(): Snapshot;
  /** Takes over from an earlier sidecar of this pod, where there was one. Called once, before the first look. */
  begin(): Promise<void>;
  look(): Promise<void>;
}

const NO_COUNTS: Counts = {
  looks: 0,
  runnerReads: { sample: 0, refused: 0, silent: 0, unknown: 0 },
  gitlabLooks: { found: 0, absent: 0, unknown: 0 },
  verdictChanges: 0,
  healthWriteFailures: 0,
};

const plusOne = <K extends string>(counts: Readonly<Record<K, number>>, key: K): Readonly<Record<K, number>> => ({
  ...counts,
  [key]: counts[key] + 1,
});

export function createSidecar({ timing, clock, metrics, gitlab, health, log }: SidecarParts): Sidecar {
  let state: EvidenceState = atBirth();
  let counts = NO_COUNTS;
  let lookedAtMs: number | undefined;
  let saidAt = clock.now();
  let asking = false;
  let answer: GitLabReading | undefined;

  // GitLab is asked beside the loop: a call that hangs must not delay the news that the process has died.
  const askGitLab = () => {
    asking = true;
    void gitlab
      .look()
      .catch((error: unknown): GitLabReading => {
        const why = `looking at GitLab failed: ${error instanceof Error ? error.message : 'unknown error'}`;
        return { record: { kind: 'unknown', why }, manager: { kind: 'unknown', why } };
      })
      .then((look) => {
        asking = false;
        answer = look;
        counts = { ...counts, gitlabLooks: plusOne(counts.gitlabLooks, look.record.kind) };
      });
  };

  const save = async () => {
    try {
      await health.write(healthOf(state));
    } catch (error) {
      counts = { ...counts, healthWriteFailures: counts.healthWriteFailures + 1 };
      log.error(`the probes will read an old state: ${error instanceof Error ? error.message : 'the write failed'}`);
    }
  };

  const say = (before: EvidenceState) => {
    const { verdict, ready, live } = state;
    const changed = verdict.evidence !== before.verdict.evidence || verdict.cause !== before.verdict.cause;
    const fields = { evidence: verdict.evidence, ready: ready ? 'yes' : 'no', live: live ? 'yes' : 'no' };
    if (changed) {
      counts = { ...counts, verdictChanges: counts.verdictChanges + 1 };
      const line = `runner ${verdict.evidence}: ${verdict.reason}`;
      if (verdict.evidence === 'online') log.info(line, fields);
      else log.warn(line, fields);
    } else if (clock.now() - saidAt >= QUIET_LOG_SECONDS * 1000)
      log.info(`still ${verdict.evidence}: ${verdict.reason}`, fields);
    else return;
    saidAt = clock.now();
  };

  return {
    snapshot: () => ({ state, counts, lookedAtMs }),
    begin: async () => {
      try {
        const earlier = await health.read();
        if (earlier) {
          state = resumed(earlier.ready);
          log.info(`sidecar restarted; the runner was ${earlier.ready ? 'ready' : 'not ready'}`);
        } else log.info('sidecar started beside a new runner, which is not ready until GitLab has served it');
      } catch (error) {
        log.error(
          `what an earlier sidecar knew is lost: ${error instanceof Error ? error.message : 'the read failed'}`,
        );
      }
      await save();
    },
    look: async () => {
      if (!asking && answer === undefined && isGitLabCheckDue(state, clock.now() / 1000, timing)) askGitLab();
      const runner = await metrics.read();
      const arrived = answer;
      answer = undefined;
      const before = state;
      state = reduce(
        before,
        { at: clock.now() / 1000, runner, ...(arrived !== undefined && { gitlab: arrived }) },
        timing,
      );
      counts = { ...counts, looks: counts.looks + 1, runnerReads: plusOne(counts.runnerReads, runner.kind) };
      await save();
      say(before);
      lookedAtMs = clock.now();
    },
  };
}

/** Looks at the timing's pace until `stopped`; the process ends it otherwise. */
export async function run(sidecar: Sidecar, parts: SidecarParts, stopped: () => boolean = () => false): Promise<void> {
  const everyMs = sidecarIntervalSeconds(parts.timing) * 1000;
  await sidecar.begin();
  while (!stopped()) {
    const began = parts.clock.now();
    await sidecar.look();
    await parts.clock.sleep(Math.max(0, began + everyMs - parts.clock.now()));
  }
}
