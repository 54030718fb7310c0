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
import { DOWN, gitlab, GONE, REFUSED, runner, SILENT, STEP, STUCK, T, UNREADABLE } from './life.ts';

describe('evidence for any history', () => {
  const read: fc.Arbitrary<MetricsRead> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .record({
          answered: fc.nat(2),
          refused: fc.nat(2),
          failed: fc.nat(1),
          reported: fc.nat(1),
          troubles: fc.nat(1),
          jobs: fc.nat(4),
        })
        .map(runner),
    },
    fc.constantFrom(REFUSED, SILENT, UNREADABLE),
  );
  const view: fc.Arbitrary<GitLabReading> = fc.constantFrom(
    gitlab(),
    gitlab({ contactedAt: '2026-01-01T00:00:09.000Z' }),
    gitlab({ paused: true }),
    GONE,
    DOWN,
  );
  /** Stretches of the same, so that silences become long enough to matter. */
  const history = fc
    .array(fc.record({ read, view: fc.option(view, { nil: undefined }), times: fc.integer({ min: 1, max: 45 }) }), {
      maxLength: 12,
    })
    .map((stretches) => stretches.flatMap((s) => Array.from({ length: s.times }, () => s)));
  const start = fc.constantFrom(atBirth(), resumed(true), resumed(false));

  const replay = (
    from: EvidenceState,
    looks: readonly { read: MetricsRead; view: GitLabReading | undefined }[],
    check: (before: EvidenceState, after: EvidenceState, observation: Reading) => void,
  ) => {
    let state = from;
    let at = 0;
    for (const { read: runnerRead, view: gitlabView } of looks) {
      at += STEP;
      const observation = { at, runner: runnerRead, ...(gitlabView && { gitlab: gitlabView }) };
      const next = reduce(state, observation, T);
      check(state, next, observation);
      state = next;
    }
  };

  it('unknown never flips readiness, and a definite verdict sets it', () => {
    fc.assert(
      fc.property(start, history, (from, looks) =>
        replay(from, looks, (before, after) => {
          const { evidence } = after.verdict;
          assert.equal(after.ready, evidence === 'unknown' ? before.ready : evidence === 'online');
        }),
      ),
    );
  });

  it('live=no implies a serving record, GitLab reachable at the last word of it, and a silence beyond stuckAfterSeconds', () => {
    let seen = 0;
    fc.assert(
      fc.property(start, history, (from, looks) => {
        let word: GitLabReading | undefined;
        let stillSince = 0;
        let last: Sample = NO_TRAFFIC;
        replay(from, looks, (_, after, { at, runner: runnerRead, gitlab: gitlabView }) => {
          word = gitlabView ?? word;
          if (runnerRead.kind === 'refused' || runnerRead.kind === 'unknown')
            stillSince = runnerRead.kind === 'refused' ? at : stillSince;
          if (runnerRead.kind === 'sample' && JSON.stringify(runnerRead.sample.polls) !== JSON.stringify(last.polls)) {
            stillSince = at;
          }
          if (runnerRead.kind === 'sample') last = runnerRead.sample;
          if (after.live) return;
          seen += 1;
          assert.equal(after.verdict.evidence, 'offline');
          assert.deepEqual(word?.record, { kind: 'found', paused: false });
          assert.ok(at - stillSince > STUCK, `silent for ${at - stillSince}`);
          assert.notEqual(runnerRead.kind, 'refused');
          assert.notEqual(runnerRead.kind, 'unknown');
        });
      }),
      { numRuns: 300 },
    );
    assert.ok(seen > 0, 'no history had a stuck runner: the property proves nothing');
  });

  it('with GitLab unreachable all the time nothing but a dead process is offline', () => {
    fc.assert(
      fc.property(start, history, (from, looks) =>
        replay(
          from,
          looks.map((look) => ({ ...look, view: DOWN })),
          (_, after) => assert.ok(after.verdict.evidence === 'unknown' || after.verdict.cause === 'dead'),
        ),
      ),
    );
  });
});
