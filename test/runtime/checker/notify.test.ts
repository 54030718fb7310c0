/** What people are told: each term once, and an incident for as long as no cluster is eligible. */
import assert from 'node:assert/strict';
import { unknown } from '../../../runtime/core/model/read.ts';
import { termPath } from '../../../runtime/core/model/term.ts';
import { PAGE_PATH } from '../../../runtime/core/page/page.ts';
import { FORCED } from '../../../runtime/core/decision/decision-record.ts';
import { Crash, World } from '../../support/world.ts';

const A = 'cluster-a';
const B = 'cluster-b';
const HOUR = 3600;
const STATUS = 'https://gitlab.example.com/projects/1';

async function settled(names: readonly string[] = [A, B]): Promise<World> {
  const world = new World(names, { preferred: A });
  assert.ok(await world.run(300, () => world.files.has(PAGE_PATH)));
  await world.run(120);
  return world;
}

const open = (world: World): number => world.incidents.filter((incident) => incident.open).length;

describe('a notification', () => {
  it('tells of every term once, by its author, with who, from whom, why and where to look', async () => {
    const world = await settled();
    assert.deepEqual(world.messages, [
      `rnd-runner: cluster-a holds the main tags, taken from \`nobody\` (term 1, \`first: no cluster has held the main tags yet\`). ${STATUS}`,
    ]);
    world.kill(A);
    await world.run(HOUR);
    assert.equal(world.messages.length, 2);
    assert.match(
      world.messages[1] ?? '',
      /^rnd-runner: cluster-b holds the main tags, taken from `cluster-a` \(term 2, `silent: /,
    );
  });

  it('is not sent by whoever came second', async () => {
    const world = await settled([A, B, 'cluster-c']);
    world.kill(A);
    // The others claim in the same moment: what the one creates, the other finds.
    let theirs: string | undefined;
    world.beforeCall = (cluster, call) => {
      if (call !== 'create terms/2.json' || theirs !== undefined || cluster !== B) return;
      theirs = JSON.stringify({ ...JSON.parse(world.files.get('terms/1.json') ?? ''), number: 2, holder: 'cluster-c' });
      world.files.set('terms/2.json', theirs);
    };
    assert.ok(await world.run(600, () => theirs !== undefined));
    assert.equal(world.messages.length, 1);
    await world.run(600);
    assert.deepEqual(world.holders(), ['cluster-c']);
    assert.equal(world.messages.length, 2);
  });

  const held = (world: World): string[] => world.messages.filter((text) => text.includes('holds the main tags'));

  it('of a term that a person forced comes from its holder’s checker, once, after the tags have moved', async () => {
    const world = await settled([A, B, 'cluster-c']);
    let holders: string[] = [];
    world.webhook = async () => {
      holders = world.holders();
      return { kind: 'sent' };
    };
    const { project } = world.checker(A);
    const first = JSON.parse(world.files.get('terms/1.json') ?? '');
    const forced = { ...first, number: 2, holder: B, previous: A, ground: FORCED, reason: 'root forced it' };
    assert.equal((await project.create(termPath(2), JSON.stringify(forced), 'forced')).kind, 'created');
    await world.run(HOUR);
    assert.deepEqual(holders, [B]);
    assert.deepEqual(held(world).slice(1), [
      `rnd-runner: cluster-b holds the main tags, taken from \`cluster-a\` (term 2, \`forced: root forced it\`). ${STATUS}`,
    ]);
  });

  it('of a term whose author is killed before it could tell comes from the next run', async () => {
    const world = await settled();
    world.kill(A);
    world.beforeCall = (_cluster, call) => {
      if (world.newestTerm === 2 && call.startsWith('write')) {
        world.beforeCall = () => undefined;
        throw new Crash();
      }
    };
    await world.run(HOUR);
    assert.deepEqual([held(world).length, world.holders()], [2, [B]]);
    assert.match(held(world)[1] ?? '', /\(term 2, `silent: /);
  });

  it('of an old term is not sent again where a record and its lease were made anew', async () => {
    const world = await settled();
    world.record(A).note = '';
    await world.run(HOUR);
    assert.equal(held(world).length, 1);
  });

  it('that fails costs a line of the log, and is not repeated', async () => {
    const world = await settled();
    world.webhook = async () => unknown('the webhook answers 500');
    world.kill(A);
    assert.ok(await world.run(HOUR, () => world.holders().join() === B));
    await world.run(HOUR);
    assert.equal(world.messages.length, 2);
    assert.deepEqual(
      world.warnings.filter(({ event }) => event === 'notification-failed').map(({ cluster }) => cluster),
      [B],
    );
  });

  it('comes after the tags have moved, and is not sent when the round’s time is spent', async () => {
    const world = await settled();
    let holders: string[] = [];
    world.webhook = async () => {
      holders = world.holders();
      return { kind: 'sent' };
    };
    world.kill(A);
    await world.run(HOUR, () => world.newestTerm === 2);
    await world.run(60);
    assert.deepEqual(holders, [B]);
    world.revive(A);
    await world.run(HOUR);
    world.beforeCall = (_cluster, call) => {
      // The last look of the convergence is slow beyond all measure.
      if (call.startsWith('create terms/')) world.ms += world.cluster(A).config.timing.budgetSeconds * 1000;
    };
    world.kill(B);
    const sent = world.messages.length;
    await world.run(HOUR, () => world.newestTerm === 3);
    assert.equal(world.messages.length, sent);
    assert.ok(world.warnings.some(({ event }) => event === 'notification-failed'));
  });
});

describe('the incident', () => {
  /** Both clusters faint; the one that holds knows it first. */
  const faint = (world: World): void => {
    for (const name of [A, B]) world.cluster(name).ready = 0;
  };

  it('is opened and told of once when no cluster is eligible, and closed and told of when one is', async () => {
    const world = await settled();
    faint(world);
    await world.run(2 * HOUR);
    assert.equal(world.incidents.length, 1);
    assert.equal(world.incidents[0]?.title, 'No cluster can hold rnd-runner');
    assert.match(world.incidents[0]?.text ?? '', /^- `cluster-a has 0\/2 runners online and needs 1`$/m);
    assert.match(
      world.files.get(PAGE_PATH) ?? '',
      /^- 🚨 \*\*No cluster can hold the main tags\*\* since 2026-01-01 00:0\d:\d\dZ: /m,
    );
    assert.match(world.messages.at(-1) ?? '', /^No cluster can hold rnd-runner: .* `cluster-b has 0\/2 runners online/);
    assert.equal(world.messages.length, 2);
    world.cluster(B).ready = 2;
    await world.run(2 * HOUR);
    assert.equal(open(world), 0);
    assert.equal(world.incidents.length, 1);
    assert.deepEqual(world.holders(), [B]);
    assert.equal(world.messages.length, 4);
    assert.match(
      world.messages.join('\n'),
      /^rnd-runner: a cluster can hold the main tags again; the incident is closed\. .*issues\/1$/m,
    );
    assert.doesNotMatch(world.files.get(PAGE_PATH) ?? '', /eligible/);
  });

  it('is not opened for what ends within a lease, however often', async () => {
    const world = await settled();
    for (let time = 0; time < 10; time += 1) {
      faint(world);
      await world.run(45);
      world.cluster(A).ready = 2;
      await world.run(60);
    }
    assert.equal(world.incidents.length, 0);
    assert.equal(world.messages.length, 1);
    faint(world);
    const began = world.ms;
    assert.ok(await world.run(HOUR, () => open(world) === 1));
    const seconds = (world.ms - began) / 1000;
    assert.ok(seconds >= 60 && seconds <= 90, `after ${seconds} s`);
  });

  it('is opened by a cluster that lives and is faint, for one that is silent', async () => {
    const world = await settled();
    world.cluster(B).ready = 0;
    await world.run(300);
    assert.equal(world.incidents.length, 0);
    world.kill(A);
    await world.run(300);
    assert.equal(open(world), 1);
    assert.match(world.incidents[0]?.text ?? '', /cluster-a has not renewed its lease for \d+ s/);
  });

  it('is opened where the only strong cluster is kept from the tags by people', async () => {
    for (const control of [{ paused: true }, { retired: [B] }, { pin: { cluster: A } }]) {
      const world = await settled();
      world.files.set('control.json', JSON.stringify({ version: 1, ...control }));
      await world.run(60);
      assert.equal(world.incidents.length, 0);
      world.cluster(A).ready = 0;
      await world.run(300);
      assert.equal(open(world), 1, JSON.stringify(control));
    }
  });

  it('is no matter of an ordinary move, of an outage of GitLab, nor of what is unknown', async () => {
    const world = await settled();
    world.cluster(A).ready = 0;
    await world.run(HOUR);
    assert.deepEqual(world.holders(), [B]);
    world.down = true;
    await world.run(HOUR);
    world.down = false;
    await world.run(HOUR);
    world.files.set('control.json', 'nonsense');
    faint(world);
    await world.run(HOUR);
    assert.equal(world.incidents.length, 0);
  });

  it('asks nothing of GitLab in ordinary rounds', async () => {
    const world = await settled();
    const calls: string[] = [];
    world.beforeCall = (_cluster, call) => void (/incidents|raise|close/.test(call) && calls.push(call));
    await world.run(HOUR);
    faint(world);
    await world.run(120);
    assert.deepEqual(calls, ['incidents', 'raise']);
    await world.run(HOUR);
    assert.equal(calls.length, 2);
  });

  it('is not opened twice where the checker is killed before the page tells of it', async () => {
    const world = await settled();
    faint(world);
    let killed = 0;
    world.beforeCall = (_cluster, call) => {
      if (!call.includes(PAGE_PATH) || !call.startsWith('save') || killed >= 3) return;
      killed += 1;
      throw new Crash();
    };
    await world.run(HOUR);
    assert.equal(killed, 3);
    assert.equal(world.incidents.length, 1);
    assert.equal(world.messages.filter((text) => text.startsWith('No cluster')).length, 1);
  });

  it('is closed where no page ever told of it: its write failed, and then a cluster was eligible again', async () => {
    const world = await settled();
    faint(world);
    world.beforeCall = (_cluster, call) => {
      if (call.startsWith('save') && call.includes(PAGE_PATH) && open(world) > 0) throw new Crash();
    };
    assert.ok(await world.run(HOUR, () => open(world) === 1));
    world.beforeCall = () => undefined;
    world.cluster(A).ready = 2;
    await world.run(HOUR);
    assert.equal(open(world), 0);
    assert.match(world.messages.at(-1) ?? '', /a cluster can hold the main tags again; the incident is closed/);
    assert.doesNotMatch(world.files.get(PAGE_PATH) ?? '', /eligible/);
  });

  it('is looked for once when a time without an eligible cluster ends, told of or not', async () => {
    const world = await settled();
    const calls: string[] = [];
    world.beforeCall = (_cluster, call) => void (/incidents|raise|close/.test(call) && calls.push(call));
    faint(world);
    await world.run(45);
    assert.match(world.files.get(PAGE_PATH) ?? '', /eligible/);
    world.cluster(A).ready = 2;
    await world.run(HOUR);
    assert.deepEqual(calls, ['incidents']);
  });

  it('stays open over an outage of GitLab', async () => {
    const world = await settled();
    faint(world);
    await world.run(HOUR);
    world.down = true;
    await world.run(HOUR);
    world.down = false;
    await world.run(HOUR);
    assert.equal(open(world), 1);
    assert.equal(world.incidents.length, 1);
  });
});
