/** The status project's branch is protected on both editions of GitLab, whose providers refuse each other's arguments. */
import assert from 'node:assert/strict';
import { startGitLab, type GitLabServer } from '../../../lab/gitlab/server.ts';
import { labEngine } from '../../../lab/pulumi/engines.ts';
import { GitLabLabProvider } from '../../../lab/pulumi/gitlab-provider.ts';
import { A, B, startStacks } from '../../support/stacks.ts';

const BRANCH_PROTECTION = 'gitlab:index/branchProtection:BranchProtection';
const LEVELS = { developer: 30, maintainer: 40 } as const;
const LISTS = { allowedToPushes: [{ accessLevel: 'developer' }], allowedToMerges: [{ accessLevel: 'developer' }] };

function ruleOf(gitlab: GitLabServer) {
  const project = [...gitlab.model.access.projects.values()].find(({ path }) => path.endsWith('/runner-status'));
  return project?.protectedBranches.get('main');
}

for (const edition of ['CE', 'EE'] as const)
  describe(`the stacks on GitLab ${edition}`, function () {
    this.timeout(60_000);

    for (const role of ['developer', 'maintainer'] as const)
      it(`protect the branch for the role ${role}, change nothing in a second up, and let the status token commit`, async () => {
        const stacks = await startStacks(labEngine, { edition });
        try {
          const statusProject = { path: 'platform/runner-status', pushRole: role };
          await stacks.a.up({ statusProject });
          await stacks.b.up({ statusProject });
          const level = LEVELS[role];
          assert.deepEqual(ruleOf(stacks.gitlab), { allowForcePush: false, pushLevel: level, mergeLevel: level });
          const { changes } = await stacks.a.up({ statusProject });
          assert.deepEqual(changes, { created: [], updated: [], replaced: [], removed: [] });
          for (const name of [A, B])
            assert.ok(
              [...stacks.gitlab.model.access.tokens.values()].some(
                (token) => token.name === `hadr-${name}-status` && token.accessLevel === level,
              ),
            );
        } finally {
          await stacks.close();
        }
      });

    it('are refused by the provider’s plan with the arguments of the other edition, before anything is made', async () => {
      const gitlab = await startGitLab({ longPollMs: 0, edition });
      try {
        const provider = new GitLabLabProvider({ url: gitlab.url, token: gitlab.adminToken });
        const inputs = { project: String(gitlab.projectId), branch: 'main', allowForcePush: false };
        const wrong = edition === 'EE' ? { pushAccessLevel: 'developer', mergeAccessLevel: 'developer' } : LISTS;
        const right = edition === 'EE' ? LISTS : { pushAccessLevel: 'developer', mergeAccessLevel: 'developer' };
        await provider.check(BRANCH_PROTECTION, { ...inputs, ...right });
        await assert.rejects(provider.check(BRANCH_PROTECTION, { ...inputs, ...wrong }), /feature unavailable/);
      } finally {
        await gitlab.close();
      }
    });
  });
