/** One run of the CronJob: a round every T seconds, none in the last E seconds of its period. */
import { datedPorts } from './answer-dates.ts';
import { startRun, type CheckerContext } from './context.ts';
import { preflight } from './preflight.ts';
import { round, type Round } from './round.ts';

export interface RunResult {
  readonly finished: number;
  readonly unfinished: number;
  /** Why the last unfinished round was not finished, or why no round was begun. */
  readonly why: string | undefined;
  /** The preflight failed: starting again will not help. */
  readonly preflightFailed: boolean;
}

/**
 * The period is counted from the start of the process, by its monotonic clock: however late it started, the last round
 * begins no earlier than E + T before the period's end, so the next run's first is at most G = E + T + s later.
 */
export async function run(
  checker: CheckerContext,
  /** Called after each round, with the seconds that it took. */
  onRound: (round: Round, seconds: number) => void = () => undefined,
): Promise<RunResult> {
  const { clock, config, log } = checker;
  const { roundSeconds, periodSeconds, endMarginSeconds } = config.timing;
  const start = clock.now();
  const last = start + (periodSeconds - endMarginSeconds) * 1000;
  const memory = startRun(checker);
  const checked = await preflight(datedPorts(checker, memory.dates));
  if (checked.kind === 'failed') {
    // The round of a second stack takes the main tags off its own records, and does nothing else.
    if (checked.isTwin) await round(checker, memory).catch((error: unknown) => crashed(checker, error));
    return { finished: 0, unfinished: 0, why: checked.why, preflightFailed: true };
  }
  let finished = 0;
  let unfinished = 0;
  let why: string | undefined;
  for (let next = clock.now(); next < last;) {
    const began = clock.now();
    const result = await round(checker, memory).catch((error: unknown) => crashed(checker, error));
    onRound(result, (clock.now() - began) / 1000);
    if (result.kind === 'finished') finished += 1;
    else {
      unfinished += 1;
      why = result.why;
      log.warn('round-unfinished', `round not finished: ${result.why}`);
    }
    next = Math.max(began + roundSeconds * 1000, clock.now());
    if (next < last) await clock.sleep(next - clock.now());
  }
  return { finished, unfinished, why, preflightFailed: false };
}

/** An unforeseen error costs a round and not the run: the next round begins anew. */
function crashed({ log }: CheckerContext, error: unknown): Round {
  const why = error instanceof Error ? error.message : 'failed';
  log.error('round-crashed', `unforeseen error: ${why}`, { stack: (error instanceof Error && error.stack) || why });
  return { kind: 'unfinished', why: `unforeseen error: ${why}` };
}
