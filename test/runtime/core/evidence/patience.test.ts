import assert from 'node:assert/strict';
import { isGitLabCheckDue } from '../../../../runtime/core/evidence/evidence.ts';
import type { GitLabReading, MetricsRead } from '../../../../runtime/core/evidence/history.ts';
import { busyContactSeconds } from '../../../../runtime/timing.ts';
import { DOWN, gitlab, Life, runner, served, TIMEOUT, STEP, STUCK, T, UNHEALTHY, UNREADABLE } from './life.ts';

describe('evidence', () => {
  describe('patience', () => {
    it('does not call an inactive runner stuck while GitLab cannot be reached, however long', () => {
      served()
        .keep(3600, runner({ answered: 1 }), DOWN)
        .says('unknown', 'gitlab', { ready: true });
    });

    it('waits for unhealthy_interval and a whole poll after an outage', () => {
      served()
        .keep(600, runner({ answered: 1 }), DOWN)
        .read(runner({ answered: 1 }), gitlab())
        .keep(STUCK + UNHEALTHY - STEP, runner({ answered: 1 }))
        .says('unknown', 'overdue', { ready: true })
        .keep(5 * STEP, runner({ answered: 1 }))
        .says('offline', 'stuck', { ready: false, live: false });
    });

    it('waits longer for a runner that logs errors, and does not restart it', () => {
      const life = served();
      for (let troubles = 1; troubles * STEP < 2 * STUCK + UNHEALTHY - STEP; troubles += 1)
        life.keep(STEP, runner({ answered: 1, troubles }));
      life.says('unknown', 'overdue', { ready: true });
      for (let troubles = 1000; troubles < 1006; troubles += 1) life.keep(STEP, runner({ answered: 1, troubles }));
      life.says('offline', 'not-polling', { ready: false });
    });

    it('waits for the longest report gap of a healthy job before it restarts a runner with jobs', () => {
      const full = runner({ answered: 1, jobs: 4 });
      const life = served().read(full);
      life.keep(busyContactSeconds(T), full).says('online', 'job', { ready: true });
      life.keep(4 * T.jobReportSeconds - busyContactSeconds(T), full).says('unknown', 'overdue', { ready: true });
      life.keep(30, full).says('offline', 'stuck', { ready: false, live: false });
    });

    it('does not restart a runner with jobs that has stopped polling before the reports of its jobs are overdue too', () => {
      const busy = runner({ answered: 1, jobs: 1 });
      served()
        .read(busy)
        .keep(4 * T.jobReportSeconds - STEP, busy)
        .says('offline', 'not-polling', { ready: false, live: true });
    });

    it('makes a runner with jobs not ready long before it restarts it when neither its metrics endpoint nor GitLab shows life', () => {
      const life = served().read(runner({ answered: 1, jobs: 1 }));
      life.keep(busyContactSeconds(T), TIMEOUT).says('unknown', 'metrics', { ready: true });
      life.keep(T.requestSeconds + 4 * STEP, TIMEOUT).says('offline', 'not-polling', { ready: false, live: true });
      life.keep(4 * T.jobReportSeconds, TIMEOUT).says('offline', 'stuck', { ready: false, live: false });
    });

    it('keeps a runner with jobs whose metrics time out while GitLab shows new contacts', () => {
      const life = served().read(runner({ answered: 1, jobs: 1 }));
      for (let minute = 1; minute <= 10; minute += 1) {
        const contactedAt = `2026-01-01T00:${String(minute).padStart(2, '0')}:30.000Z`;
        life.keep(T.jobReportSeconds, TIMEOUT, gitlab({ contactedAt }));
        assert.deepEqual([life.state.ready, life.state.live], [true, true], `minute ${minute}`);
      }
    });

    it('counts a new contact in GitLab as activity', () => {
      const life = served().keep(STUCK - STEP, runner({ answered: 1 }));
      life.read(runner({ answered: 1 }), gitlab({ contactedAt: '2026-01-01T00:01:00.000Z' }));
      life.keep(STUCK - STEP, runner({ answered: 1 }), gitlab({ contactedAt: '2026-01-01T00:01:00.000Z' }));
      assert.equal(life.state.live, true);
    });

    it('starts every waiting time anew after the sidecar itself did not run for a while', () => {
      const life = served().read(runner({ answered: 1 }), gitlab());
      life.at += 10 * STUCK;
      life.read(runner({ answered: 1 }), gitlab()).says('unknown', 'overdue', { ready: true });
    });

    it('does not call a runner stuck when GitLab was last read before the limit', () => {
      const life = served().read(runner({ answered: 1 }), gitlab());
      while (life.at < 1000 + STUCK + 5 * STEP) life.read(runner({ answered: 1 }));
      life.says('unknown', 'overdue', { ready: true });
      assert.equal(isGitLabCheckDue(life.state, life.at + STEP, T), true);
    });
  });

  describe('reads of GitLab', () => {
    const gaps = (life: Life, read: () => MetricsRead, view: GitLabReading, seconds: number): number[] => {
      const times: number[] = [];
      for (const end = life.at + seconds; life.at < end;) {
        const due = isGitLabCheckDue(life.state, life.at + STEP, T);
        if (due) times.push(life.at + STEP);
        life.read(read(), due ? view : undefined);
      }
      return times.slice(1).map((time, index) => time - (times[index] ?? 0));
    };

    it('are rare while polls are answered, and more frequent without evidence', () => {
      let polls = 1;
      const good = gaps(served(), () => runner({ answered: (polls += 1) }), gitlab(), 300);
      assert.deepEqual([...new Set(good)], [T.leaseSeconds / 2]);
      const bad = gaps(served(), () => UNREADABLE, DOWN, 300);
      assert.deepEqual([...new Set(bad.slice(1))], [12]);
    });
  });
});
