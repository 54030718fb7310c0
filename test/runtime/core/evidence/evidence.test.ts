import assert from 'node:assert/strict';
import { isGitLabCheckDue, resumed } from '../../../../runtime/core/evidence/evidence.ts';
import type { GitLabReading, MetricsRead } from '../../../../runtime/core/evidence/history.ts';
import { DOWN, gitlab, GONE, Life, REFUSED, runner, served, SILENT, STEP, STUCK, T, UNREADABLE } from './life.ts';

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
        life.look(
          runner({ answered: 1, refused: polls }),
          isGitLabCheckDue(life.state, life.at + STEP, T) ? DOWN : undefined,
        );
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

  describe('unknown', () => {
    const doubts: [string, MetricsRead, GitLabReading | undefined, string][] = [
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
});
