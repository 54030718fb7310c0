/** Notifications: each term once. */
import assert from 'node:assert/strict';
import { FORCED } from '../../../runtime/core/decision/decision-record.ts';
import { unknown } from '../../../runtime/core/model/read.ts';
import { termPath } from '../../../runtime/core/model/term.ts';
import { A, B, C, HOUR, MINUTE, settledFleet, type SimulatedFleet } from '../../support/simulated-fleet.ts';

const STATUS = 'https://gitlab.example.com/projects/1';

const moves = (fleet: SimulatedFleet): string[] =>
  fleet.messages.filter((text) => text.includes('holds the main tags'));
const failures = (fleet: SimulatedFleet): string[] =>
  fleet.warnings.filter(({ event }) => event === 'notification-failed').map(({ cluster }) => cluster);

describe('a notification of a term', () => {
  it('names the holder, the one before, the reason and the status project, and is sent once', async () => {
    const fleet = await settledFleet();
    assert.deepEqual(fleet.messages, [
      `rnd-runner: cluster-a holds the main tags, taken from \`nobody\` (term 1, \`first: no cluster has held the main tags yet\`). ${STATUS}`,
    ]);
    fleet.kill(A);
    await fleet.run(15 * MINUTE);
    assert.equal(fleet.messages.length, 2);
    assert.match(
      fleet.messages[1] ?? '',
      /^rnd-runner: cluster-b holds the main tags, taken from `cluster-a` \(term 2, `silent: /,
    );
  });

  it('is not sent by the cluster that lost the race for the term', async () => {
    const fleet = await settledFleet({ clusters: 3 });
    fleet.kill(A);
    // The others claim in the same moment: what the one creates, the other finds.
    let isTaken = false;
    fleet.beforeCall = (cluster, call) => {
      if (call !== 'create terms/2.json' || isTaken || cluster !== B) return;
      isTaken = true;
      const theirs = { ...JSON.parse(fleet.file('terms/1.json')), number: 2, holder: C };
      fleet.edit({ 'terms/2.json': JSON.stringify(theirs) });
    };
    assert.ok(await fleet.run(10 * MINUTE, () => isTaken));
    assert.equal(fleet.messages.length, 1);
    await fleet.run(10 * MINUTE);
    assert.deepEqual(fleet.holders(), [C]);
    assert.equal(fleet.messages.length, 2);
  });

  it('that a person forced comes from the checker of its holder, once, after the tags have moved', async () => {
    const fleet = await settledFleet({ clusters: 3 });
    let holders: string[] = [];
    fleet.webhook = async () => {
      holders = fleet.holders();
      return { kind: 'sent' };
    };
    const first = JSON.parse(fleet.file('terms/1.json'));
    const forced = { ...first, number: 2, holder: B, previous: A, ground: FORCED, reason: 'root forced it' };
    fleet.edit({ [termPath(2)]: JSON.stringify(forced) });
    await fleet.run(15 * MINUTE);
    assert.deepEqual(holders, [B]);
    assert.deepEqual(moves(fleet).slice(1), [
      `rnd-runner: cluster-b holds the main tags, taken from \`cluster-a\` (term 2, \`forced: root forced it\`). ${STATUS}`,
    ]);
  });

  it('comes from the next run where the checker that claimed was killed before it could notify', async () => {
    const fleet = await settledFleet();
    fleet.kill(A);
    let isKilled = false;
    fleet.beforeCall = (_cluster, call) => {
      if (isKilled || fleet.newestTerm !== 2 || !call.startsWith('write')) return undefined;
      isKilled = true;
      return 'kill';
    };
    await fleet.run(15 * MINUTE);
    assert.deepEqual([isKilled, moves(fleet).length, fleet.holders()], [true, 2, [B]]);
    assert.match(moves(fleet)[1] ?? '', /\(term 2, `silent: /);
  });

  it('is not repeated when the note of a record and its lease are written anew', async () => {
    const fleet = await settledFleet();
    fleet.record(A).note = '';
    await fleet.run(15 * MINUTE);
    assert.equal(moves(fleet).length, 1);
  });

  it('is not repeated when it fails: the log has a warning instead', async () => {
    const fleet = await settledFleet();
    fleet.webhook = async () => unknown('the webhook answers 500');
    fleet.kill(A);
    assert.ok(await fleet.run(HOUR, () => fleet.holders().join() === B));
    await fleet.run(15 * MINUTE);
    assert.equal(fleet.messages.length, 2);
    assert.deepEqual(failures(fleet), [B]);
  });

  it('is sent after the tags have moved', async () => {
    const fleet = await settledFleet();
    let holders: string[] = [];
    fleet.webhook = async () => {
      holders = fleet.holders();
      return { kind: 'sent' };
    };
    fleet.kill(A);
    assert.ok(await fleet.run(HOUR, () => fleet.messages.length === 2));
    assert.deepEqual(holders, [B]);
  });

  it('is not sent when the time of the round is spent', async () => {
    const fleet = await settledFleet();
    fleet.kill(A);
    const budgetMs = fleet.config().timing.budgetSeconds * 1000;
    fleet.beforeCall = (cluster, call) => {
      if (call.startsWith('create terms/'))
        fleet.cluster(cluster).checkers.forEach((checker) => checker.freeze(budgetMs));
    };
    assert.ok(await fleet.run(HOUR, () => failures(fleet).length > 0));
    assert.equal(fleet.newestTerm, 2);
    assert.equal(fleet.messages.length, 1);
  });
});
