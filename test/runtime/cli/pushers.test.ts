/** Who may push to the status project's branch, as doctor counts them. */
import assert from 'node:assert/strict';
import { pushersFinding } from '../../../runtime/cli/doctor/pushers.ts';
import { unknown, type Read } from '../../../runtime/core/model/read.ts';
import type { ProjectMember } from '../../../runtime/ports.ts';
import { inquiryOf } from '../../../runtime/adapters/gitlab/inquiry.ts';
import { connectGitLab } from '../../../runtime/adapters/gitlab/connect.ts';
import { startLab } from '../../lab/gitlab/client.ts';

const found = <T>(value: T): Read<T> => ({ kind: 'found', value, at: 1 });
const member = (username: string, level: number): ProjectMember => ({ username, level });
const FLEET = [member('project_7_bot_a', 30), member('project_7_bot_b', 30), member('boss', 50)];

describe('doctor counts who may push', () => {
  it('is content with the tokens of the fleet, and those who may change the protection in any case', () => {
    const finding = pushersFinding(found(30), found(FLEET), 2);
    assert.equal(finding.level, 'ok');
    assert.equal(
      finding.found,
      '2 tokens of the project (the fleet has 2 clusters), 1 Maintainer or Owner, 0 Developers',
    );
  });

  it('warns of Developers, whom GitLab inherits from the group, and names some of them', () => {
    const people = Array.from({ length: 7 }, (_, index) => member(`dev-${index}`, 30));
    const finding = pushersFinding(found(30), found([...FLEET, ...people, member('guest', 20)]), 2);
    assert.equal(finding.level, 'note');
    assert.match(finding.found, /7 Developers: dev-0, dev-1, dev-2, dev-3, dev-4, and 2 more$/);
    assert.match(finding.fix ?? '', /group of its own without Developers.*pushRole: maintainer/);
  });

  it('does not count Developers where only Maintainers may push, nor anybody where no role may', () => {
    const members = found([...FLEET, member('dev', 30)]);
    assert.equal(pushersFinding(found(40), members, 2).level, 'ok');
    assert.equal(pushersFinding(found(undefined), members, 2).level, 'ok');
  });

  it('warns of more tokens than two for each cluster, and counts those of groups apart', () => {
    const tokens = [1, 2, 3].map((index) => member(`project_7_bot_${index}`, 30));
    const finding = pushersFinding(found(30), found([...FLEET, ...tokens, member('group_1_bot_x', 50)]), 2);
    assert.equal(finding.level, 'note');
    assert.match(finding.found, /^5 tokens of the project .*, 1 token of groups, if of scope api/);
    assert.match(finding.fix ?? '', /revoke/);
  });

  it('does not know it where the protection or the members cannot be read', () => {
    assert.equal(pushersFinding(unknown('503'), found(FLEET), 2).level, 'unknown');
    assert.equal(pushersFinding(found(30), unknown('403'), 2).level, 'unknown');
  });

  it('from GitLab: members of the group count, page by page, and an empty repository says so', async () => {
    const lab = await startLab();
    try {
      const { access } = lab.gitlab.model;
      const project = access.addProject(lab.gitlab.groupId, 'status', 'status');
      project.protectedBranches.set('main', { allowForcePush: false, pushLevel: 30, mergeLevel: 40 });
      for (let count = 0; count < 120; count += 1)
        access.setMember('group', lab.gitlab.groupId, access.addUser(`dev-${count}`).id, 30);
      const connection = connectGitLab({
        url: lab.gitlab.url,
        token: async () => lab.gitlab.adminToken,
        requestSeconds: 5,
        clock: { now: () => performance.now(), sleep: async () => undefined },
      });
      const inquiry = inquiryOf(connection.resource);
      const [view, level, members] = await Promise.all([
        inquiry.project(project.id),
        inquiry.pushLevel(project.id, 'main'),
        inquiry.members(project.id),
      ]);
      assert.equal(view.kind === 'found' && view.value.isEmpty, true);
      assert.equal(level.kind === 'found' && level.value, 30);
      assert.ok(members.kind === 'found');
      assert.equal(members.value.filter(({ username }) => username.startsWith('dev-')).length, 120);
      connection.close();
    } finally {
      await lab.gitlab.close();
    }
  });
});
