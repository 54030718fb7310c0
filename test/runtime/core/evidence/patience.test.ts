import assert from 'node:assert/strict';
import { isGitLabCheckDue } from '../../../../runtime/core/evidence/evidence.ts';
import { busyContactSeconds } from '../../../../runtime/timing.ts';
import { contactAgo, DOWN, gitlab, Life, NOT_POLLING, runner, served, STEP, STILL, STUCK, T, TIMEOUT } from './life.ts';

describe('evidence', () => {
  describe('patience', () => {
    it('does not call an inactive runner stuck while GitLab cannot be reached, however long', () => {
      served()
        .keep(6 * 3600, runner({ answered: 1 }), DOWN)
        .says('unknown', 'gitlab', { ready: true })
        .keep(6 * 3600, TIMEOUT, DOWN)
        .says('unknown', 'gitlab', { ready: true });
    });

    it('waits for unhealthy_interval and a whole poll after an outage', () => {
      let feeds = 0;
      const fed = () => runner({ answered: 1, feeds: (feeds += 1) });
      const life = served().each(600, fed, DOWN).read(fed(), gitlab());
      life
        .each(NOT_POLLING - STEP, fed)
        .stays()
        .each(5 * STEP, fed)
        .says('offline', 'not-polling', { ready: false });
    });

    it('does not count the time in which no worker of the runner is free', () => {
      const life = served();
      for (let step = 0; step < 100; step += 1) {
        life.keep(NOT_POLLING, runner({ answered: 1, feeds: step, jobs: 1 })).stays();
        life.read(runner({ answered: 1, feeds: step + 1, jobs: 1 })).stays();
      }
    });

    it('makes a runner with jobs not ready long before it restarts it when neither its metrics endpoint nor GitLab shows life', () => {
      const life = served().read(runner({ answered: 1, jobs: 1 }));
      life.keep(busyContactSeconds(T), TIMEOUT).says('unknown', 'metrics', { ready: true });
      life.keep(T.requestSeconds + 4 * STEP, TIMEOUT).says('offline', 'not-polling', { ready: false });
      life.keep(STUCK, TIMEOUT).says('offline', 'stuck', { ready: false, live: false });
    });

    it('keeps a runner with jobs whose metrics time out while GitLab shows new contacts', () => {
      const life = served().read(runner({ answered: 1, jobs: 1 }));
      for (let minute = 1; minute <= 10; minute += 1) {
        for (let second = 0; second < T.jobReportSeconds; second += STEP) life.readAsDue(TIMEOUT, contactAgo(second));
        life.stays();
      }
    });

    it('starts every waiting time anew after the sidecar itself did not run for a while', () => {
      const life = served().keep(STILL - STEP, runner({ answered: 1 }));
      life.at += 10 * STUCK;
      life.read(runner({ answered: 1 }), gitlab()).stays();
      life.keep(STILL - 2 * STEP, runner({ answered: 1 })).stays();
    });

    it('never calls a runner stuck whose sidecar runs so seldom that it measures nothing', () => {
      const life = served();
      for (let reading = 0; reading < 1000; reading += 1) {
        life.at += 4 * STEP;
        life.read(TIMEOUT, gitlab()).stays();
      }
    });

    it('does not call a runner stuck when GitLab was last read before the limit', () => {
      const life: Life = served().read(runner({ answered: 1 }), gitlab());
      const end = life.at + STILL + 2 * STEP;
      while (life.at < end) life.read(runner({ answered: 1 }));
      life.says('unknown', 'overdue', { ready: true });
      assert.equal(isGitLabCheckDue(life.state, life.at + STEP, T), true);
    });
  });
});
