import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { destroyCases } from '../support/destroy-cases.ts';
import { shipped } from '../support/stacks.ts';
import { underRealEngine } from './underlay.ts';

const HAND_OVER = 'urn:pulumi:cluster-a::gitlab-runner-hadr::hadr:index:HandOver::hand-over';

describe('destroying a stack, under the real engine', function () {
  this.timeout(120_000);
  const { engines, secrets, start } = underRealEngine();

  destroyCases(start, (stacks) => {
    afterEach(() => secrets.learn(stacks()));

    const stackA = async () => engines[0]!.stack(await stacks().a.config({ preferred: false }), shipped);

    /** The commits without those of the page, which may come at any time. */
    const acts = () =>
      stacks()
        .commits()
        .filter((message) => !message.startsWith('Page: '));

    it('moves no tag when the hand-over itself is replaced', async () => {
      const before = acts();
      const { summary } = await (await stackA()).up({ replace: [HAND_OVER] });
      assert.deepEqual(summary.resourceChanges, { replace: 1, same: 34 });
      assert.deepEqual(acts(), before);
    });

    it('refuses without --run-program', async () => {
      await assert.rejects(
        (await stackA()).destroy({ runProgram: false }),
        /You must run with the `--run-program` flag/,
      );
      assert.ok(stacks().a.record());
    });

    it('refuses before the hand-over when the status project is protected', async () => {
      const before = acts();
      await assert.rejects(
        (await stackA()).destroy({ runProgram: true, previewOnly: true }),
        /because it is protected/,
      );
      assert.deepEqual(acts(), before);
    });

    it('destroys the last cluster with its main tag by the commands of the refusal', async () => {
      const { folder, environment } = engines[0]!;
      const cwd = join(folder, 'project');
      const env = { ...process.env, ...environment };
      const args = ['state', 'delete', '--stack', 'cluster-a', '--yes', HAND_OVER];
      await promisify(execFile)(join(folder, 'bin', 'pulumi'), args, { cwd, env });
      await (await stackA()).destroy({ runProgram: false, excludeProtected: true });
      assert.equal(stacks().a.record(), undefined);
      const project = [...stacks().gitlab.model.access.projects.values()].find(({ path }) => /status/.test(path));
      assert.deepEqual(project && [...project.protectedBranches.keys()], ['main']);
    });

    it('showed no secret', () =>
      secrets.assertHidden(engines, 12, [
        'cluster-b hands rnd-runner over to cluster-a',
        'no other cluster can take over',
      ]));
  });
});
