/** Commands that the state of the fleet forbids: one sentence with the reason, and nothing is changed. */
import assert from 'node:assert/strict';
import { statusSchema } from '../../../runtime/cli/commands/status-view.ts';
import { A, B, MINUTE, type SimulatedFleet } from '../../support/simulated-fleet.ts';
import { openTerminal, type Terminal } from '../../support/terminal.ts';
import { refusesAt } from './refusal.ts';

describe('hadr refuses', function () {
  this.timeout(60_000);
  let terminal: Terminal;
  let fleet: SimulatedFleet;
  before(async () => {
    terminal = await openTerminal();
    fleet = terminal.fleet;
  });
  after(() => terminal?.close());

  const refuses = refusesAt(() => terminal);

  it('a switchover to an unhealthy cluster, and to the holder', async () => {
    fleet.keepOnline(B, 0);
    assert.ok(await fleet.run(2 * MINUTE, () => fleet.record(B).note?.includes('0/2 online') === true));
    await refuses(
      `switchover --to ${B} --yes`,
      1,
      /cluster-b cannot take the main tags: .*0\/2 online, 1 needed\. Nothing was changed/,
    );
    await refuses(`drill --to ${B} --yes`, 1, /cluster-b cannot take the main tags: .*0\/2 online, 1 needed/);
    fleet.keepOnline(B, 2);
    assert.ok(await fleet.run(2 * MINUTE, () => fleet.record(B).note?.includes('2/2 online') === true));
    await refuses(`switchover --to ${A} --yes`, 1, /cluster-a holds the main tags already/);
  });

  it('a switchover and a failover that control.json forbids', async () => {
    const forbid = async (text: string, sentence: RegExp): Promise<void> => {
      fleet.edit({ 'control.json': text });
      await refuses(`switchover --to ${B} --yes`, 1, sentence);
      await refuses(`failover --to ${B} --force --yes`, 1, sentence);
    };
    await forbid('{"version":1,"paused":true}', /the fleet is paused: no checker moves a tag; run hadr resume first/);
    await forbid('{"version":1,"retired":["cluster-b"]}', /cluster-b is retired; take it out of control\.json first/);
    await forbid(
      '{"version":1,"pin":{"cluster":"cluster-a"}}',
      /the main tags are pinned to cluster-a; run hadr unpin first/,
    );
    fleet.edit({ 'control.json': '{"version":1}' });
  });

  it('a pin to a retired cluster', async () => {
    fleet.edit({ 'control.json': '{"version":1,"retired":["cluster-b"]}' });
    await refuses(`pin --to ${B}`, 1, /cluster-b is retired and would never take the main tags/);
    fleet.edit({ 'control.json': '{"version":1}' });
  });

  it('a switchover away from a cluster without a valid lease', async () => {
    fleet.stopChecker(A);
    await fleet.run(90);
    await refuses(
      `switchover --to ${B} --yes`,
      1,
      /cluster-a has no valid lease \(expired \d+ s ago\), and a switchover needs two healthy clusters/,
    );
    fleet.startChecker(A);
    await fleet.run(2 * MINUTE);
    assert.equal(fleet.newestTerm, 1);
  });

  const invalid: readonly (readonly [string, string, RegExp])[] = [
    ['text that is not JSON', 'paused: yes', /control\.json is not JSON/],
    ['an unknown key', '{"version":1,"pasued":true}', /control\.json is not valid at ""/],
    [
      'a wrong value',
      '{"version":1,"pin":{"cluster":"cluster-b","until":"tomorrow"}}',
      /control\.json is not valid at "pin\.until"/,
    ],
    [
      'a newer version',
      '{"version":2}',
      /control\.json was written by a newer release \(version 2\); upgrade this one/,
    ],
  ];
  for (const [what, text, sentence] of invalid)
    it(`every change while control.json has ${what}`, async () => {
      fleet.edit({ 'control.json': text });
      for (const args of [
        'pause',
        'resume',
        'unpin',
        `pin --to ${B}`,
        `switchover --to ${B} --yes`,
        `failover --to ${B} --force --yes`,
        `drill --to ${B} --yes`,
      ]) {
        await refuses(args, 4, sentence);
        await refuses(args, 4, /If the file is wrong, correct it in http.* or delete it there/);
      }
      const { code, data } = await terminal.json('status');
      assert.deepEqual([code, statusSchema.parse(data).health], [4, 'unknown']);
      fleet.edit({ 'control.json': '{"version":1}' });
    });

  it('to show a term that a newer release wrote', async () => {
    const text = fleet.file('terms/1.json');
    fleet.edit({ 'terms/1.json': text.replace('"version": 1', '"version": 2') });
    await refuses('explain 1', 4, /terms\/1\.json was written by a newer release \(version 2\); upgrade this one/);
    const { code, data } = await terminal.json('status');
    assert.equal(code, 4);
    assert.match(statusSchema.parse(data).reasons.join(), /newer release \(version 2\)/);
    const history = await terminal.json('history');
    assert.match(JSON.stringify(history.data), /newer release/);
    fleet.edit({ 'terms/1.json': text });
  });

  it('to replay a term whose evidence it cannot read', async () => {
    const text = fleet.file('terms/1.json');
    const shorn: unknown = JSON.parse(text);
    fleet.edit({ 'terms/1.json': JSON.stringify({ ...Object(shorn), evidence: {} }) });
    await refuses(
      'explain 1',
      4,
      /what term 1 recorded cannot be read at "evidence\.facts": this release cannot replay it/,
    );
    fleet.edit({ 'terms/1.json': text });
  });
});
