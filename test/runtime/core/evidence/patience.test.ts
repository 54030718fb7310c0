import assert from 'node:assert/strict';
import { isGitLabCheckDue } from '../../../../runtime/core/evidence/evidence.ts';
import type { GitLabReading, MetricsRead } from '../../../../runtime/core/evidence/history.ts';
import { busyContactSeconds } from '../../../../runtime/timing.ts';
import { DOWN, gitlab, Life, runner, served, SILENT, STEP, STUCK, T, UNHEALTHY, UNREADABLE } from './life.ts';

describe('evidence', () => {
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

    it('takes the jobs from a runner with jobs that neither answers nor is heard by GitLab, long before it restarts it', () => {
      const life = served().look(runner({ answered: 1, jobs: 1 }));
      life.keep(busyContactSeconds(T), SILENT).says('unknown', 'metrics', { ready: true });
      life.keep(T.requestSeconds + 4 * STEP, SILENT).says('offline', 'idle', { ready: false, live: true });
      life.keep(4 * T.jobReportSeconds, SILENT).says('offline', 'stuck', { ready: false, live: false });
    });

    it('keeps a runner with jobs that does not answer, while GitLab hears it', () => {
      const life = served().look(runner({ answered: 1, jobs: 1 }));
      for (let minute = 1; minute <= 10; minute += 1) {
        const contactedAt = `2026-01-01T00:${String(minute).padStart(2, '0')}:30.000Z`;
        life.keep(T.jobReportSeconds, SILENT, gitlab({ contactedAt }));
        assert.deepEqual([life.state.ready, life.state.live], [true, true], `minute ${minute}`);
      }
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
      assert.equal(isGitLabCheckDue(life.state, life.at + STEP, T), true);
    });
  });

  describe('asking GitLab', () => {
    const gaps = (life: Life, read: () => MetricsRead, view: GitLabReading, seconds: number): number[] => {
      const times: number[] = [];
      for (const end = life.at + seconds; life.at < end;) {
        const due = isGitLabCheckDue(life.state, life.at + STEP, T);
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
});
