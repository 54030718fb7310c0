import assert from 'node:assert/strict';
import fc from 'fast-check';
import { atBirth, reduce, resumed, type EvidenceState } from '../../../../runtime/core/evidence/evidence.ts';
import type { GitLabReading, MetricsRead, Reading, Sample } from '../../../../runtime/core/evidence/sample.ts';
import {
  CLOSED,
  contactAgo,
  DOWN,
  gitlab,
  GITLAB_TIME,
  GONE,
  runner,
  STEP,
  STILL,
  STUCK,
  T,
  TIMEOUT,
  UNREADABLE,
  type Answer,
} from './life.ts';

describe('evidence after any history', () => {
  const read: fc.Arbitrary<MetricsRead> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .record({
          answered: fc.nat(2),
          unauthorized: fc.nat(2),
          failed: fc.nat(1),
          unanswered: fc.nat(3),
          feeds: fc.nat(2),
          pollsUnderWay: fc.nat(1),
          jobs: fc.nat(4),
          draining: fc.boolean(),
        })
        .map(runner),
    },
    // A process in which nothing moves.
    { weight: 3, arbitrary: fc.constant(runner({ answered: 2, feeds: 2 })) },
    { weight: 2, arbitrary: fc.constant(TIMEOUT) },
    fc.constantFrom(CLOSED, UNREADABLE),
  );
  const view: fc.Arbitrary<Answer> = fc.constantFrom(
    gitlab(),
    gitlab(),
    contactAgo(2),
    gitlab({ paused: true }),
    GONE,
    DOWN,
  );
  /** Stretches of the same reading, so that inactivity becomes long enough to matter. */
  const history = fc
    .array(fc.record({ read, view: fc.option(view, { nil: undefined }), times: fc.integer({ min: 1, max: 400 }) }), {
      maxLength: 8,
    })
    .map((stretches) => stretches.flatMap((s) => Array.from({ length: s.times }, () => s)));
  const start = fc.constantFrom(atBirth(), resumed(true), resumed(false));

  const replay = (
    from: EvidenceState,
    readings: readonly { read: MetricsRead; view: Answer | undefined }[],
    check: (before: EvidenceState, after: EvidenceState, reading: Reading) => void,
  ) => {
    let state = from;
    let at = 0;
    for (const { read: runnerRead, view: answer } of readings) {
      const askedAt = at;
      at += STEP;
      const reading: GitLabReading | undefined = answer && { ...answer(GITLAB_TIME + at), askedAt, at };
      const next = { at, runner: runnerRead, ...(reading && { gitlab: reading }) };
      const after = reduce(state, next, T);
      check(state, after, next);
      state = after;
    }
  };

  it('unknown never changes readiness, and a definite verdict sets it', () => {
    fc.assert(
      fc.property(start, history, (from, readings) =>
        replay(from, readings, (before, after) => {
          const { evidence } = after.verdict;
          assert.equal(after.ready, evidence === 'unknown' ? before.ready : evidence === 'online');
        }),
      ),
      { numRuns: 40 },
    );
  });

  it('live=no implies an unpaused record, GitLab reachable at its last read, and a process that was silent or still for so long', () => {
    const seen = { timeout: 0, sample: 0 };
    fc.assert(
      fc.property(start, history, (from, readings) => {
        let newest: GitLabReading | undefined;
        let silentSince = 0;
        let stillSince = 0;
        let last: Sample | undefined;
        replay(from, readings, (_, after, { at, runner: runnerRead, gitlab: reading }) => {
          newest = reading ?? newest;
          if (runnerRead.kind !== 'timeout') silentSince = at;
          if (runnerRead.kind === 'closed') stillSince = at;
          if (runnerRead.kind === 'sample') {
            const { sample } = runnerRead;
            const isStill =
              JSON.stringify(sample) === JSON.stringify(last) && sample.jobs + (sample.pollsUnderWay ?? 0) === 0;
            if (!isStill || sample.draining) stillSince = at;
            last = sample;
          }
          if (after.live) return;
          assert.equal(after.verdict.evidence, 'offline');
          assert.equal(newest?.record.kind === 'found' && !newest.record.paused, true);
          if (runnerRead.kind === 'timeout') {
            seen.timeout += 1;
            assert.ok(at - silentSince > STUCK, `silent for ${at - silentSince} s`);
          } else {
            seen.sample += 1;
            assert.equal(runnerRead.kind, 'sample');
            assert.ok(at - stillSince > STILL, `still for ${at - stillSince} s`);
          }
        });
      }),
      { numRuns: 120, seed: 7 },
    );
    assert.ok(seen.timeout > 0 && seen.sample > 0, `no history had such a runner: ${JSON.stringify(seen)}`);
  });

  it('while GitLab is unreachable only a dead or a draining process is offline', () => {
    fc.assert(
      fc.property(start, history, (from, readings) =>
        replay(
          from,
          readings.map((each) => ({ ...each, view: DOWN })),
          (_, after) =>
            assert.ok(after.verdict.evidence === 'unknown' || ['dead', 'draining'].includes(after.verdict.cause)),
        ),
      ),
      { numRuns: 40 },
    );
  });
});
