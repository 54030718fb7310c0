import assert from 'node:assert/strict';
import { BADGE_PATH, PAGE_PATH, TIMELINE_PATH } from '../../../runtime/core/page/page.ts';
import { DEFAULT_TIMING } from '../../../runtime/timing.ts';
import { A, B, HOUR, MINUTE, settledFleet, type SimulatedFleet } from '../../support/simulated-fleet.ts';

const page = (fleet: SimulatedFleet): string => fleet.file(PAGE_PATH);
const pages = (fleet: SimulatedFleet): string[] => fleet.commits.filter((message) => message.startsWith('Page: '));

describe('the page of the status project', () => {
  it('shows the holder of the main tag, since when and why, and how many runners of each cluster are online', async () => {
    const fleet = await settledFleet();
    const text = page(fleet);
    assert.match(
      text,
      /\*\*cluster-a\*\* has held `rnd-runner` since 2026-01-01 00:0\d:\d\dZ \(\[term 1\]\(terms\/1\.json\): /,
    );
    assert.match(text, /^\| ★ \*\*cluster-a\*\* \| 2 \/ 2 \| 🟢 all runners online \| /m);
    assert.match(text, /^\| cluster-b \| 2 \/ 2 \| 🟢 all runners online \| /m);
    assert.match(text, /^\| \[1\]\(terms\/1\.json\) \| cluster-a \| .* \| now \| `nobody` \| `first: /m);
  });

  it('is written once, and not again while nothing changes', async () => {
    const fleet = await settledFleet();
    await fleet.run(20 * MINUTE);
    assert.equal(pages(fleet).length, 1);
  });

  it('is written by another cluster when the lease of the holder has expired, with the time of its last renewal', async () => {
    const fleet = await settledFleet();
    fleet.stopChecker(A);
    await fleet.run(5 * MINUTE);
    assert.equal(fleet.newestTerm, 1, 'its runners live, so it keeps the tag');
    assert.match(page(fleet), /\| ★ \*\*cluster-a\*\* \| 2 \/ 2 \| ⚫ no valid lease since 2026-01-01 00:0\d:\d\dZ \|/);
    const before = pages(fleet).length;
    await fleet.run(20 * MINUTE);
    assert.equal(pages(fleet).length, before);
  });

  it('shows a move, and for how long the main tag may have had no runners', async () => {
    const fleet = await settledFleet();
    fleet.kill(A);
    const died = fleet.ms;
    assert.ok(await fleet.run(HOUR, () => fleet.holders().join() === B));
    const took = (fleet.ms - died) / 1000;
    await fleet.run(2 * MINUTE);
    const row = page(fleet)
      .split('\n')
      .find((line) => line.startsWith('| [2]'));
    const [, minutes = '0', seconds] = / \| (?:(\d+) min )?(?:(\d+) s )?\|$/.exec(row ?? '') ?? [];
    const shown = Number(minutes) * 60 + Number(seconds ?? 0);
    assert.ok(shown >= DEFAULT_TIMING.leaseSeconds && Math.abs(shown - took) <= DEFAULT_TIMING.roundSeconds + 5, row);
  });

  it('shows what people have asked for', async () => {
    const fleet = await settledFleet();
    fleet.control({ paused: true, pin: { cluster: A, until: '2026-12-24T06:00:00Z' }, retired: [B] });
    await fleet.run(2 * MINUTE);
    assert.match(page(fleet), /\*\*Paused\*\*/);
    assert.match(page(fleet), /\*\*Pinned\*\* to cluster-a until 2026-12-24 06:00:00Z/);
    assert.match(page(fleet), /\*\*Retired\*\*: cluster-b/);
  });

  it('is not written while something is unknown', async () => {
    const fleet = await settledFleet();
    fleet.edit({ 'control.json': 'nonsense' });
    fleet.keepOnline(B, 1);
    await fleet.run(20 * MINUTE);
    assert.equal(pages(fleet).length, 1);
  });

  it('has a badge and a timeline that are well-formed and show the same state', async () => {
    const fleet = await settledFleet();
    fleet.keepOnline(A, 1);
    await fleet.run(2 * MINUTE);
    const badge = fleet.file(BADGE_PATH);
    assert.match(badge, /aria-label="rnd-runner: cluster-a 1\/2"/);
    for (const svg of [badge, fleet.file(TIMELINE_PATH)]) assert.deepEqual(unclosed(svg), []);
    assert.equal([...fleet.file(TIMELINE_PATH).matchAll(/<rect /g)].length, 1);
  });

  it('D6: shows a text of a term as text, which never breaks its tables or becomes markup', async () => {
    const fleet = await settledFleet();
    const path = 'terms/1.json';
    const term = JSON.parse(fleet.file(path)) as { reason: string };
    fleet.edit({ [path]: JSON.stringify({ ...term, reason: 'a | b <img src=x> [c](d) `e`' }) });
    fleet.keepOnline(A, 1);
    await fleet.run(2 * MINUTE);
    assert.ok(page(fleet).includes("`first: a ¦ b <img src=x> [c](d) 'e'` |"), page(fleet));
    const hostile = 'x\n\n# heading [click](javascript:alert(1)) @all https://example.com <!-- \u202e\u001b';
    fleet.edit({ [path]: JSON.stringify({ ...term, reason: hostile }) });
    fleet.keepOnline(A, 2);
    await fleet.run(2 * MINUTE);
    const text = page(fleet);
    assert.ok(
      text.includes(
        '`first: x # heading [click](javascript:alert(1)) @all https://example.com <!-- \\u{202e}\\u{1b}` |',
      ),
      text,
    );
    // Outside of code spans nothing of it is left.
    assert.doesNotMatch(text.replaceAll(/`[^`\n]*`/g, ''), /heading|javascript|@all|example\.com/);
    for (const path of [BADGE_PATH, TIMELINE_PATH]) assert.doesNotMatch(fleet.file(path), /<img|\u001b|\u202e/);
  });
});

/** The tags of an XML text that are opened and not closed, or the reverse. */
function unclosed(xml: string): string[] {
  const open: string[] = [];
  for (const [, close, name = '', self] of xml.matchAll(/<(\/?)([\w]+)[^>]*?(\/?)>/g)) {
    if (self) continue;
    if (!close) open.push(name);
    else if (open.at(-1) === name) open.pop();
    else open.push(`/${name}`);
  }
  return open;
}
