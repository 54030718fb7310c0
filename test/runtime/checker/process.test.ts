import assert from 'node:assert/strict';
import type { GitLabEvent } from '../../../lab/gitlab/model/gitlab.ts';
import { termPath } from '../../../runtime/core/model/term.ts';
import { A, B, CHECKERS, startStage, type Stage, type Tokens } from './stage.ts';

describe('the checker as a process', () => {
  let stage: Stage;
  before(async () => {
    stage = await startStage();
  });
  after(() => stage.close());
  beforeEach(() => stage.reset());

  const isWrite = (event: GitLabEvent) => event.kind === 'request' && event.method !== 'GET';
  const bothHold = () => ([A, B] as const).every((name) => stage.tagsOf(name).includes('rnd-runner'));
  const handedOver = (): void => {
    assert.deepEqual(stage.tagsOf(A), ['arm64', 'runner-a']);
    assert.deepEqual(stage.tagsOf(B), ['rnd-runner', 'runner-b', 'ssd']);
    assert.deepEqual(stage.terms(), [termPath(1), termPath(2)]);
  };

  it('finishes a round, takes the tag, reports, and exits with 0 and without a termination message', async () => {
    const writes: string[] = [];
    const stop = stage.gitlab.model.onEvent((event) => {
      if (event.kind === 'request' && isWrite(event)) writes.push(`${event.method} ${event.path} ${event.status}`);
    });
    const { code, said, log, job } = await stage.run();
    stop();
    assert.deepEqual([code, said, job], [0, '', 'Complete'], log);
    handedOver();
    const commits = `POST /projects/${stage.project}/repository/commits`;
    assert.deepEqual(writes, [
      `PUT /runners/${stage.records[B]} 200`, // the stamp
      `${commits} 201`, // the report
      `${commits} 201`, // the term
      `PUT /runners/${stage.records[B]} 200`, // its number, into the lease
      `PUT /runners/${stage.records[A]} 200`, // off
      `PUT /runners/${stage.records[B]} 200`, // on
    ]);
    assert.match(log, / term-claimed .* term=2 holder=cluster-b /);
    assert.equal(stage.messages.length, 1);
    assert.match(
      stage.messages[0] ?? '',
      /^{"text":"rnd-runner: cluster-b holds the main tags, taken from `cluster-a` \(term 2, `unhealthy: .*\/projects\/\d+"}$/,
    );
    assert.doesNotMatch(log, / notification-failed /);
  });

  // A kill before a write is applied leaves what a kill after the write before it leaves.
  for (let nth = 1; nth <= 6; nth += 1)
    it(`killed after write ${nth} of 6, lets the next run finish the move`, async () => {
      let writes = 0;
      let both = false;
      const stop = stage.gitlab.model.onEvent((event) => {
        both ||= bothHold();
        if (!isWrite(event) || (writes += 1) !== nth) return;
        for (const pod of stage.cluster.pods(CHECKERS))
          if (pod.status.phase === 'Running') stage.cluster.killPod(pod.name);
      });
      const killed = await stage.run();
      assert.equal(killed.code, 137, killed.log);
      assert.equal(writes, nth);
      const next = await stage.run();
      stop();
      assert.equal(next.code, 0, next.log);
      handedOver();
      assert.ok(!both, 'both clusters held the main tag');
    });

  const bad: [string, () => Partial<Tokens>, number, RegExp][] = [
    [
      'that GitLab does not know',
      () => ({ fleet: 'glpat-nobody-knows-me' }),
      1,
      /^no round of this run was finished: own record \d+: GET \S+: 401 Unauthorized \(the token is invalid, expired or revoked: run pulumi up to renew it; .*\)$/,
    ],
    [
      'that has expired',
      () => ({ fleet: stage.token('group', ['manage_runner'], 50, '2020-01-01') }),
      1,
      /^no round of this run was finished: own record \d+: GET \S+: 401 invalid_token Token is expired\..*\(the token is invalid, expired or revoked: run pulumi up/,
    ],
    [
      'of a Maintainer, who may not edit a group’s runners',
      () => ({ fleet: stage.token('group', ['manage_runner'], 40) }),
      64,
      /^the fleet token of cluster-b may not edit runner record \d+ of cluster-[ab]: .*role Owner/,
    ],
    [
      'of a Reporter of the status project',
      () => ({ status: stage.token('project', ['api'], 20) }),
      64,
      /^the status token of cluster-b may not commit .*role Developer/,
    ],
    [
      'that is no token',
      () => ({ fleet: 'glpat-one\nglpat-two' }),
      1,
      /^no round of this run was finished: own record \d+: .*the token at \S+ contains spaces or line breaks: check the Secret$/,
    ],
  ];
  for (const [name, given, code, pattern] of bad)
    it(`fails its Job with a token ${name}, and gives the reason without the token`, async () => {
      const tokens = { ...stage.tokens, ...given() };
      await stage.apply(tokens);
      stage.forget();
      const result = await stage.run();
      await stage.apply(stage.tokens);
      assert.deepEqual([result.code, result.job], [code, 'Failed'], result.log);
      assert.match(result.said, pattern);
      assert.doesNotMatch(result.said + result.log, /glpat/);
      for (const token of Object.values(tokens)) assert.ok(!(result.said + result.log).includes(token));
      assert.deepEqual(stage.terms(), [termPath(1)]);
      assert.deepEqual(stage.tagsOf(A), ['arm64', 'rnd-runner', 'runner-a']);
    });
});
