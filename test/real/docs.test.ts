/**
 * Every command of the documentation, entered as it stands there: Pulumi's CLI with the shipped program, kubectl and the
 * scanners, on real control planes whose nodes are the lab's, and on the lab's GitLab.
 */
import { blocksOf, linesOf, shellLinesOf } from '../docs/pages.ts';
import { A, B } from '../support/stacks.ts';
import type { Desk, How } from './docs/desk.ts';
import { startWorld, type Office, type World } from './docs/world.ts';

/** Enters the lines one after the other; what is not said of a line is that it ends with 0. */
async function follow(desk: Desk, lines: readonly string[], hows: Readonly<Record<string, How>> = {}): Promise<void> {
  const unused = new Set(Object.keys(hows));
  for (const line of lines) {
    unused.delete(line);
    await desk.enter(line, hows[line]);
  }
  if (unused.size > 0) throw new Error(`no such line: ${[...unused].join('; ')}`);
}

describe('the docs, followed', function () {
  this.timeout(400_000);
  let world: World;

  before(async () => {
    world = await startWorld();
  });
  after(() => world?.close());

  describe('docs/quickstart.md', () => {
    let office: Office;
    const [install = '', config = '', look = '', up = '', see = '', drill = ''] = blocksOf('docs/quickstart.md', 'sh');

    before(async () => {
      office = await world.open('quickstart');
    });

    it('says what one has', async () => {
      const { desk, gitlab, layLab } = office;
      await follow(desk, linesOf(install));
      const token = { types: gitlab.adminToken };
      const secret = 'pulumi config set --stack cluster-a --secret gitlabToken';
      await follow(desk, linesOf(config), { [secret]: token });
      // "change in both what is yours"
      for (const line of linesOf(config))
        await desk.enter(line.replaceAll(A, B).replace('runner-a', 'runner-b'), line === secret ? token : {});
      await layLab();
    });

    it('looks before it leaps', () => follow(office.desk, linesOf(look)));

    it('goes up', () => follow(office.desk, linesOf(up)));

    it('sees it work', async () => {
      const [status = '', doctor = ''] = linesOf(see);
      await office.desk.await(status, /★ {2}cluster-a/);
      await office.desk.enter(doctor);
      await office.desk.enter(linesOf(drill)[0] ?? '', { terminal: true, types: 'y\n' });
    });
  });
});
void shellLinesOf;
