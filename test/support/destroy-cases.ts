/** I9 on destroy, for whichever engine: one story, told in order. */
import assert from 'node:assert/strict';
import { mayClaim } from '../../lab/demo/context.ts';
import { until } from '../lab/until.ts';
import { A, B, MAIN_TAG, startStacks, type Stacks } from './stacks.ts';
import { LAB_TIMING } from '../../lab/demo/times.ts';
import { closedAfter } from './closed-after.ts';

/** A lease of the lab's times, twice: until a cluster is in touch, and takes its turn. */
const SETTLE_MS = 20_000;

interface Story {
  /** From the before hook on. */
  readonly stacks: () => Stacks;
  /** Ends the checker of a cluster. */
  readonly stopChecker: (name: string) => Promise<void>;
}

const PREFER_B = { preferred: true };

export function destroyCases(
  start: () => ReturnType<typeof startStacks>,
  /** What only one of the engines knows; told at the end, when A is the holder and alone. */
  more: (stacks: () => Stacks) => void = () => undefined,
): void {
  const opened = closedAfter();
  let stacks: Stacks;
  let mostHolders = 0;
  const checkers = new Map<string, () => Promise<void>>();
  const story: Story = { stacks: () => stacks, stopChecker: async (name) => checkers.get(name)?.() };

  before(async () => {
    stacks = opened.add(await start());
    await stacks.a.up({ preferred: false });
    await stacks.b.up(PREFER_B);
    stacks.gitlab.model.onEvent((event) => {
      if (event.kind === 'tags') mostHolders = Math.max(mostHolders, stacks.holders().length);
    });
    for (const stack of [stacks.a, stacks.b]) {
      const stop = stack.check();
      checkers.set(stack.name, stop);
      opened.onClose(stop);
    }
    await until('B holds the main tag', () => stacks.holders().join() === B, SETTLE_MS);
    await until('A may claim', () => mayClaim(stacks.a.record(), A, LAB_TIMING), SETTLE_MS);
  });

  holderIsDestroyed(story);
  lastHolderStays(story);
  it('never had two holders', () => assert.equal(mostHolders, 1));
  more(() => stacks);
}

function holderIsDestroyed({ stacks, stopChecker }: Story): void {
  it('moves no tag when an up replaces resources of the holder', async () => {
    const { changes } = await stacks().b.up({ ...PREFER_B, ownTags: ['runner-b', 'arm64'] });
    assert.deepEqual(changes.replaced, ['checker-config']);
    assert.equal(stacks().newestTerm()?.number, 1);
    assert.equal(stacks().control(), undefined);
    assert.deepEqual(stacks().holders(), [B]);
  });

  it('moves the main tag before any resource of the holder is deleted', async () => {
    const record = stacks().b.record();
    assert.ok(record);
    let before: readonly string[] | undefined;
    const stop = stacks().gitlab.model.onEvent((event) => {
      if (event.kind === 'request' && event.method === 'DELETE') before ??= stacks().holders();
    });
    await stacks().b.destroy();
    stop();
    assert.deepEqual(before, [A], 'the main tag moved before the first deletion');
    assert.deepEqual(stacks().holders(), [A]);
    assert.equal(stacks().b.record(), undefined);
    const term = stacks().newestTerm();
    assert.deepEqual([term?.number, term?.holder, term?.ground], [2, A, 'retired']);
    assert.deepEqual(stacks().control()?.destroyed, [B]);
    assert.ok(stacks().commits().includes('cluster-b leaves: its stack is about to be destroyed'));
    await stopChecker(B);
  });
}

function lastHolderStays({ stacks }: Story): void {
  it('refuses when no other cluster can take over, gives the reason and a fix, and changes nothing', async () => {
    const record = stacks().a.record();
    await assert.rejects(stacks().a.destroy({ excludeProtected: true }), (error: Error) => {
      assert.match(
        error.message,
        new RegExp(
          `cluster-a holds ${MAIN_TAG} and no other cluster can take over: cluster-b is retired\\. Nothing was`,
        ),
      );
      assert.match(
        error.message,
        /pulumi state delete --stack cluster-a '.*hand-over' && pulumi destroy --stack cluster-a --exclude-protected$/m,
      );
      return true;
    });
    assert.equal(stacks().a.record(), record);
    assert.deepEqual(stacks().holders(), [A]);
    assert.deepEqual(stacks().control()?.destroyed, [B]);
    assert.deepEqual((await stacks().a.up({ preferred: false })).changes, NOTHING);
  });

  it('rejoins the fleet when its stack is created again, without taking the tags', async () => {
    const { changes } = await stacks().b.up(PREFER_B);
    assert.ok(changes.created.includes('hand-over'));
    assert.deepEqual(stacks().control()?.destroyed, []);
    assert.deepEqual(stacks().holders(), [A]);
    assert.ok(stacks().commits().includes('cluster-b is back: its stack is created again'));
  });

  it('destroys a cluster that does not hold the main tag without waiting', async () => {
    await stacks().b.destroy();
    assert.equal(stacks().b.record(), undefined);
    assert.deepEqual(stacks().control()?.destroyed, [B]);
    assert.equal(stacks().newestTerm()?.number, 2);
  });
}

export const NOTHING = { created: [], updated: [], replaced: [], removed: [] };
