/** Calls to GitLab that are lost, and commands that a person interrupts. */
import assert from 'node:assert/strict';
import { A, B, MINUTE, type SimulatedFleet } from '../../support/simulated-fleet.ts';
import { openTerminal, type Terminal } from '../../support/terminal.ts';
import { refusesAt } from './refusal.ts';

describe('hadr whose calls are lost', function () {
  this.timeout(60_000);
  let terminal: Terminal;
  let fleet: SimulatedFleet;
  before(async () => {
    terminal = await openTerminal();
    fleet = terminal.fleet;
  });
  after(() => terminal?.close());

  const refuses = refusesAt(() => terminal);

  it('says that the pin may remain until it expires when GitLab stops answering during a switchover', async () => {
    // The pin is committed; then GitLab answers this person no more.
    const stop = terminal.model.onEvent((event) => {
      if (event.kind === 'commit' && event.message.startsWith('Pinned'))
        terminal.model.faults.add({ kind: 'down', token: 'root' });
    });
    const terms = fleet.newestTerm;
    const { code, err, out } = await terminal.hadr(`switchover --to ${B} --yes`);
    stop();
    terminal.model.faults.clear();
    assert.deepEqual([code, out], [4, '']);
    assert.match(
      err,
      /the switchover did not finish in time: .*; the pin to cluster-b may remain until .*Z and then expires\. See hadr status\./,
    );
    // The checkers made the move without the command.
    assert.ok(await fleet.run(2 * MINUTE, () => fleet.holders().join() === B));
    assert.equal(fleet.newestTerm, terms + 1);
    assert.equal((await terminal.hadr('unpin')).code, 0);
  });

  it('makes a change once when the answer to it is lost', async () => {
    terminal.model.faults.add({ kind: 'timeout-after', method: 'POST', token: 'root', times: 1 });
    const { code, out } = await terminal.hadr('pause');
    terminal.model.faults.clear();
    assert.deepEqual([code, out], [0, 'paused: nothing moves until hadr resume\n']);
    assert.equal(terminal.acts().filter((message) => message === 'Paused').length, 1);
    await terminal.hadr('resume');
  });

  it('names the call that failed when GitLab is down', async () => {
    terminal.model.faults.add({ kind: 'down', token: 'root' });
    await refuses('status', 4, /the status project .* cannot be read: GET .*; nothing was changed/);
    terminal.model.faults.clear();
  });

  it('removes the pin when a person interrupts a switchover', async () => {
    const [holder] = fleet.holders();
    const to = holder === A ? B : A;
    const interrupt = new AbortController();
    const stop = terminal.model.onEvent((event) => {
      if (event.kind !== 'commit' || !event.message.startsWith('Pinned')) return;
      // Its checker is too slow to claim before the person gives up.
      terminal.model.faults.add({ kind: 'error-500', token: to });
      interrupt.abort();
    });
    const { code, err } = await terminal.hadr(`switchover --to ${to} --yes`, { interrupted: interrupt.signal });
    stop();
    assert.equal(code, 1, err);
    assert.match(err, /you interrupted the wait: .*; the pin was removed/);
    terminal.model.faults.clear();
    assert.match(fleet.file('control.json'), /"pin": null/);
    assert.deepEqual(fleet.holders(), [holder]);
  });
});
