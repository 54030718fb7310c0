/** The managing stack under the real engine, on the Enterprise Edition: the other tests here have the Community Edition. */
import assert from 'node:assert/strict';
import { NOTHING } from '../support/destroy-cases.ts';
import type { Stacks } from '../support/stacks.ts';
import { underRealEngine } from './underlay.ts';
import { closedAfter } from '../support/closed-after.ts';

describe('the managing stack on the Enterprise Edition, under the real engine', function () {
  this.timeout(60_000);
  const opened = closedAfter();
  let stacks: Stacks;
  const { start } = underRealEngine();

  before(async () => {
    stacks = opened.add(await start({ edition: 'EE' }));
  });

  it('protects the branch with lists of roles, and finds nothing to change afterwards', async () => {
    await stacks.a.up();
    const project = [...stacks.gitlab.model.access.projects.values()].find(({ path }) =>
      path.endsWith('/runner-status'),
    );
    const rule = project?.protectedBranches.get('main');
    assert.deepEqual(rule, { allowForcePush: false, pushLevel: 30, mergeLevel: 30 });
    assert.deepEqual((await stacks.a.up()).changes, NOTHING);
  });
});
