/** `hadr` beside living checkers: what it shows is so, and what it is asked for comes about by the checkers' own claims. */
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
import { until } from '../../lab/until.ts';
import { A, B, Fleet, startFleet } from './fleet.ts';

describe('hadr beside living checkers', function () {
  this.timeout(60_000);
  let fleet: Fleet;
  before(async () => void (fleet = await startFleet()));
  after(() => fleet.close());

  const status = async () => {
    const { code, data } = await fleet.json('status');
    return { code, seen: statusSchema.parse(data) };
  };
  const control = () => {
    const parsed = parseControl(fleet.file('control.json') ?? '{"version":1}');
    assert.ok(parsed.ok);
    return parsed.value;
  };
  const byCheckers = (message: string): boolean => /^Term \d+:/.test(message);

  it('status shows who holds, how each cluster is and what comes next, and touches nothing', async () => {
    const writes: string[] = [];
    const stop = fleet.gitlab.model.onEvent((event) => {
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

  it('status for people has a star at the holder and no colours where none are wanted', async () => {
    const { code, out, err } = await fleet.hadr('status');
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /^rnd-runner ★ cluster-a since \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ \(.+\), term 1\n/);
    assert.match(out, /^★ {2}cluster-a \(preferred\) {2}2\/2 .* rnd-runner, runner-a$/m);
    assert.match(out, /^ok$/m);
    assert.ok(!out.includes('\x1b'));
  });

  it('status no longer shows a record that was replaced and is gone', async () => {
    const text = fleet.file('terms/1.json') ?? '';
    const own = `${fleet.cluster(B).record}`;
    const term = z.looseObject({ records: z.record(z.string(), z.array(z.number())) }).parse(JSON.parse(text));
    const records = { ...term.records, [B]: [...(term.records[B] ?? []), 99_999] };
    const withFormer = JSON.stringify({ ...term, records });
    fleet.commit('terms/1.json', withFormer);
    const { seen } = await status();
    fleet.commit('terms/1.json', text);
    assert.deepEqual([seen.health, seen.clusters[1]?.records.map(({ id }) => String(id))], ['ok', [own]]);
  });

  it('status in YAML is the same data', async () => {
    const { parse } = await import('yaml');
    const { out } = await fleet.hadr('status -o yaml');
    assert.ok(out.startsWith('---\n'));
    assert.equal(statusSchema.parse(parse(out)).holder?.cluster, A);
  });

  it('status --watch looks again until Ctrl-C', async () => {
    const interrupt = new AbortController();
    const lines: string[] = [];
    const stop = fleet.gitlab.model.onEvent((event) => {
      if (
        event.kind !== 'request' ||
        event.token !== 'root' ||
        event.path !== '/runners/' + String(fleet.cluster(B).record)
      )
        return;
      lines.push(event.path);
      if (lines.length === 3) interrupt.abort();
    });
    const { code, out } = await fleet.hadr('status -w -o yaml', { interrupted: interrupt.signal });
    stop();
    assert.equal(code, 0);
    assert.ok(out.split('---\n').length - 1 >= 3);
  });

  it('pause stops moves and resume lets them go on; doing it again changes nothing', async () => {
    const paused = await fleet.json('pause --why maintenance');
    assert.deepEqual([paused.code, changeSchema.parse(paused.data).changed], [0, true]);
    assert.equal(control().paused, true);
    assert.equal(fleet.acts().filter((message) => message === 'Paused: maintenance').length, 1);
    const seen = await status();
    assert.equal(seen.code, 1);
    assert.ok(seen.seen.reasons.includes('paused: nothing moves'));
    assert.deepEqual(seen.seen.control?.commit?.title, 'Paused: maintenance');
    assert.ok(seen.seen.clusters.every(({ next }) => next.move === 'nothing' && next.why === 'paused'));
    const before = fleet.acts().length;
    const again = await fleet.json('pause');
    assert.equal(changeSchema.parse(again.data).changed, false);
    assert.equal(fleet.acts().length, before);
    await fleet.json('resume');
    assert.equal(control().paused, false);
    assert.equal((await status()).code, 0);
  });

  it('two who ask at the same moment both get what they asked for', async () => {
    let looks = 0;
    // The fleet is looked at, and then the file once more, on which the write depends.
    const stop = fleet.gitlab.model.onEvent((event) => {
      if (event.kind !== 'request' || event.token !== 'root' || !event.path.endsWith('control.json')) return;
      looks += 1;
      if (looks === 2) fleet.commit('control.json', `{"version":1,"pin":{"cluster":"${A}"}}`);
    });
    assert.equal((await fleet.hadr('pause')).code, 0);
    stop();
    assert.equal(looks, 3);
    assert.deepEqual([control().paused, control().pin], [true, { cluster: A }]);
    await fleet.hadr('resume');
    await fleet.hadr('unpin');
  });

  it('a pin sends the tags there and ends by itself; unpin ends it before', async () => {
    const { out } = await fleet.hadr(`pin --to ${A} --for 2h --why night`);
    assert.match(out, /^pinned to cluster-a until .*Z \(2 h\); it holds the main tags\n$/);
    const { pin } = control();
    const ahead = (Date.parse(pin?.until ?? '') - Date.now()) / 1000;
    assert.ok(Math.abs(ahead - 7200) < 10, `${ahead} s`);
    assert.deepEqual((await status()).seen.control?.pin, { cluster: A, until: pin?.until });
    await fleet.hadr('unpin');
    assert.equal(control().pin, null);
    await fleet.hadr(`pin --to ${A} --for 1s`);
    await until('the pin is over', async () => (await status()).seen.control?.pin === null);
    assert.equal((await status()).code, 0);
    assert.equal(fleet.terms(), 1);
    await fleet.hadr('unpin');
  });

  it('switchover shows the tag diff, asks, lets the other cluster claim, and leaves no pin', async () => {
    const asked: string[] = [];
    const before = fleet.acts();
    const { code, out, err } = await fleet.hadr(`switchover --to ${B} --why patching`, { answer: true, asked });
    assert.deepEqual(asked, ['Move rnd-runner from cluster-a to cluster-b?']);
    assert.match(err, /^ {2}cluster-a {2}record \d+ +-rnd-runner\n {2}cluster-b {2}record \d+ +\+rnd-runner\n/);
    assert.equal(code, 0);
    assert.match(
      out,
      /^cluster-b holds the main tags \(term 2\), [\d.]+ s after the request; cluster-a no longer holds them\n$/,
    );
    assert.deepEqual(fleet.holders(), [B]);
    assert.equal(control().pin, null);
    const since = fleet.acts().slice(0, -before.length);
    assert.ok(since.includes('Pinned to cluster-b for a switchover from cluster-a: patching'));
    assert.ok(since.includes('Unpinned: the switchover from cluster-a to cluster-b is over'));
    assert.equal(since.filter(byCheckers).length, 1);
  });

  it('writes no tag and no term itself', async () => {
    const paths: string[] = [];
    const stop = fleet.gitlab.model.onEvent((event) => {
      if (event.kind === 'request' && event.token === 'root' && event.method !== 'GET') paths.push(event.path);
      if (event.kind === 'commit' && /^(Pinned|Unpinned)/.test(event.message)) paths.push(...event.paths);
    });
    assert.equal((await fleet.hadr(`switchover --to ${A} --yes`)).code, 0);
    stop();
    const commits = `/projects/${fleet.project}/repository/commits`;
    assert.deepEqual(new Set(paths), new Set([commits, 'control.json']));
  });

  it('a no changes nothing', async () => {
    const before = fleet.acts();
    const { code, err } = await fleet.hadr(`switchover --to ${B}`, { answer: false });
    assert.deepEqual([code, err.endsWith('hadr: nothing was changed\n')], [1, true]);
    assert.deepEqual(fleet.acts(), before);
  });

  it('drill goes there and back, measures, and publishes what it measured', async () => {
    const { code, out } = await fleet.hadr(`drill --to ${B} --yes -o json`);
    assert.equal(code, 0);
    assert.deepEqual(fleet.holders(), [A]);
    const { there, back, published } = drillSchema.parse(JSON.parse(out));
    assert.equal(back.term, there.term + 1);
    assert.ok(there.seconds > 0 && back.seconds > 0);
    assert.equal(published, `drills/${there.term}.json`);
    const file: unknown = JSON.parse(fleet.file(published) ?? '');
    assert.deepEqual(Object.entries(file ?? {}).slice(2), Object.entries({ by: 'root', from: A, to: B, there, back }));
    const message = `Drill: cluster-a to cluster-b in ${there.seconds} s, and back in ${back.seconds} s`;
    assert.ok(fleet.acts().includes(message));
  });

  it('history shows the terms with their durations and reasons, the newest first', async () => {
    const { code, data } = await fleet.json('history --limit 3');
    assert.equal(code, 0);
    const { terms } = historySchema.parse(data);
    const newest = fleet.terms();
    assert.deepEqual(
      terms.map(({ number }) => number),
      [newest, newest - 1, newest - 2],
    );
    const [first, second] = terms;
    assert.equal(first?.ground, 'pinned');
    assert.equal(first?.previous, second?.holder);
    const between = (Date.parse(first?.at ?? '') - Date.parse(second?.at ?? '')) / 1000;
    assert.equal(second?.seconds, between);
    const all = historySchema.parse((await fleet.json('history --limit 100')).data);
    assert.deepEqual([all.terms.length, all.terms.at(-1)?.ground], [newest, 'first']);
  });

  it('explain replays each term to the same claim, offline from what it recorded', async () => {
    for (let number = 1; number <= fleet.terms(); number += 1) {
      const { code, data } = await fleet.json(`explain ${number}`);
      assert.equal(code, 0);
      assert.equal(explainSchema.parse(data).result, 'same');
    }
    const { out } = await fleet.hadr('explain 1');
    assert.match(out, /^term 1: cluster-a took the main tags from nobody at /);
    assert.match(out, /replayed: the same facts give the same decision/);
  });

  it('a term holds nothing of the terms before it, and nothing of what people wrote into a note', async () => {
    const sizes = Array.from(
      { length: fleet.terms() },
      (_, index) => (fleet.file(`terms/${index + 1}.json`) ?? '').length,
    );
    assert.ok(Math.max(...sizes) < 6000, sizes.join());
    const record = fleet.record(B);
    // Between two rounds: a stamp that was on its way would write the note without the line.
    await fleet.stop(B);
    record.note = `the door code is 4711\n${record.note ?? ''}`;
    fleet.start(B);
    assert.equal((await fleet.hadr(`switchover --to ${B} --yes`)).code, 0);
    const text = fleet.file(`terms/${fleet.terms()}.json`) ?? '';
    assert.ok(!text.includes('4711') && text.includes('HADR lease:'));
    assert.ok(record.note?.includes('4711'));
    assert.equal((await fleet.json(`explain ${fleet.terms()}`)).code, 0);
  });

  it('explain says so where the facts give another decision', async () => {
    const number = fleet.terms();
    const text = fleet.file(`terms/${number}.json`) ?? '';
    const parsed = parseTerm(number, text);
    assert.ok(parsed.ok);
    // As if somebody had edited the evidence: the pin is gone from it.
    fleet.commit(`terms/${number}.json`, text.replace(/"pin": \{[^}]*\}/, '"pin": null'));
    const { code, data } = await fleet.json(`explain ${number}`);
    fleet.commit(`terms/${number}.json`, text);
    const explained = explainSchema.parse(data);
    assert.deepEqual([code, explained.result, explained.decision.kind], [1, 'differs', 'reconcile']);
  });

  it('failover --force claims for a cluster that may not claim itself, and the living checkers make the tags follow', async () => {
    const holder = fleet.holders()[0] ?? '';
    const to = holder === A ? B : A;
    // No runner of it is ready, so its own checker never would.
    fleet.cluster(to).ready = 0;
    await until('its lease says so', () => fleet.record(to).note?.includes('0/2 online'));
    const asked: string[] = [];
    const { code, err, out } = await fleet.hadr(`failover --to ${to} --force --why trust-me -o json`, {
      answer: true,
      asked,
    });
    assert.equal(code, 0, err);
    const moved = moveSchema.parse(JSON.parse(out));
    assert.deepEqual([moved.from, moved.to], [holder, to]);
    assert.match(err, /! Without --force: .* waits: /);
    assert.match(err, /! .* may not hold them by the rules \(0\/2 online, 1 needed\)/);
    assert.deepEqual(asked, [`Force rnd-runner from ${holder} to ${to} with term ${moved.term}?`]);
    const term = parseTerm(moved.term, fleet.file(`terms/${moved.term}.json`) ?? '');
    assert.ok(term.ok);
    assert.deepEqual(
      [term.value.ground, term.value.reason, term.value.holder],
      ['forced', 'root forced this term: trust-me', to],
    );
    const explained = explainSchema.parse((await fleet.json(`explain ${moved.term}`)).data);
    assert.deepEqual([explained.result, explained.decision.kind], ['forced', 'reconcile']);
    fleet.cluster(to).ready = 2;
  });
});
