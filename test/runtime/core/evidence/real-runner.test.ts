/** What the metrics of the real gitlab-runner mean: seen with 18.4.0, read in 19.4. */
import assert from 'node:assert/strict';
import { resumed } from '../../../../runtime/core/evidence/evidence.ts';
import { parseMetrics } from '../../../../runtime/sidecar/parse-runner-metrics.ts';
import {
  CLOSED,
  contactAgo,
  DOWN,
  gitlab,
  Life,
  runner,
  served,
  STEP,
  STILL,
  STUCK,
  T,
  TIMEOUT,
  UNREADABLE,
} from './life.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

describe('evidence of the real runner', () => {
  describe('polls without an answer (status -1)', () => {
    const cutOff = (steps: number) => (step: number) => runner({ answered: 1, feeds: step, unanswered: steps + step });

    it('make a runner not ready within D, a poll and two retries while its sidecar reaches GitLab, and it stays live', () => {
      served()
        .each(4 * T.checkIntervalSeconds, cutOff(0))
        .says('offline', 'no-answer', { ready: false })
        .because(/the runner gets no answer from GitLab/)
        .each(HOUR, cutOff(3))
        .says('offline', 'no-answer', { ready: false });
    });

    it('are unknown after an outage that began and ended between two reads of GitLab', () => {
      const life = served();
      for (let step = 1; step <= 3; step += 1) life.read(runner({ answered: 1, unanswered: step }));
      life.read(runner({ answered: 1, unanswered: 3 }), gitlab()).stays();
      // This call began in the outage.
      life.read(runner({ answered: 1, unanswered: 4 }), gitlab()).stays();
      life.read(runner({ answered: 2, unanswered: 4 })).says('online', 'poll', { ready: true });
    });

    it('end with the first answered poll', () => {
      served()
        .each(5 * STEP, cutOff(0))
        .read(runner({ answered: 2, unanswered: 5 }))
        .says('online', 'poll', { ready: true });
    });

    it('are unknown, not offline, while the sidecar cannot reach GitLab either, and right after that', () => {
      const life = served().each(HOUR, cutOff(0), DOWN).says('unknown', 'gitlab', { ready: true });
      life.read(runner({ answered: 1, unanswered: 1201 }), gitlab()).stays();
      life.read(runner({ answered: 1, unanswered: 1202 }), gitlab()).stays();
      life.read(runner({ answered: 2, unanswered: 1202 })).says('online', 'poll', { ready: true });
    });

    it('are unknown when other polls between them are answered with errors: GitLab has a problem', () => {
      const life = served();
      for (let step = 1; step <= 20; step += 1)
        life.read(runner({ answered: 1, failed: Math.floor(step / 2), unanswered: Math.ceil(step / 2) }), gitlab());
      life.says('unknown', 'failing', { ready: true });
    });

    it('are unknown until GitLab was read after the first of them', () => {
      const life = served();
      for (let step = 1; step <= 10; step += 1) life.read(runner({ answered: 1, unanswered: step }));
      life.says('unknown', 'failing', { ready: true });
    });

    it('count for a full runner, which does not poll, in the reports of its jobs', () => {
      const full = (unanswered: number) => runner({ answered: 1, jobs: 4, reports: { answered: 5, unanswered } });
      served()
        .read(full(0))
        .each(10 * STEP, full)
        .says('offline', 'no-answer', { ready: false });
    });

    it('do not count in the reports of a runner whose polls GitLab holds or answers', () => {
      const report = (unanswered: number) =>
        runner({ answered: 1, jobs: 1, pollsUnderWay: 1, reports: { unanswered } });
      served()
        .each(10 * STEP, report)
        .stays();
    });
  });

  describe('429 with Retry-After, for which gitlab-runner waits inside the call', () => {
    const waiting = { answered: 1, pollsUnderWay: 1 };

    it('leaves a runner without jobs ready and live for six hours in which no counter moves', () => {
      const life = served();
      for (let minute = 0; minute < 6 * 60; minute += 1) life.keep(MINUTE, runner(waiting)).stays();
      life.says('unknown', 'waiting', { ready: true }).because(/GitLab may have asked it to wait \(429\)/);
    });

    it('leaves a runner ready and live that is fed meanwhile and counts each call as failed after its fifth try', () => {
      const life = served();
      let step = 0;
      for (let calls = 0; calls < 30; calls += 1)
        life
          .each(5 * MINUTE, () => runner({ ...waiting, failed: calls, feeds: (step += 1) }))
          .stays()
          .read(runner({ answered: 1, failed: calls + 1, feeds: (step += 1) }))
          .stays();
    });

    it('leaves a runner with jobs ready and live for six hours, full or not, with a poll under way or not', () => {
      for (const jobs of [1, 4])
        for (const pollsUnderWay of [0, 1]) {
          const life = served();
          for (let minute = 0; minute < 6 * 60; minute += 1)
            life.keep(MINUTE, runner({ answered: 1, jobs, pollsUnderWay })).stays();
        }
    });

    it('leaves a runner ready and live whose worker waits with the last report of a job that has ended', () => {
      const life = served();
      for (let tries = 1; tries <= 10; tries += 1)
        life.keep(256 + 300, runner({ answered: 1, reports: { failed: tries } })).stays();
    });

    it('ends with the next answered poll', () => {
      served()
        .keep(HOUR, runner(waiting))
        .read(runner({ answered: 2 }))
        .says('online', 'poll', { ready: true });
    });
  });

  describe('a reset token, whose polls Workhorse goes on answering', () => {
    /** A stamp each round; polls that Workhorse holds for their full time; the last contact is from before the first stamp. */
    const reset = (life: Life, seconds: number, contact: (life: Life) => number): Life => {
      const start = life.at;
      for (const end = life.at + seconds; life.at < end;) {
        const elapsed = life.at - start;
        const stampedAt = life.gitlabTime - (elapsed % T.roundSeconds);
        const answered = 2 + Math.floor(elapsed / (T.longPollSeconds + T.checkIntervalSeconds));
        life.readAsDue(
          runner({ answered, pollsUnderWay: 1, feeds: elapsed }),
          gitlab({ stampedAt, contactedAt: contact(life) }),
        );
      }
      return life;
    };

    it('makes the runner not ready within four minutes: three stamps and two polls moved no contact; it stays live', () => {
      const life = served();
      const last = life.gitlabTime - 1;
      reset(life, 4 * MINUTE, () => last)
        .says('offline', 'no-contact', { ready: false })
        .because(/its token may have been reset/);
    });

    it('is not assumed while each stamp moves the contact', () => {
      const life = served();
      reset(life, HOUR, ({ gitlabTime }) => gitlabTime - 5).says('online', 'poll', { ready: true });
    });

    it('is not assumed without stamps: a dead checker says nothing about its runners', () => {
      const life = served();
      const last = life.gitlabTime - 1;
      life.each(
        HOUR,
        (step) => runner({ answered: 2 + Math.floor((step * STEP) / 53), pollsUnderWay: 1, feeds: step }),
        gitlab({ stampedAt: last - 1, contactedAt: last }),
      );
      life.says('online', 'poll', { ready: true });
    });

    it('is not assumed while GitLab answers the polls with 429: contacts cannot move then', () => {
      const life = served();
      const last = life.gitlabTime - 1;
      for (let round = 1; round <= 240; round += 1)
        life
          .keep(T.roundSeconds, runner({ answered: 1, pollsUnderWay: 1, feeds: round }), (date) =>
            gitlab({ stampedAt: date - 1, contactedAt: last })(date),
          )
          .stays();
    });

    it('is not assumed right after the 429 has ended, before GitLab was read again', () => {
      const life = served();
      const last = life.gitlabTime - 1;
      for (let round = 1; round <= 20; round += 1)
        life.keep(T.roundSeconds, runner({ answered: 1, pollsUnderWay: 1 }), (date) =>
          gitlab({ stampedAt: date - 1, contactedAt: last })(date),
        );
      life
        .read(runner({ answered: 2 }))
        .read(runner({ answered: 3 }))
        .read(runner({ answered: 4 }))
        .stays();
      life.read(runner({ answered: 5 }), contactAgo(3)).says('online', 'poll', { ready: true });
    });

    it('is over when a stamp is answered again', () => {
      const life = served();
      const last = life.gitlabTime - 1;
      reset(life, 4 * MINUTE, () => last).says('offline', 'no-contact', { ready: false });
      life.read(runner({ answered: 30, feeds: 1000 }), contactAgo(0)).says('online', 'poll', { ready: true });
    });
  });

  describe('a drain', () => {
    const draining = { answered: 1, jobs: 1, draining: true };

    it('is called a drain, not errors, although the cancelled poll counts as one without an answer', () => {
      served()
        .read(runner({ ...draining, unanswered: 1 }))
        .says('offline', 'draining', { ready: false })
        .because(/it finishes its jobs \(1\) and takes no more/);
    });

    it('leaves the runner live for as long as its last job takes', () => {
      served()
        .keep(12 * HOUR, runner({ ...draining, unanswered: 1 }))
        .says('offline', 'draining', { ready: false })
        .keep(2 * STILL, runner({ ...draining, jobs: 0, unanswered: 1 }))
        .says('offline', 'draining', { ready: false })
        .read(CLOSED)
        .says('offline', 'dead', { ready: false });
    });
  });

  describe('a contact', () => {
    it('is dated by GitLab’s own clock, however late the sidecar reads it', () => {
      new Life(resumed(false))
        .read(UNREADABLE, contactAgo(16))
        .says('online', 'contact', { ready: true })
        .because(/contacted GitLab 16 s ago/);
    });

    it('that is old by the clock of GitLab is no proof, although the sidecar sees it for the first time', () => {
      new Life(resumed(false)).read(UNREADABLE, contactAgo(MINUTE + 30)).says('unknown', 'metrics', { ready: false });
    });

    it('of the previous process is no proof for the next one', () => {
      const life = served().read(CLOSED);
      life.read(UNREADABLE, contactAgo(4)).says('unknown', 'metrics', { ready: false });
    });
  });

  describe('the Job Router, where the runner sends no polls', () => {
    it('shows that a runner is served by its requests', () => {
      const life = served();
      for (let requests = 1; requests < 30; requests += 1)
        life
          .keep(T.longPollSeconds, runner({ answered: 1, routerRequests: requests - 1, pollsUnderWay: 1 }))
          .stays()
          .read(runner({ answered: 1, routerRequests: requests }))
          .says('online', 'router', { ready: true });
      life.because(/Job Router answered it 0 s ago/);
    });

    it('makes a new pod ready with its first request', () => {
      new Life()
        .read(runner({ routerRequests: 0, pollsUnderWay: 1 }), gitlab())
        .says('unknown', 'waiting', { ready: false })
        .read(runner({ routerRequests: 1 }))
        .says('online', 'router', { ready: true });
    });

    it('leaves unknown whether requests that gitlab-runner counts as unhealthy were served', () => {
      served()
        .read(runner({ answered: 1, routerRequests: 1, healthFailures: 1 }))
        .says('unknown', 'failing', { ready: true });
    });

    it('without metrics of its own leaves GitLab’s contact as the proof, and never makes a runner stuck', () => {
      new Life()
        .read(runner({ pollsUnderWay: 1 }), gitlab())
        .says('unknown', 'waiting', { ready: false })
        .keep(10 * STEP, runner({ pollsUnderWay: 1 }), contactAgo(2))
        .says('online', 'contact', { ready: true })
        .keep(6 * HOUR, runner({ pollsUnderWay: 1 }))
        .says('unknown', 'waiting', { ready: true });
    });
  });

  it('ignores warnings and errors that the runner logs, as at its start with request_concurrency 1', () => {
    const metrics = (warnings: number): string =>
      [
        'gitlab_runner_concurrent 2',
        'gitlab_runner_api_request_statuses_total{endpoint="request_job",status="204"} 1',
        `gitlab_runner_errors_total{level="warning"} ${warnings}`,
      ].join('\n');
    assert.deepEqual(parseMetrics(metrics(1)), parseMetrics(metrics(0)));
  });

  describe('live=no', () => {
    it('is never the verdict for a gitlab-runner without metrics of its main loop while it answers', () => {
      const { kind, ...rest } = runner({ answered: 1 });
      assert.equal(kind, 'sample');
      assert.ok('sample' in rest);
      const old = { kind, sample: { ...rest.sample, feeds: undefined, pollsUnderWay: undefined } };
      served()
        .keep(6 * HOUR, old)
        .stays();
    });

    it('is never the verdict for a process that polls, runs a job or drains', () => {
      for (const change of [{ pollsUnderWay: 1 }, { jobs: 1 }, { draining: true }]) {
        const life = served().keep(6 * HOUR, runner({ answered: 1, ...change }));
        assert.equal(life.state.live, true, JSON.stringify(change));
      }
    });

    it('is not the verdict for a process whose metrics time out while GitLab shows new contacts', () => {
      const life = served().keep(2 * STUCK, TIMEOUT, contactAgo(20));
      assert.equal(life.state.live, true);
    });
  });
});
