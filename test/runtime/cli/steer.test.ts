/** `hadr` beside running checkers: it shows their state, and the checkers' own claims make the moves that it asks for. */
import assert from 'node:assert/strict';
import * as z from 'zod';
import { changeSchema } from '../../../runtime/cli/commands/change.ts';
import { drillSchema } from '../../../runtime/cli/commands/drill.ts';
import { explainSchema } from '../../../runtime/cli/commands/explain.ts';
import { historySchema } from '../../../runtime/cli/commands/history.ts';
import { moveSchema } from '../../../runtime/cli/commands/move-result.ts';
import { statusSchema } from '../../../runtime/cli/commands/status-view.ts';
import { parseControl } from '../../../runtime/core/model/control.ts';
import { parseTerm } from '../../../runtime/core/model/term.ts';
import { PROJECT } from '../../../simulation/world/gitlab.ts';
import { A, B, MINUTE, type SimulatedFleet } from '../../support/simulated-fleet.ts';
import { openTerminal, type Terminal } from '../../support/terminal.ts';

describe('hadr beside running checkers', function () {
  this.timeout(60_000);
  let terminal: Terminal;
  let fleet: SimulatedFleet;
  before(async () => {
    terminal = await openTerminal();
    fleet = terminal.fleet;
  });
  after(() => terminal?.close());

  const status = async () => {
    const { code, data } = await terminal.json('status');
    return { code, seen: statusSchema.parse(data) };
  };
  const control = () => {
    const parsed = parseControl(fleet.files.get('control.json') ?? '{"version":1}');
    assert.ok(parsed.ok);
    return parsed.value;
  };
  const byCheckers = (message: string): boolean => /^Term \d+:/.test(message);

  it('status shows the holder, each cluster and its next move, and writes nothing', async () => {
    const writes: string[] = [];
    const stop = terminal.model.onEvent((event) => {
      if (event.kind === 'request' && event.token === 'root' && event.method !== 'GET') writes.push(event.path);
    });
    const { code, seen } = await status();
    stop();
    assert.deepEqual(writes, []);
    assert.equal(code, 0);
    assert.equal(seen.health, 'ok');
    assert.deepEqual(seen.reasons, []);
    assert.equal(seen.holder?.cluster, A);
    assert.equal(seen.holder?.term, 1);
    const [a, b] = seen.clusters;
    assert.deepEqual([a?.name, a?.holder, a?.tagged, a?.preferred], [A, true, true, true]);
    assert.deepEqual([b?.name, b?.holder, b?.tagged, b?.preferred], [B, false, false, false]);
    assert.deepEqual(a?.runners, { online: 2, total: 2 });
    assert.equal(a?.lease?.fresh, true);
    assert.deepEqual(a?.next, { move: 'reconcile', why: 'this cluster holds the main tags' });
    assert.deepEqual(b?.next, { move: 'reconcile', why: 'cluster-a 2/2 is healthy' });
    assert.deepEqual(
      b?.records.map(({ tags }) => tags),
      [['runner-b']],
    );
  });

  it('status as a table marks the holder with a star, and has no colours where the terminal has none', async () => {
    const { code, out, err } = await terminal.hadr('status');
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /^rnd-runner ★ cluster-a since \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ \(.+\), term 1\n/);
    assert.match(out, /^★ {2}cluster-a \(preferred\) {2}2\/2 .* rnd-runner, runner-a$/m);
    assert.match(out, /^ok$/m);
    assert.ok(!out.includes('\x1b'));
  });

  it('status omits a record that was replaced and no longer exists', async () => {
    const text = fleet.file('terms/1.json');
    const own = `${fleet.recordId(B)}`;
    const term = z.looseObject({ records: z.record(z.string(), z.array(z.number())) }).parse(JSON.parse(text));
    const records = { ...term.records, [B]: [...(term.records[B] ?? []), 99_999] };
    const withFormer = JSON.stringify({ ...term, records });
    fleet.edit({ 'terms/1.json': withFormer });
    const { seen } = await status();
    fleet.edit({ 'terms/1.json': text });
    assert.deepEqual([seen.health, seen.clusters[1]?.records.map(({ id }) => String(id))], ['ok', [own]]);
  });

  it('status in YAML has the same data as in JSON', async () => {
    const { parse } = await import('yaml');
    const { out } = await terminal.hadr('status -o yaml');
    assert.ok(out.startsWith('---\n'));
    assert.equal(statusSchema.parse(parse(out)).holder?.cluster, A);
  });

  it('status --watch reads again until Ctrl-C', async () => {
    const interrupt = new AbortController();
    const lines: string[] = [];
    const stop = terminal.model.onEvent((event) => {
      if (event.kind !== 'request' || event.token !== 'root' || event.path !== '/runners/' + String(fleet.recordId(B)))
        return;
      lines.push(event.path);
      if (lines.length === 3) interrupt.abort();
    });
    const { code, out } = await terminal.hadr('status -w -o yaml', { interrupted: interrupt.signal });
    stop();
    assert.equal(code, 0);
    assert.ok(out.split('---\n').length - 1 >= 3);
  });

  it('pause stops moves, resume allows them again, and a second pause changes nothing', async () => {
    const paused = await terminal.json('pause --why maintenance');
    assert.deepEqual([paused.code, changeSchema.parse(paused.data).changed], [0, true]);
    assert.equal(control().paused, true);
    assert.equal(terminal.acts().filter((message) => message === 'Paused: maintenance').length, 1);
    const seen = await status();
    assert.equal(seen.code, 1);
    assert.ok(seen.seen.reasons.includes('paused: nothing moves'));
    assert.deepEqual(seen.seen.control?.commit?.title, 'Paused: maintenance');
    assert.ok(seen.seen.clusters.every(({ next }) => next.move === 'nothing' && next.why === 'paused'));
    const before = terminal.acts().length;
    const again = await terminal.json('pause');
    assert.equal(changeSchema.parse(again.data).changed, false);
    assert.equal(terminal.acts().length, before);
    await terminal.json('resume');
    assert.equal(control().paused, false);
    assert.equal((await status()).code, 0);
  });

  it('pause keeps a pin that another person sets at the same moment', async () => {
    let looks = 0;
    // The fleet is looked at, and then the file once more, on which the write depends.
    const stop = terminal.model.onEvent((event) => {
      if (event.kind !== 'request' || event.token !== 'root' || !event.path.endsWith('control.json')) return;
      looks += 1;
      if (looks === 2) fleet.edit({ 'control.json': `{"version":1,"pin":{"cluster":"${A}"}}` });
    });
    assert.equal((await terminal.hadr('pause')).code, 0);
    stop();
    assert.equal(looks, 3);
    assert.deepEqual([control().paused, control().pin], [true, { cluster: A }]);
    await terminal.hadr('resume');
    await terminal.hadr('unpin');
  });

  it('pin sets a pin that expires, and unpin removes it before', async () => {
    const { out } = await terminal.hadr(`pin --to ${A} --for 2h --why night`);
    assert.match(out, /^pinned to cluster-a until .*Z \(2 h\); it holds the main tags\n$/);
    const { pin } = control();
    const ahead = (Date.parse(pin?.until ?? '') - fleet.ms) / 1000;
    assert.ok(Math.abs(ahead - 7200) < 10, `${ahead} s`);
    assert.deepEqual((await status()).seen.control?.pin, { cluster: A, until: pin?.until });
    await terminal.hadr('unpin');
    assert.equal(control().pin, null);
    await terminal.hadr(`pin --to ${A} --for 1s`);
    await fleet.run(2);
    assert.equal((await status()).seen.control?.pin, null);
    assert.equal((await status()).code, 0);
    assert.equal(fleet.newestTerm, 1);
    await terminal.hadr('unpin');
  });

  it('switchover shows the changes of tags, asks, lets the other cluster claim, and leaves no pin', async () => {
    const asked: string[] = [];
    const before = terminal.acts();
    const { code, out, err } = await terminal.hadr(`switchover --to ${B} --why patching`, { answer: true, asked });
    assert.deepEqual(asked, ['Move rnd-runner from cluster-a to cluster-b?']);
    assert.match(err, /^ {2}cluster-a {2}record \d+ +-rnd-runner\n {2}cluster-b {2}record \d+ +\+rnd-runner\n/);
    assert.equal(code, 0);
    assert.match(
      out,
      /^cluster-b holds the main tags \(term 2\), [\d.]+ s after the request; cluster-a no longer holds them\n$/,
    );
    assert.deepEqual(fleet.holders(), [B]);
    assert.equal(control().pin, null);
    const since = terminal.acts().slice(0, -before.length);
    assert.ok(since.includes('Pinned to cluster-b for a switchover from cluster-a: patching'));
    assert.ok(since.includes('Unpinned: the switchover from cluster-a to cluster-b is over'));
    assert.equal(since.filter(byCheckers).length, 1);
  });

  it('switchover writes no tag and no term itself', async () => {
    const paths: string[] = [];
    const stop = terminal.model.onEvent((event) => {
      if (event.kind === 'request' && event.token === 'root' && event.method !== 'GET') paths.push(event.path);
      if (event.kind === 'commit' && /^(Pinned|Unpinned)/.test(event.message)) paths.push(...event.paths);
    });
    assert.equal((await terminal.hadr(`switchover --to ${A} --yes`)).code, 0);
    stop();
    const commits = `/projects/${PROJECT}/repository/commits`;
    assert.deepEqual(new Set(paths), new Set([commits, 'control.json']));
  });

  it('switchover changes nothing when the person answers no', async () => {
    const before = terminal.acts();
    const { code, err } = await terminal.hadr(`switchover --to ${B}`, { answer: false });
    assert.deepEqual([code, err.endsWith('hadr: nothing was changed\n')], [1, true]);
    assert.deepEqual(terminal.acts(), before);
  });

  it('drill moves the tags to the other cluster and back, measures both moves, and publishes the times', async () => {
    const { code, out } = await terminal.hadr(`drill --to ${B} --yes -o json`);
    assert.equal(code, 0);
    assert.deepEqual(fleet.holders(), [A]);
    const { there, back, published } = drillSchema.parse(JSON.parse(out));
    assert.equal(back.term, there.term + 1);
    assert.ok(there.seconds > 0 && back.seconds > 0);
    assert.equal(published, `drills/${there.term}.json`);
    const file: unknown = JSON.parse(fleet.file(published));
    assert.deepEqual(Object.entries(file ?? {}).slice(2), Object.entries({ by: 'root', from: A, to: B, there, back }));
    const message = `Drill: cluster-a to cluster-b in ${there.seconds} s, and back in ${back.seconds} s`;
    assert.ok(terminal.acts().includes(message));
  });

  it('history shows the terms with durations and reasons, the newest first', async () => {
    const { code, data } = await terminal.json('history --limit 3');
    assert.equal(code, 0);
    const { terms } = historySchema.parse(data);
    const newest = fleet.newestTerm;
    assert.deepEqual(
      terms.map(({ number }) => number),
      [newest, newest - 1, newest - 2],
    );
    const [first, second] = terms;
    assert.equal(first?.ground, 'pinned');
    assert.equal(first?.previous, second?.holder);
    const between = (Date.parse(first?.at ?? '') - Date.parse(second?.at ?? '')) / 1000;
    assert.equal(second?.seconds, between);
    const all = historySchema.parse((await terminal.json('history --limit 100')).data);
    assert.deepEqual([all.terms.length, all.terms.at(-1)?.ground], [newest, 'first']);
  });

  it('explain replays each term from its own evidence to the same claim', async () => {
    for (let number = 1; number <= fleet.newestTerm; number += 1) {
      const { code, data } = await terminal.json(`explain ${number}`);
      assert.equal(code, 0);
      assert.equal(explainSchema.parse(data).result, 'same');
    }
    const { out } = await terminal.hadr('explain 1');
    assert.match(out, /^term 1: cluster-a took the main tags from nobody at /);
    assert.match(out, /replayed: the same facts give the same decision/);
  });

  it('a term contains neither earlier terms nor lines that people wrote into a note', async () => {
    const sizes = Array.from({ length: fleet.newestTerm }, (_, index) => fleet.file(`terms/${index + 1}.json`).length);
    assert.ok(Math.max(...sizes) < 6000, sizes.join());
    const record = fleet.record(B);
    fleet.stopChecker(B);
    record.note = `the door code is 4711\n${record.note ?? ''}`;
    fleet.startChecker(B);
    assert.equal((await terminal.hadr(`switchover --to ${B} --yes`)).code, 0);
    const text = fleet.file(`terms/${fleet.newestTerm}.json`);
    assert.ok(!text.includes('4711') && text.includes('HADR lease:'));
    assert.ok(record.note?.includes('4711'));
    assert.equal((await terminal.json(`explain ${fleet.newestTerm}`)).code, 0);
  });

  it('explain exits with 1 when the evidence gives another decision', async () => {
    const number = fleet.newestTerm;
    const text = fleet.file(`terms/${number}.json`);
    const parsed = parseTerm(number, text);
    assert.ok(parsed.ok);
    // As if somebody had edited the evidence: the pin is gone from it.
    fleet.edit({ [`terms/${number}.json`]: text.replace(/"pin": \{[^}]*\}/, '"pin": null') });
    const { code, data } = await terminal.json(`explain ${number}`);
    fleet.edit({ [`terms/${number}.json`]: text });
    const explained = explainSchema.parse(data);
    assert.deepEqual([code, explained.result, explained.decision.kind], [1, 'differs', 'reconcile']);
  });

  it('failover --force claims for a cluster that may not claim itself, and the living checkers move the tags', async () => {
    const holder = fleet.holders()[0] ?? '';
    const to = holder === A ? B : A;
    // No runner of it is ready, so its own checker never would.
    fleet.keepOnline(to, 0);
    assert.ok(await fleet.run(2 * MINUTE, () => fleet.record(to).note?.includes('0/2 online') === true));
    const asked: string[] = [];
    const { code, err, out } = await terminal.hadr(`failover --to ${to} --force --why trust-me -o json`, {
      answer: true,
      asked,
    });
    assert.equal(code, 0, err);
    const moved = moveSchema.parse(JSON.parse(out));
    assert.deepEqual([moved.from, moved.to], [holder, to]);
    assert.match(err, /! Without --force: .* waits: /);
    assert.match(err, /! .* may not hold them by the rules \(0\/2 online, 1 needed\)/);
    assert.deepEqual(asked, [`Force rnd-runner from ${holder} to ${to} with term ${moved.term}?`]);
    const term = parseTerm(moved.term, fleet.file(`terms/${moved.term}.json`));
    assert.ok(term.ok);
    assert.deepEqual(
      [term.value.ground, term.value.reason, term.value.holder],
      ['forced', 'root forced this term: trust-me', to],
    );
    const explained = explainSchema.parse((await terminal.json(`explain ${moved.term}`)).data);
    assert.deepEqual([explained.result, explained.decision.kind], ['forced', 'reconcile']);
    fleet.keepOnline(to, 2);
  });
});
