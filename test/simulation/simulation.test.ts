import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GUARDS } from '../../simulation/guards/guards.ts';
import { mutate } from '../../simulation/guards/mutant.ts';
import { runEpisode } from '../../simulation/episode.ts';
import { planOf, type Plan } from '../../simulation/plan.ts';
import { contactRule } from '../../simulation/rules/contact-rule.ts';
import { RULES } from '../../simulation/rules/rules.ts';
import { namedPlan } from '../../simulation/seeds.ts';
import { VirtualTime } from '../../simulation/virtual-time.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('the simulation', () => {
  it('gives the same trace for the same seed, byte for byte, and another for another seed', async () => {
    const once = await runEpisode(planOf('test.1', 3));
    const again = await runEpisode(planOf('test.1', 3));
    assert.equal(once.hash, again.hash);
    assert.deepEqual(once.trace, again.trace);
    assert.notEqual(once.hash, (await runEpisode(planOf('test.2', 3))).hash);
  });

  it('finds no violation in twelve episodes in which tags move', async () => {
    let moves = 0;
    for (let index = 0; index < 12; index += 1) {
      const result = await runEpisode(planOf(`test.${index}`, 2 + (index % 3)));
      assert.deepEqual(result.violations, [], `episode test.${index}`);
      moves += result.moves.filter(({ ground }) => ground !== 'first').length;
    }
    assert.ok(moves >= 5, `${moves} moves`);
  });

  it('replays an episode with some of its faults only', () => {
    const { faults } = planOf('test.1', 2);
    assert.deepEqual(namedPlan('test.1', 2, [1]).faults, [faults[1]]);
  });

  it('runs events in the order of their times, and of their creation at equal times', async () => {
    const time = new VirtualTime();
    const seen: string[] = [];
    for (const at of [30, 10, 20, 10]) time.at(at, () => seen.push(`${at}#${seen.length}`));
    time.at(15, () => time.settle(() => void Promise.resolve().then(() => seen.push('noticed'))));
    await time.run(25);
    assert.deepEqual(seen, ['10#0', '10#1', 'noticed', '20#3']);
    assert.equal(time.now, 25);
  });
});

describe('the rules that the simulation compares with ours', () => {
  it('moves the tag away from idle runners with the rule of the last contact, and not with ours', async () => {
    // GitLab hears the other cluster's runners, for they work a while for its own tag, and hides the contact of the holder's.
    const idle: Plan = {
      ...namedPlan('test.0', 2, []),
      faults: [{ name: 'cluster full, checker pending', at: 700, seconds: 900, cluster: 1, amount: 0.5 }],
    };
    const believing = await runEpisode(idle, { program: contactRule(300) });
    assert.ok(believing.outcome.falseMoves > 0, `${believing.outcome.moves} moves`);
    const ours = await runEpisode(idle);
    assert.equal(ours.outcome.moves, 0);
  });

  it('leaves the tag with a dead cluster with the rule of the status of GitLab, and not with ours', async () => {
    const dies: Plan = {
      ...namedPlan('test.0', 2, []),
      faults: [{ name: 'cluster dies', at: 600, seconds: 900, cluster: 'holder', amount: 0.5 }],
    };
    const believing = await runEpisode(dies, { program: contactRule(7200) });
    assert.ok(Math.max(...believing.outcome.without) > 800, `${believing.outcome.without.join()} s`);
    const ours = await runEpisode(dies);
    assert.ok(Math.max(...ours.outcome.without) <= ours.promisedSeconds, `${ours.outcome.without.join()} s`);
    assert.deepEqual([ours.outcome.moves, ours.outcome.falseMoves], [1, 0]);
  });
});

const texts = [...GUARDS, ...RULES.filter(({ edits }) => edits.length > 0)];

describe('the guards of the protocol', () => {
  for (const { name, edits } of texts)
    it(`${name}: exists in the source where its removal expects it`, async () => {
      for (const file of new Set(edits.map((edit) => edit.file))) {
        const text = await readFile(join(ROOT, file), 'utf8');
        const mutated = mutate(
          file,
          text,
          edits.filter((edit) => edit.file === file),
        );
        assert.notEqual(mutated, text);
      }
    });
});
