/** Moves that people ask for, in virtual time: by a pin that ends by itself, and by a forced term. */
import assert from 'node:assert/strict';
import { healthOf } from '../../../runtime/core/outlook/health.ts';
import { planForced, planSwitchover, type ForcedMove, type Blocked } from '../../../runtime/core/outlook/plan-move.ts';
import { parseControl } from '../../../runtime/core/model/control.ts';
import { parseTerm } from '../../../runtime/core/model/term.ts';
import { replay } from '../../../runtime/core/decision/replay.ts';
import { nextMove } from '../../../runtime/core/outlook/next-move.ts';
import { force } from '../../../runtime/operator/force.ts';
import { readFleet } from '../../../runtime/fleet/read-fleet.ts';
import type { FleetAccess } from '../../../runtime/fleet/access.ts';
import { moveSeconds, switchOver } from '../../../runtime/operator/switch-over.ts';
import { DEFAULT_TIMING } from '../../../runtime/timing.ts';
import { PAGE_PATH } from '../../../runtime/core/page/page.ts';
import { World } from '../../support/world.ts';

const A = 'cluster-a';
const B = 'cluster-b';
const C = 'cluster-c';
const BOUND = moveSeconds(DEFAULT_TIMING);
const NEVER = new AbortController().signal;

/** A fleet in which A holds the main tag and the others could take it. */
async function settled(names = [A, B], overrides: ConstructorParameters<typeof World>[1] = {}): Promise<World> {
  const world = new World(names, { preferred: A, ...overrides });
  assert.ok(await world.run(300, () => world.holders().includes(A)));
  await world.run(120);
  return world;
}

/** A person at the world's GitLab; while they wait all living checkers go on. */
function person(world: World, lines: string[] = []): FleetAccess {
  const { config, records, project } = world.checker(A);
  return {
    config,
    records,
    project,
    clock: { now: () => world.ms, sleep: async (ms) => void (await world.run(ms / 1000)) },
    say: (line) => void lines.push(line),
  };
}

const rules = (world: World) => world.cluster(A).config;
const pinOf = (world: World) => {
  const parsed = parseControl(world.files.get('control.json') ?? '{"version":1}');
  assert.ok(parsed.ok);
  return parsed.value.pin;
};
const termOf = (world: World, number: number) => {
  const parsed = parseTerm(number, world.files.get(`terms/${number}.json`) ?? '');
  assert.ok(parsed.ok);
  return parsed.value;
};

async function move(world: World, to: string, lines: string[] = [], interrupted = NEVER) {
  const access = person(world, lines);
  const facts = await readFleet(access);
  const plan = planSwitchover(facts, to, access.config);
  assert.equal(plan.kind, 'ready', JSON.stringify(plan));
  assert.ok(plan.kind === 'ready');
  return switchOver(access, { from: plan.from, to, now: facts.now, message: `to ${to}` }, interrupted);
}

async function hindrance(world: World, to: string): Promise<Blocked> {
  const access = person(world);
  const plan = planSwitchover(await readFleet(access), to, access.config);
  assert.equal(plan.kind, 'blocked');
  assert.ok(plan.kind === 'blocked');
  return plan;
}

async function forced(world: World, to: string): Promise<ForcedMove | Blocked> {
  const access = person(world);
  return planForced(await readFleet(access), to, access.config);
}

describe('a switchover', () => {
  it('comes about by the other cluster’s own claim, within the time it is given, and leaves no pin', async () => {
    const world = await settled();
    const done = await move(world, B);
    assert.equal(done.kind, 'done');
    assert.ok(done.kind === 'done' && done.seconds <= BOUND && done.term === 2 && done.left === undefined);
    assert.deepEqual(world.holders(), [B]);
    assert.equal(pinOf(world), null);
    assert.equal(termOf(world, 2).ground, 'pinned');
    // Nothing brings the tags back for a day: failback is manual and the strength is equal.
    await world.run(86_400);
    assert.equal(world.newestTerm, 2);
  });

  it('goes to the one of three that was asked for, whatever the ranking', async () => {
    const world = await settled([A, B, C]);
    assert.equal((await move(world, C)).kind, 'done');
    assert.deepEqual(world.holders(), [C]);
  });

  it('does not wait for holdFor, for people have asked', async () => {
    const world = await settled();
    assert.equal((await move(world, B)).kind, 'done');
    assert.equal((await move(world, A)).kind, 'done');
    assert.equal(world.newestTerm, 3);
  });

  it('leaves everything as it was where the other cluster dies meanwhile', async () => {
    const world = await settled();
    const access = person(world);
    const facts = await readFleet(access);
    world.kill(B);
    const lines: string[] = [];
    const late = await switchOver(
      { ...access, say: (line) => void lines.push(line) },
      { from: A, to: B, now: facts.now, message: 'to B' },
      NEVER,
    );
    assert.deepEqual(late, { kind: 'late', why: 'waiting for the term of cluster-b', left: undefined });
    assert.match(lines[0] ?? '', /^\d+ s of at most 90 s: waiting for the term of cluster-b$/);
    assert.deepEqual([world.holders(), world.newestTerm, pinOf(world)], [[A], 1, null]);
  });

  it('ends its request by itself where GitLab answers no more: afterwards the fleet is free again', async () => {
    const world = await settled();
    const access = person(world);
    const facts = await readFleet(access);
    world.kill(B);
    const { create, file, version } = access.project;
    const silence = { kind: 'unknown', why: 'no answer' } as const;
    let isLost = false;
    // The pin is written, and everything after it is lost.
    const project: FleetAccess['project'] = {
      ...access.project,
      create: (...args) => create(...args).finally(() => (isLost = true)),
      file: async (path) => (isLost ? silence : file(path)),
      version: async (path) => (isLost ? silence : version(path)),
    };
    const late = await switchOver({ ...access, project }, { from: A, to: B, now: facts.now, message: 'to B' }, NEVER);
    assert.ok(late.kind === 'late');
    assert.match(late.left ?? '', /^the pin to cluster-b may remain until .*Z and then expires$/);
    assert.equal(pinOf(world)?.cluster, B);
    await world.run(200);
    // A dies while the pin would still be in its way: B, alive again, takes over by its own rules.
    world.revive(B);
    await world.run(300);
    world.kill(A);
    assert.ok(await world.run(200, () => world.holders().join() === B));
  });

  it('takes back no pin but its own', async () => {
    const world = await settled();
    const access = person(world);
    const facts = await readFleet(access);
    const write = access.project.save;
    let pinned = false;
    const clock = {
      ...access.clock,
      sleep: async (ms: number) => {
        await access.clock.sleep(ms);
        if (world.newestTerm < 2 || pinned) return;
        pinned = true;
        const text = '{"version":1,"pin":{"cluster":"cluster-b"}}';
        await write([{ path: 'control.json', text, exists: true }], 'pinned by somebody else');
      },
    };
    const done = await switchOver({ ...access, clock }, { from: A, to: B, now: facts.now, message: 'to B' }, NEVER);
    assert.equal(done.kind, 'done');
    assert.deepEqual(pinOf(world), { cluster: B });
  });

  const hindrances: readonly (readonly [
    string,
    (world: World) => Promise<void> | void,
    string,
    Blocked['by'],
    RegExp,
  ])[] = [
    [
      'the other has no runners',
      async (world) => ((world.cluster(B).ready = 0), void (await world.run(60))),
      B,
      'state',
      /^cluster-b cannot take the main tags: .*0\/2 online, 1 needed$/,
    ],
    [
      'the other is dead',
      async (world) => (world.kill(B), void (await world.run(300))),
      B,
      'state',
      /^cluster-b cannot take the main tags: its checker has not renewed its lease for \d+ s$/,
    ],
    [
      'the holder is dead',
      async (world) => (world.kill(A), (world.cluster(B).checkerAlive = false), void (await world.run(100))),
      B,
      'state',
      /^cluster-a has not renewed its lease for \d+ s, and a switchover needs two healthy clusters/,
    ],
    [
      'the holder faints',
      async (world) => ((world.cluster(A).ready = 0), void (await world.run(15))),
      B,
      'state',
      /^cluster-a has 0\/2 runners online and needs 1, and a switchover needs two healthy clusters/,
    ],
    [
      'moves are paused',
      (world) => void world.files.set('control.json', '{"version":1,"paused":true}'),
      B,
      'state',
      /^the fleet is paused/,
    ],
    [
      'control is nonsense',
      (world) => void world.files.set('control.json', '{'),
      B,
      'unknown',
      /^control\.json is not JSON$/,
    ],
    ['it holds already', () => undefined, A, 'state', /^cluster-a holds the main tags already$/],
    [
      'its record is gone',
      (world) => void world.records.delete(11),
      B,
      'state',
      /^cluster-b cannot take the main tags: it has no runner record$/,
    ],
    [
      'its record is paused',
      async (world) => ((world.record(B).paused = true), void (await world.run(60))),
      B,
      'state',
      /0\/2 online, 1 needed$/,
    ],
    ['GitLab is down', (world) => void (world.down = true), B, 'unknown', /GitLab is down/],
  ];
  for (const [what, hurt, to, by, why] of hindrances)
    it(`is hindered where ${what}`, async () => {
      const world = await settled();
      await hurt(world);
      const plan = await hindrance(world, to);
      assert.equal(plan.by, by);
      assert.match(plan.why, why);
    });

  it('tells before what the tags will be', async () => {
    const world = await settled();
    world.record(A).tags.push('arm64');
    const access = person(world);
    const plan = planSwitchover(await readFleet(access), B, access.config);
    assert.ok(plan.kind === 'ready');
    assert.deepEqual(plan.edits, [
      { cluster: A, record: 10, difference: '-rnd-runner' },
      { cluster: B, record: 11, difference: '+rnd-runner' },
    ]);
    await move(world, B);
    assert.deepEqual(world.record(A).tags.toSorted(), ['arm64', 'runner-a']);
  });
});

describe('a forced failover', () => {
  it('is written once, by the claim’s own code, and the living checkers converge on it', async () => {
    const world = await settled();
    // B's checker cannot count its pods, so it never claims: the API server of Kubernetes is away, its runners work.
    world.cluster(B).checkerAlive = false;
    await world.run(120);
    const plan = await forced(world, B);
    assert.ok(plan.kind === 'ready', JSON.stringify(plan));
    assert.match(
      plan.risks.join('\n'),
      /cluster-b has not renewed its lease for \d+ s: it is unknown whether its runners take jobs/,
    );
    const done = await force(person(world), plan, 'root forced it', () => 0.5, NEVER);
    assert.deepEqual([done.kind, world.holders(), world.newestTerm], ['done', [B], 2]);
    const term = termOf(world, 2);
    assert.deepEqual([term.ground, term.holder, term.previous], ['forced', B, A]);
    assert.ok(world.commits.includes('Term 2: cluster-b takes the main tags from cluster-a (forced: root forced it)'));
    assert.equal(replay(term).kind, 'forced');
    // B's runners answer the roll call of A's checker: it keeps what it was given.
    await world.run(3600);
    assert.deepEqual([world.holders(), world.newestTerm], [[B], 2]);
  });

  it('is undone by the rules where the forced holder says that it is faint, and that is told', async () => {
    const world = await settled();
    world.cluster(B).ready = 0;
    await world.run(60);
    const plan = await forced(world, B);
    assert.ok(plan.kind === 'ready');
    assert.match(plan.risks.join('\n'), /may not hold them by the rules \(0\/2 online, 1 needed\)/);
    const access = person(world);
    // The person looks so seldom that all of it happens between two looks.
    const clock = { ...access.clock, sleep: async (ms: number) => void (await world.run(Math.max(ms / 1000, 80))) };
    const undone = await force({ ...access, clock }, plan, 'root forced it', () => 0.5, NEVER);
    assert.deepEqual(undone, { kind: 'undone', term: 2, holder: A, by: 3 });
    assert.equal(termOf(world, 3).ground, 'unhealthy');
  });

  it('claims nothing where another was first', async () => {
    const world = await settled();
    world.cluster(B).checkerAlive = false;
    await world.run(120);
    const plan = await forced(world, B);
    assert.ok(plan.kind === 'ready');
    world.files.set('terms/2.json', (world.files.get('terms/1.json') ?? '').replace('"number": 1', '"number": 2'));
    const lost = await force(person(world), plan, 'root forced it', () => 0.5, NEVER);
    assert.deepEqual(lost, { kind: 'not-claimed', why: 'term 2 was claimed by cluster-a meanwhile' });
  });

  const refused: readonly (readonly [string, (world: World) => Promise<void> | void, string, RegExp])[] = [
    ['a switchover would do', () => undefined, B, /^both clusters are healthy: hadr switchover --to cluster-b/],
    [
      'no checker is alive',
      async (world) => (world.kill(A), world.kill(B), void (await world.run(300))),
      B,
      /^no checker works, and a term alone moves no tag; start a checker with: kubectl create job/,
    ],
    [
      'the fleet is paused',
      (world) => void world.files.set('control.json', '{"version":1,"paused":true}'),
      B,
      /^the fleet is paused/,
    ],
    [
      'it is retired',
      (world) => void world.files.set('control.json', '{"version":1,"retired":["cluster-b"]}'),
      B,
      /^cluster-b is retired/,
    ],
    [
      'it is pinned elsewhere',
      (world) => void world.files.set('control.json', '{"version":1,"pin":{"cluster":"cluster-a"}}'),
      B,
      /^the main tags are pinned to cluster-a/,
    ],
    ['it holds already', () => undefined, A, /^cluster-a holds the main tags already$/],
    ['GitLab is down', (world) => void (world.down = true), B, /GitLab is down/],
    [
      'nothing is known of it',
      (world) => void ((world.record(B).note = null), (world.cluster(B).checkerAlive = false)),
      B,
      /^cluster-b is unknown: its record shows no note/,
    ],
  ];
  for (const [what, hurt, to, why] of refused)
    it(`is refused where ${what}`, async () => {
      const world = await settled();
      await hurt(world);
      const plan = await forced(world, to);
      assert.ok(plan.kind === 'blocked', JSON.stringify(plan));
      assert.match(plan.why, why);
    });

  it('warns where a record cannot be read: the tags cannot follow before it can', async () => {
    const world = await settled();
    const access = person(world);
    const records = {
      ...access.records,
      read: async (id: number) =>
        id === 10 ? { kind: 'unknown' as const, why: 'GET /runners/10: 500' } : access.records.read(id),
    };
    const plan = planForced(await readFleet({ ...access, records }), B, access.config);
    assert.ok(plan.kind === 'ready', JSON.stringify(plan));
    assert.match(
      plan.risks.join('\n'),
      /No checker moves a tag until GitLab shows every record again \(record 10 of cluster-a: GET \/runners\/10: 500\)/,
    );
  });
});

describe('the health of a fleet', () => {
  const judged = async (world: World) => healthOf(await readFleet(person(world)), rules(world));

  it('is ok where all is well', async () => {
    assert.deepEqual(await judged(await settled()), { health: 'ok', reasons: [] });
  });

  const cases: readonly (readonly [string, (world: World) => Promise<void> | void, string, RegExp])[] = [
    [
      'a pod is missing',
      async (world) => ((world.cluster(B).ready = 1), void (await world.run(30))),
      'degraded',
      /^cluster-b has 1\/2 runners online$/,
    ],
    [
      'nobody could take over',
      async (world) => (world.kill(B), void (await world.run(300))),
      'degraded',
      /no other cluster could take over: cluster-b has not renewed its lease/,
    ],
    [
      'it is paused',
      (world) => void world.files.set('control.json', '{"version":1,"paused":true}'),
      'degraded',
      /^paused: nothing moves/,
    ],
    [
      'it is pinned',
      (world) => void world.files.set('control.json', '{"version":1,"pin":{"cluster":"cluster-a"}}'),
      'degraded',
      /^pinned to cluster-a: no other cluster takes over/,
    ],
    [
      'a cluster is retired',
      (world) => void world.files.set('control.json', '{"version":1,"retired":["cluster-b"]}'),
      'degraded',
      /cluster-b is retired/,
    ],
    [
      'the tags are not where the term says',
      (world) => ((world.record(A).tags = ['runner-a']), void world.record(B).tags.push('rnd-runner')),
      'degraded',
      /^cluster-b has the main tags, and the newest term names cluster-a$/,
    ],
    [
      'nobody has the tags',
      (world) => void (world.record(A).tags = ['runner-a']),
      'no holder',
      /^no cluster has rnd-runner$/,
    ],
    [
      'two have them',
      (world) => void world.record(B).tags.push('rnd-runner'),
      'two holders',
      /^cluster-a and cluster-b have rnd-runner$/,
    ],
    [
      'control is nonsense',
      (world) => void world.files.set('control.json', '{'),
      'unknown',
      /^control\.json: control\.json is not JSON$/,
    ],
    [
      'the newest term is lost',
      (world) => void world.files.delete('terms/1.json'),
      'unknown',
      /^the newest term: term 1 is known, but terms\/1\.json does not exist$/,
    ],
    ['GitLab is down', (world) => void (world.down = true), 'unknown', /GitLab is down/],
    [
      'no note can be seen',
      (world) => [A, B].forEach((name) => (world.record(name).note = null)),
      'unknown',
      /^no lease can be seen/,
    ],
  ];
  for (const [what, hurt, health, reason] of cases)
    it(`is ${health} where ${what}`, async () => {
      const world = await settled();
      await hurt(world);
      const judgement = await judged(world);
      assert.equal(judgement.health, health, judgement.reasons.join('; '));
      assert.ok(
        judgement.reasons.some((text) => reason.test(text)),
        judgement.reasons.join('; '),
      );
    });

  it('is no holder before the first term', async () => {
    const world = new World([A, B]);
    world.files.set(PAGE_PATH, '# status');
    const judgement = await judged(world);
    assert.equal(judgement.health, 'no holder');
    assert.ok(judgement.reasons.includes('cluster-a has never reported'));
  });
});

describe('the next move', () => {
  const next = async (world: World, name: string) => nextMove(await readFleet(person(world)), name, rules(world));

  it('is what the checker then does, through a whole failover', async () => {
    const world = await settled();
    world.kill(A);
    const seen: string[] = [];
    for (let step = 0; step < 20 && world.newestTerm === 1; step += 1) {
      const { kind, reason } = await next(world, B);
      seen.push(`${kind}: ${reason.replace(/\d+/g, 'N')}`);
      await world.run(15);
    }
    assert.deepEqual(world.holders(), [B]);
    assert.deepEqual(
      [...new Set(seen)],
      ['reconcile: cluster-a N/N is healthy', 'call: cluster-a has no valid lease (expired N s ago)'],
    );
    const dead = await next(world, A);
    assert.equal(dead.kind, 'no-lease');
    assert.match(dead.reason, /^its checker has not renewed its lease for \d+ s$/);
  });

  it('says what a stronger cluster waits for', async () => {
    const world = await settled([A, B], { policy: { holdForSeconds: 3600 } });
    await world.run(660);
    world.cluster(A).ready = 1;
    await world.run(60);
    assert.match(
      (await next(world, B)).reason,
      /^2 runners online here, more than the degraded cluster-a 1\/2, for \d+ s of 180 s$/,
    );
    await world.run(180);
    assert.match((await next(world, B)).reason, /1\/2 for \d+ s, but the term is \d+ s old of 3600 s$/);
  });
});
