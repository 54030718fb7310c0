import assert from 'node:assert/strict';
import { BADGE_PATH, PAGE_PATH, TIMELINE_PATH } from '../../../runtime/core/page/page.ts';
import { DEFAULT_TIMING } from '../../../runtime/timing.ts';
import { World } from '../../support/world.ts';

const A = 'cluster-a';
const B = 'cluster-b';
const HOUR = 3600;

async function settled(): Promise<World> {
  const world = new World([A, B], { preferred: A });
  assert.ok(await world.run(300, () => world.files.has(PAGE_PATH)));
  return world;
}

const page = (world: World): string => world.files.get(PAGE_PATH) ?? '';
const pages = (world: World): string[] => world.commits.filter((message) => message.startsWith('Page: '));

describe('the page of the status project', () => {
  it('tells who holds the main tag since when and why, and how strong everybody is', async () => {
    const world = await settled();
    const text = page(world);
    assert.match(
      text,
      /\*\*cluster-a\*\* has held `rnd-runner` since 2026-01-01 00:0\d:\d\dZ \(\[term 1\]\(terms\/1\.json\): /,
    );
    assert.match(text, /^\| ★ \*\*cluster-a\*\* \| 2 \/ 2 \| 🟢 all runners online \| /m);
    assert.match(text, /^\| cluster-b \| 2 \/ 2 \| 🟢 all runners online \| /m);
    assert.match(text, /^\| \[1\]\(terms\/1\.json\) \| cluster-a \| .* \| now \| `nobody` \| `first: /m);
  });

  it('is written once, and not again while nothing changes, whichever process looks', async () => {
    const world = await settled();
    await world.run(6 * HOUR);
    assert.equal(pages(world).length, 1);
  });

  it('is written by another cluster when the holder is silent, with the time of its last word', async () => {
    const world = await settled();
    world.cluster(A).checkerAlive = false;
    await world.run(300);
    assert.equal(world.newestTerm, 1, 'its runners live, so it keeps the tag');
    assert.match(page(world), /\| ★ \*\*cluster-a\*\* \| 2 \/ 2 \| ⚫ no valid lease since 2026-01-01 00:0\d:\d\dZ \|/);
    const silent = pages(world).length;
    await world.run(HOUR);
    assert.equal(pages(world).length, silent);
  });

  it('tells of a move, and for how long nobody may have served', async () => {
    const world = await settled();
    world.kill(A);
    const died = world.ms;
    assert.ok(await world.run(HOUR, () => world.holders().join() === B));
    const took = (world.ms - died) / 1000;
    await world.run(60);
    const row = page(world)
      .split('\n')
      .find((line) => line.startsWith('| [2]'));
    const [, minutes = '0', seconds] = / \| (?:(\d+) min )?(?:(\d+) s )?\|$/.exec(row ?? '') ?? [];
    const told = Number(minutes) * 60 + Number(seconds ?? 0);
    assert.ok(told >= DEFAULT_TIMING.leaseSeconds && Math.abs(told - took) <= DEFAULT_TIMING.roundSeconds + 5, row);
  });

  it('shows what people have asked for', async () => {
    const world = await settled();
    world.files.set(
      'control.json',
      JSON.stringify({ version: 1, paused: true, pin: { cluster: A, until: '2026-12-24T06:00:00Z' }, retired: [B] }),
    );
    await world.run(60);
    assert.match(page(world), /\*\*Paused\*\*/);
    assert.match(page(world), /\*\*Pinned\*\* to cluster-a until 2026-12-24 06:00:00Z/);
    assert.match(page(world), /\*\*Retired\*\*: cluster-b/);
  });

  it('says nothing while something is unknown', async () => {
    const world = await settled();
    world.files.set('control.json', 'nonsense');
    world.cluster(B).ready = 1;
    await world.run(HOUR);
    assert.equal(pages(world).length, 1);
  });

  it('has a badge and a timeline, which are well-formed and tell the same', async () => {
    const world = await settled();
    world.cluster(A).ready = 1;
    await world.run(60);
    const badge = world.files.get(BADGE_PATH) ?? '';
    assert.match(badge, /aria-label="rnd-runner: cluster-a 1\/2"/);
    for (const svg of [badge, world.files.get(TIMELINE_PATH) ?? '']) assert.deepEqual(unclosed(svg), []);
    assert.equal([...(world.files.get(TIMELINE_PATH) ?? '').matchAll(/<rect /g)].length, 1);
  });

  it('D6: lets no text of a term break its tables or become markup', async () => {
    const world = await settled();
    const path = 'terms/1.json';
    const term = JSON.parse(world.files.get(path) ?? '') as { reason: string };
    world.files.set(path, JSON.stringify({ ...term, reason: 'a | b <img src=x> [c](d) `e`' }));
    world.cluster(A).ready = 1;
    await world.run(60);
    assert.ok(page(world).includes("`first: a ¦ b <img src=x> [c](d) 'e'` |"), page(world));
    const hostile = 'x\n\n# heading [click](javascript:alert(1)) @all https://example.com <!-- \u202e\u001b';
    world.files.set(path, JSON.stringify({ ...term, reason: hostile }));
    world.cluster(A).ready = 2;
    await world.run(60);
    const shown = page(world);
    assert.ok(
      shown.includes(
        '`first: x # heading [click](javascript:alert(1)) @all https://example.com <!-- \\u{202e}\\u{1b}` |',
      ),
      shown,
    );
    // Outside of code spans nothing of it is left.
    assert.doesNotMatch(shown.replaceAll(/`[^`\n]*`/g, ''), /heading|javascript|@all|example\.com/);
    for (const path of [BADGE_PATH, TIMELINE_PATH])
      assert.doesNotMatch(world.files.get(path) ?? '', /<img|\u001b|\u202e/);
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
