import assert from 'node:assert/strict';
import fc from 'fast-check';
import { atBirth, reduce, resumed, type EvidenceState } from '../../../../runtime/core/evidence/evidence.ts';
import {
  NO_TRAFFIC,
  type GitLabReading,
  type Reading,
  type MetricsRead,
  type Sample,
} from '../../../../runtime/core/evidence/history.ts';
import { DOWN, gitlab, GONE, CLOSED, runner, TIMEOUT, STEP, STUCK, T, UNREADABLE } from './life.ts';

describe('evidence after any history', () => {
  const read: fc.Arbitrary<MetricsRead> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .record({
          answered: fc.nat(2),
          unauthorized: fc.nat(2),
          failed: fc.nat(1),
          reported: fc.nat(1),
          troubles: fc.nat(1),
          jobs: fc.nat(4),
        })
        .map(runner),
    },
    fc.constantFrom(CLOSED, TIMEOUT, UNREADABLE),
  );
  const view: fc.Arbitrary<GitLabReading> = fc.constantFrom(
    gitlab(),
    gitlab({ contactedAt: '2026-01-01T00:00:09.000Z' }),
    gitlab({ paused: true }),
    GONE,
    DOWN,
  );
  /** Stretches of the same reading, so that inactivity becomes long enough to matter. */
  const history = fc
    .array(fc.record({ read, view: fc.option(view, { nil: undefined }), times: fc.integer({ min: 1, max: 45 }) }), {
      maxLength: 12,
    })
    .map((stretches) => stretches.flatMap((s) => Array.from({ length: s.times }, () => s)));
  const start = fc.constantFrom(atBirth(), resumed(true), resumed(false));

  const replay = (
    from: EvidenceState,
    readings: readonly { read: MetricsRead; view: GitLabReading | undefined }[],
    check: (before: EvidenceState, after: EvidenceState, reading: Reading) => void,
  ) => {
    let state = from;
    let at = 0;
    for (const { read: runnerRead, view: gitlabView } of readings) {
      at += STEP;
      const reading = { at, runner: runnerRead, ...(gitlabView && { gitlab: gitlabView }) };
      const next = reduce(state, reading, T);
      check(state, next, reading);
      state = next;
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
    );
  });

  it('live=no implies an unpaused record, GitLab reachable at its last read, and inactivity beyond stuckAfterSeconds', () => {
    let seen = 0;
    fc.assert(
      fc.property(start, history, (from, readings) => {
        let newest: GitLabReading | undefined;
        let stillSince = 0;
        let last: Sample = NO_TRAFFIC;
        replay(from, readings, (_, after, { at, runner: runnerRead, gitlab: gitlabView }) => {
          newest = gitlabView ?? newest;
          if (runnerRead.kind === 'closed' || runnerRead.kind === 'unknown')
            stillSince = runnerRead.kind === 'closed' ? at : stillSince;
          if (runnerRead.kind === 'sample' && JSON.stringify(runnerRead.sample.polls) !== JSON.stringify(last.polls)) {
            stillSince = at;
          }
          if (runnerRead.kind === 'sample') last = runnerRead.sample;
          if (after.live) return;
          seen += 1;
          assert.equal(after.verdict.evidence, 'offline');
          assert.deepEqual(newest?.record, { kind: 'found', paused: false });
          assert.ok(at - stillSince > STUCK, `inactive for ${at - stillSince} s`);
          assert.notEqual(runnerRead.kind, 'closed');
          assert.notEqual(runnerRead.kind, 'unknown');
        });
      }),
      { numRuns: 300 },
    );
    assert.ok(seen > 0, 'no history had a stuck runner: the property proves nothing');
  });

  it('while GitLab is unreachable only a dead process is offline', () => {
    fc.assert(
      fc.property(start, history, (from, readings) =>
        replay(
          from,
          readings.map((each) => ({ ...each, view: DOWN })),
          (_, after) => assert.ok(after.verdict.evidence === 'unknown' || after.verdict.cause === 'dead'),
        ),
      ),
    );
  });
});
