import assert from 'node:assert/strict';
import fc from 'fast-check';
import { atBirth, lookDue, reduce, resumed, type EvidenceState } from '../../../runtime/core/evidence.ts';
import {
  NO_TRAFFIC,
  type GitLabLook,
  type Observation,
  type RunnerRead,
  type Sample,
} from '../../../runtime/core/signs.ts';
import { busyContactSeconds, DEFAULT_TIMING, stuckAfterSeconds } from '../../../runtime/timing.ts';

const T = DEFAULT_TIMING;
const STUCK = stuckAfterSeconds(T);
const UNHEALTHY = T.unhealthyIntervalSeconds;
const STEP = 3;

interface Change {
  readonly answered?: number;
  readonly refused?: number;
  readonly failed?: number;
  readonly reported?: number;
  readonly troubles?: number;
  readonly jobs?: number;
  readonly capacity?: number;
  readonly startedAt?: number;
}

/** A runner whose counters are written down as sums. */
const sampleOf = (c: Change): Sample => ({
  polls: { answered: c.answered ?? 0, refused: c.refused ?? 0, failed: c.failed ?? 0 },
  reports: { answered: c.reported ?? 0, failed: 0 },
  troubles: c.troubles ?? 0,
  jobs: c.jobs ?? 0,
  capacity: c.capacity ?? 4,
  startedAt: c.startedAt,
});
const runner = (c: Change): RunnerRead => ({ kind: 'sample', sample: sampleOf(c) });

const gitlab = (options: { paused?: boolean; contactedAt?: string } = {}): GitLabLook => ({
  record: { kind: 'found', paused: options.paused ?? false },
  manager: { kind: 'found', contactedAt: options.contactedAt ?? '2026-01-01T00:00:00.000Z' },
});
const GONE: GitLabLook = { record: { kind: 'absent' }, manager: { kind: 'absent' } };
const DOWN: GitLabLook = {
  record: { kind: 'unknown', why: 'GitLab answers 502' },
  manager: { kind: 'unknown', why: 'GitLab answers 502' },
};
const REFUSED: RunnerRead = { kind: 'refused', why: 'nothing listens' };
const SILENT: RunnerRead = { kind: 'silent', why: 'no answer within 1.5 s' };
const UNREADABLE: RunnerRead = { kind: 'unknown', why: 'it is not a gitlab-runner' };

/** A pod's life, told look by look. */
class Life {
  state: EvidenceState;
  at = 1000;
  constructor(state: EvidenceState = atBirth()) {
    this.state = state;
  }
  look(read: RunnerRead, view?: GitLabLook): this {
    this.at += STEP;
    this.state = reduce(this.state, { at: this.at, runner: read, ...(view && { gitlab: view }) }, T);
    return this;
  }
  /** The same look again and again, GitLab asked as the state asks for it. */
  keep(seconds: number, read: RunnerRead, view: GitLabLook = gitlab()): this {
    const end = this.at + seconds;
    while (this.at + STEP <= end) this.look(read, lookDue(this.state, this.at + STEP, T) ? view : undefined);
    return this;
  }
  says(evidence: string, cause: string, flags: { ready: boolean; live?: boolean }): this {
    const { verdict, ready, live } = this.state;
    assert.deepEqual(
      { evidence: verdict.evidence, cause: verdict.cause, ready, live },
      { evidence, cause, ready: flags.ready, live: flags.live ?? true },
      verdict.reason,
    );
    return this;
  }
}

const served = () => new Life().look(runner({ answered: 1 }), gitlab()).says('online', 'poll', { ready: true });

describe('evidence', () => {
  describe('online', () => {
    it('is said of a new pod as soon as a poll was answered and the record is known to serve', () => {
      new Life()
        .look(REFUSED)
        .says('offline', 'dead', { ready: false })
        .look(runner({}))
        .says('unknown', 'record', { ready: false })
        .look(runner({}), gitlab())
        .says('unknown', 'start', { ready: false })
        .look(runner({ answered: 1 }))
        .says('online', 'poll', { ready: true });
    });

    it('is not said of polls alone while the record was never read: it might be paused', () => {
      new Life().look(runner({ answered: 5 }), DOWN).says('unknown', 'gitlab', { ready: false });
    });

    it('holds between two polls that Workhorse holds for their full time', () => {
      const life = served();
      for (let polls = 2; polls < 6; polls += 1)
        life
          .keep(T.longPollSeconds + T.checkIntervalSeconds, runner({ answered: polls - 1 }))
          .says('online', 'poll', { ready: true })
          .look(runner({ answered: polls }));
    });

    it('is kept by a full runner that does not poll, through the reports of its jobs', () => {
      const full = { answered: 1, jobs: 4 };
      const life = served().look(runner(full)).says('online', 'job', { ready: true });
      for (let minute = 1; minute <= 30; minute += 1)
        life
          .keep(T.jobReportSeconds, runner({ ...full, reported: minute - 1 }))
          .says('online', 'job', { ready: true })
          .look(runner({ ...full, reported: minute }));
      assert.match(life.state.verdict.reason, /full \(4 jobs\)/);
    });

    it('survives one failed look at GitLab, and becomes unknown when none succeeds for a lease', () => {
      const life = served();
      let polls = 1;
      const poll = () => runner({ answered: (polls += 1) });
      life.look(poll(), DOWN).says('online', 'poll', { ready: true });
      while (life.at < 1000 + STEP + T.leaseSeconds) life.look(poll(), DOWN).says('online', 'poll', { ready: true });
      life.look(poll(), DOWN).says('unknown', 'gitlab', { ready: true });
      life.look(poll(), gitlab()).says('online', 'poll', { ready: true });
    });

    it('comes from a new contact in GitLab where the metrics cannot be read', () => {
      new Life(resumed(false))
        .look(UNREADABLE, gitlab({ contactedAt: '2026-01-01T00:00:00.000Z' }))
        .says('unknown', 'metrics', { ready: false })
        .look(UNREADABLE, gitlab({ contactedAt: '2026-01-01T00:00:09.000Z' }))
        .says('online', 'contact', { ready: true });
    });

    it('is not concluded from counters that an earlier sidecar may have seen', () => {
      new Life(resumed(false))
        .look(runner({ answered: 70 }), gitlab())
        .says('unknown', 'start', { ready: false })
        .look(runner({ answered: 71 }))
        .says('online', 'poll', { ready: true });
    });
  });

  describe('offline', () => {
    it('is said at once when nobody listens at the metrics endpoint, and never stops the container', () => {
      served().look(REFUSED).says('offline', 'dead', { ready: false });
    });

    it('is said of a paused and of a deleted record, although the runner polls on', () => {
      served()
        .look(runner({ answered: 2 }), gitlab({ paused: true }))
        .says('offline', 'paused', { ready: false })
        .look(runner({ answered: 3 }))
        .says('offline', 'paused', { ready: false })
        .look(runner({ answered: 4 }), gitlab())
        .says('online', 'poll', { ready: true })
        .look(runner({ answered: 4, refused: 1 }), GONE)
        .says('offline', 'deleted', { ready: false });
    });

    it('is said of a runner whose every poll is refused, while a single refusal is unknown', () => {
      served()
        .look(runner({ answered: 1, refused: 1 }))
        .says('unknown', 'refused', { ready: true })
        .look(runner({ answered: 1, refused: 2 }))
        .says('offline', 'token', { ready: false })
        .keep(600, runner({ answered: 1, refused: 2 }))
        .says('offline', 'token', { ready: false });
    });

    it('is not said of refusals while GitLab refuses or fails for the sidecar too', () => {
      const life = served().look(runner({ answered: 1 }), DOWN);
      for (let polls = 1; polls < 50; polls += 1)
        life.look(runner({ answered: 1, refused: polls }), lookDue(life.state, life.at + STEP, T) ? DOWN : undefined);
      life.says('unknown', 'gitlab', { ready: true });
    });

    it('is not said of refusals among other failures: GitLab is ill, the token need not be', () => {
      served()
        .look(runner({ answered: 1, refused: 1 }))
        .look(runner({ answered: 1, refused: 1, failed: 1 }))
        .look(runner({ answered: 1, refused: 2, failed: 1 }))
        .says('unknown', 'refused', { ready: true });
    });

    it('is said, with live=no, of a runner that stands still for longer than stuckAfterSeconds with GitLab reachable', () => {
      served()
        .keep(STUCK, runner({ answered: 1 }))
        .says('online', 'poll', { ready: true })
        .keep(4 * STEP, runner({ answered: 1 }))
        .says('offline', 'stuck', { ready: false, live: false });
    });

    it('is said with live=no of a process that accepts connections and never answers', () => {
      served()
        .keep(STUCK, SILENT)
        .says('unknown', 'metrics', { ready: true })
        .keep(6 * STEP, SILENT)
        .says('offline', 'stuck', { ready: false, live: false });
    });

    it('is said, with live=yes, of a runner whose jobs report and that asks for no further job', () => {
      const life = served();
      for (let reports = 1; reports * STEP < STUCK + 4 * STEP; reports += 1)
        life.keep(STEP, runner({ answered: 1, jobs: 1, reported: reports }));
      life.says('offline', 'idle', { ready: false });
    });

    it('ends live=no as soon as the runner is another process', () => {
      const stuck = () =>
        new Life()
          .look(runner({ answered: 1, startedAt: 5 }), gitlab())
          .keep(STUCK + 4 * STEP, runner({ answered: 1, startedAt: 5 }))
          .says('offline', 'stuck', { ready: false, live: false });
      stuck().look(REFUSED).says('offline', 'dead', { ready: false });
      stuck()
        .look(runner({ answered: 0 }))
        .says('unknown', 'start', { ready: false });
      stuck()
        .look(runner({ answered: 1, startedAt: 7 }))
        .says('online', 'poll', { ready: true });
    });
  });

  describe('patience', () => {
    it('does not take a silence for stuck while GitLab cannot be reached, however long', () => {
      served()
        .keep(3600, runner({ answered: 1 }), DOWN)
        .says('unknown', 'gitlab', { ready: true });
    });

    it('gives the runner its unhealthy_interval and a whole poll after an outage', () => {
      served()
        .keep(600, runner({ answered: 1 }), DOWN)
        .look(runner({ answered: 1 }), gitlab())
        .keep(STUCK + UNHEALTHY - STEP, runner({ answered: 1 }))
        .says('unknown', 'silent', { ready: true })
        .keep(5 * STEP, runner({ answered: 1 }))
        .says('offline', 'stuck', { ready: false, live: false });
    });

    it('knows trouble that the runner logs from being stuck: it waits longer, and does not restart it', () => {
      const life = served();
      for (let troubles = 1; troubles * STEP < 2 * STUCK + UNHEALTHY - STEP; troubles += 1)
        life.keep(STEP, runner({ answered: 1, troubles }));
      life.says('unknown', 'silent', { ready: true });
      for (let troubles = 1000; troubles < 1006; troubles += 1) life.keep(STEP, runner({ answered: 1, troubles }));
      life.says('offline', 'idle', { ready: false });
    });

    it('gives a runner with jobs the longest silence that a healthy job may keep before it is restarted', () => {
      const full = runner({ answered: 1, jobs: 4 });
      const life = served().look(full);
      life.keep(busyContactSeconds(T), full).says('online', 'job', { ready: true });
      life.keep(4 * T.jobReportSeconds - busyContactSeconds(T), full).says('unknown', 'silent', { ready: true });
      life.keep(30, full).says('offline', 'stuck', { ready: false, live: false });
    });

    it('does not restart a runner with jobs that is not full before its jobs are overdue too', () => {
      const busy = runner({ answered: 1, jobs: 1 });
      served()
        .look(busy)
        .keep(4 * T.jobReportSeconds - STEP, busy)
        .says('offline', 'idle', { ready: false, live: true });
    });

    it('takes a new contact in GitLab for a sign of life', () => {
      const life = served().keep(STUCK - STEP, runner({ answered: 1 }));
      life.look(runner({ answered: 1 }), gitlab({ contactedAt: '2026-01-01T00:01:00.000Z' }));
      life.keep(STUCK - STEP, runner({ answered: 1 }), gitlab({ contactedAt: '2026-01-01T00:01:00.000Z' }));
      assert.equal(life.state.live, true);
    });

    it('starts every silence anew after a time in which the sidecar itself did not look', () => {
      const life = served().look(runner({ answered: 1 }), gitlab());
      life.at += 10 * STUCK;
      life.look(runner({ answered: 1 }), gitlab()).says('unknown', 'silent', { ready: true });
    });

    it('does not call a runner stuck on a reachability that was seen before the silence ended', () => {
      const life = served().look(runner({ answered: 1 }), gitlab());
      while (life.at < 1000 + STUCK + 5 * STEP) life.look(runner({ answered: 1 }));
      life.says('unknown', 'silent', { ready: true });
      assert.equal(lookDue(life.state, life.at + STEP, T), true);
    });
  });

  describe('unknown', () => {
    const doubts: [string, RunnerRead, GitLabLook | undefined, string][] = [
      ['metrics that cannot be parsed', UNREADABLE, undefined, 'metrics'],
      ['metrics that do not come in time', SILENT, undefined, 'metrics'],
      ['polls that GitLab answers with errors', runner({ answered: 1, failed: 1 }), undefined, 'failing'],
      ['GitLab failing for both', runner({ answered: 1, failed: 1 }), DOWN, 'gitlab'],
    ];
    for (const [name, read, view, cause] of doubts)
      it(`is said of ${name}, and readiness stays`, () => {
        served().look(read, view).says('unknown', cause, { ready: true });
        new Life(resumed(false))
          .look(runner({ answered: 1 }), gitlab())
          .look(read, view)
          .says('unknown', cause, { ready: false });
      });

    it('keeps what an earlier sidecar knew', () => {
      new Life(resumed(true)).look(runner({ answered: 7 }), DOWN).says('unknown', 'gitlab', { ready: true });
    });
  });

  describe('asking GitLab', () => {
    const gaps = (life: Life, read: () => RunnerRead, view: GitLabLook, seconds: number): number[] => {
      const times: number[] = [];
      for (const end = life.at + seconds; life.at < end;) {
        const due = lookDue(life.state, life.at + STEP, T);
        if (due) times.push(life.at + STEP);
        life.look(read(), due ? view : undefined);
      }
      return times.slice(1).map((time, index) => time - (times[index] ?? 0));
    };

    it('is rare while polls are answered, and more frequent without evidence', () => {
      let polls = 1;
      const good = gaps(served(), () => runner({ answered: (polls += 1) }), gitlab(), 300);
      assert.deepEqual([...new Set(good)], [T.leaseSeconds / 2]);
      const bad = gaps(served(), () => UNREADABLE, DOWN, 300);
      assert.deepEqual([...new Set(bad.slice(1))], [12]);
    });
  });

  describe('for any history', () => {
    const read: fc.Arbitrary<RunnerRead> = fc.oneof(
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
    const view: fc.Arbitrary<GitLabLook> = fc.constantFrom(
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
      looks: readonly { read: RunnerRead; view: GitLabLook | undefined }[],
      check: (before: EvidenceState, after: EvidenceState, observation: Observation) => void,
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
          let word: GitLabLook | undefined;
          let stillSince = 0;
          let last: Sample = NO_TRAFFIC;
          replay(from, looks, (_, after, { at, runner: runnerRead, gitlab: gitlabView }) => {
            word = gitlabView ?? word;
            if (runnerRead.kind === 'refused' || runnerRead.kind === 'unknown')
              stillSince = runnerRead.kind === 'refused' ? at : stillSince;
            if (
              runnerRead.kind === 'sample' &&
              JSON.stringify(runnerRead.sample.polls) !== JSON.stringify(last.polls)
            ) {
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
});
