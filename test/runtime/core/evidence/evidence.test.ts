import assert from 'node:assert/strict';
import { isGitLabCheckDue, resumed } from '../../../../runtime/core/evidence/evidence.ts';
import type { MetricsRead } from '../../../../runtime/core/evidence/sample.ts';
import {
  CLOSED,
  contactAgo,
  DOWN,
  gitlab,
  GONE,
  Life,
  NOT_POLLING,
  runner,
  served,
  STEP,
  STILL,
  STUCK,
  T,
  TIMEOUT,
  UNREADABLE,
  type Answer,
} from './life.ts';

describe('evidence', () => {
  describe('online', () => {
    it('is the verdict for a new pod after its first answered poll, once its record is known to be unpaused', () => {
      new Life()
        .read(CLOSED)
        .says('offline', 'dead', { ready: false })
        .read(runner({}))
        .says('unknown', 'record', { ready: false })
        .read(runner({}), gitlab())
        .says('unknown', 'start', { ready: false })
        .read(runner({ answered: 1 }))
        .says('online', 'poll', { ready: true });
    });

    it('is not the verdict on answered polls alone while the record was never read: it may be paused', () => {
      new Life().read(runner({ answered: 5 }), DOWN).says('unknown', 'gitlab', { ready: false });
    });

    it('stays between two polls that Workhorse holds for their full time', () => {
      const life = served();
      for (let polls = 2; polls < 6; polls += 1)
        life
          .keep(T.longPollSeconds + T.checkIntervalSeconds, runner({ answered: polls - 1, pollsUnderWay: 1 }))
          .says('online', 'poll', { ready: true })
          .read(runner({ answered: polls }));
    });

    it('stays for a full runner that does not poll while its jobs report', () => {
      const full = { answered: 1, jobs: 4 };
      const life = served().read(runner(full)).says('online', 'job', { ready: true });
      for (let minute = 1; minute <= 30; minute += 1)
        life
          .keep(T.jobReportSeconds, runner({ ...full, reports: { answered: minute - 1 } }))
          .says('online', 'job', { ready: true })
          .read(runner({ ...full, reports: { answered: minute } }));
      life.because(/full \(4 jobs\)/);
    });

    it('survives one failed read of GitLab, and becomes unknown when all reads fail for a lease', () => {
      const life = served();
      let polls = 1;
      const poll = () => runner({ answered: (polls += 1) });
      const readAt = life.at;
      life.read(poll(), DOWN).says('online', 'poll', { ready: true });
      while (life.at < readAt + T.leaseSeconds) life.read(poll(), DOWN).says('online', 'poll', { ready: true });
      life.read(poll(), DOWN).says('unknown', 'gitlab', { ready: true });
      life.read(poll(), gitlab()).says('online', 'poll', { ready: true });
    });

    it('follows from a recent contact in GitLab when the metrics cannot be read', () => {
      new Life(resumed(false))
        .read(UNREADABLE, gitlab())
        .says('unknown', 'metrics', { ready: false })
        .read(UNREADABLE, contactAgo(9))
        .says('online', 'contact', { ready: true });
    });

    it('does not follow from polls counted before the sidecar was restarted', () => {
      new Life(resumed(false))
        .read(runner({ answered: 70 }), gitlab())
        .says('unknown', 'start', { ready: false })
        .read(runner({ answered: 71 }))
        .says('online', 'poll', { ready: true });
    });
  });

  describe('offline', () => {
    it('is the verdict at once when the metrics endpoint refuses connections, and the runner stays live', () => {
      served().read(CLOSED).says('offline', 'dead', { ready: false });
    });

    it('is the verdict for a paused and for a deleted record, although the runner goes on polling', () => {
      served()
        .read(runner({ answered: 2 }), gitlab({ paused: true }))
        .says('offline', 'paused', { ready: false })
        .read(runner({ answered: 3 }))
        .says('offline', 'paused', { ready: false })
        .read(runner({ answered: 4 }), gitlab())
        .says('online', 'poll', { ready: true })
        .read(runner({ answered: 4, unauthorized: 1 }), GONE)
        .says('offline', 'deleted', { ready: false });
    });

    it('is the verdict when each poll gets 401 or 403, while a single 401 or 403 is unknown', () => {
      served()
        .read(runner({ answered: 1, unauthorized: 1 }))
        .says('unknown', 'unauthorized', { ready: true })
        .read(runner({ answered: 1, unauthorized: 2 }))
        .says('offline', 'token', { ready: false })
        .keep(600, runner({ answered: 1, unauthorized: 2 }))
        .says('offline', 'token', { ready: false });
    });

    it('is not the verdict on polls with 403 while the sidecar cannot read GitLab either', () => {
      const life = served().read(runner({ answered: 1 }), DOWN);
      for (let polls = 1; polls < 50; polls += 1) life.readAsDue(runner({ answered: 1, unauthorized: polls }), DOWN);
      life.says('unknown', 'gitlab', { ready: true });
    });

    it('is not the verdict on polls with 403 among polls with other failures: GitLab has a problem, the token may be good', () => {
      served()
        .read(runner({ answered: 1, unauthorized: 1 }))
        .read(runner({ answered: 1, unauthorized: 1, failed: 1 }))
        .read(runner({ answered: 1, unauthorized: 2, failed: 1 }))
        .says('unknown', 'unauthorized', { ready: true });
    });

    it('comes with live=yes when a runner is fed, has no poll under way, and does not poll', () => {
      served()
        .each(NOT_POLLING + 5 * STEP, (feeds) => runner({ answered: 1, feeds }))
        .says('offline', 'not-polling', { ready: false })
        .each(2 * STILL, (feeds) => runner({ answered: 1, feeds: 100 + feeds }))
        .says('offline', 'not-polling', { ready: false });
    });

    it('comes with live=no when the process accepts connections and never answers', () => {
      served()
        .keep(NOT_POLLING, TIMEOUT)
        .says('unknown', 'metrics', { ready: true })
        .keep(6 * STEP, TIMEOUT)
        .says('offline', 'not-polling', { ready: false })
        .keep(STUCK - NOT_POLLING, TIMEOUT)
        .says('offline', 'stuck', { ready: false, live: false });
    });

    it('comes with live=no when no counter of a process without jobs and polls moves, and GitLab is reachable', () => {
      served()
        .keep(STILL, runner({ answered: 1 }))
        .stays()
        .keep(16 * STEP, runner({ answered: 1 }))
        .says('offline', 'stuck', { ready: false, live: false });
    });

    it('becomes live=yes again as soon as the runner is another process', () => {
      const stuck = () =>
        new Life()
          .read(runner({ answered: 1, startedAt: 5 }), gitlab())
          .keep(STILL + 16 * STEP, runner({ answered: 1, startedAt: 5 }))
          .says('offline', 'stuck', { ready: false, live: false });
      stuck().read(CLOSED).says('offline', 'dead', { ready: false });
      stuck()
        .read(runner({ answered: 0 }))
        .says('unknown', 'start', { ready: false });
      stuck()
        .read(runner({ answered: 1, startedAt: 7 }))
        .says('online', 'poll', { ready: true });
    });
  });

  describe('unknown', () => {
    const unknowns: [string, MetricsRead, Answer | undefined, string][] = [
      ['metrics that cannot be parsed', UNREADABLE, undefined, 'metrics'],
      ['metrics that time out', TIMEOUT, undefined, 'metrics'],
      ['polls that GitLab answers with errors', runner({ answered: 1, failed: 1 }), undefined, 'failing'],
      ['a poll without an answer', runner({ answered: 1, unanswered: 1 }), undefined, 'failing'],
      ['GitLab failing for runner and sidecar', runner({ answered: 1, failed: 1 }), DOWN, 'gitlab'],
    ];
    for (const [name, read, answer, cause] of unknowns)
      it(`is the verdict for ${name}, and readiness stays`, () => {
        served().read(read, answer).says('unknown', cause, { ready: true });
        new Life(resumed(false))
          .read(runner({ answered: 1 }), gitlab())
          .read(read, answer)
          .says('unknown', cause, { ready: false });
      });

    it('keeps the readiness that an earlier sidecar wrote', () => {
      new Life(resumed(true)).read(runner({ answered: 7 }), DOWN).says('unknown', 'gitlab', { ready: true });
    });
  });

  describe('reads of GitLab', () => {
    const gaps = (life: Life, read: () => MetricsRead, answer: Answer, seconds: number): number[] => {
      const times: number[] = [];
      for (const end = life.at + seconds; life.at < end;) {
        const due = isGitLabCheckDue(life.state, life.at + STEP, T);
        if (due) times.push(life.at + STEP);
        life.read(read(), due ? answer : undefined);
      }
      return times.slice(1).map((time, index) => time - (times[index] ?? 0));
    };
    const only = (list: number[]): number[] => [...new Set(list)];

    it('are rare while polls are answered, and more frequent without evidence', () => {
      let polls = 1;
      assert.deepEqual(only(gaps(served(), () => runner({ answered: (polls += 1) }), gitlab(), 300)), [
        T.leaseSeconds / 2,
      ]);
      assert.deepEqual(only(gaps(served(), () => UNREADABLE, DOWN, 300).slice(1)), [12]);
    });

    it('are rare while the runner waits as GitLab has asked it to', () => {
      const waiting = () => runner({ answered: 1, pollsUnderWay: 1 });
      const life = served()
        .keep(2 * NOT_POLLING, waiting())
        .says('unknown', 'waiting', { ready: true });
      assert.deepEqual(only(gaps(life, waiting, gitlab(), 300)), [T.leaseSeconds / 2]);
    });
  });
});
