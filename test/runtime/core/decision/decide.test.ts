import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { policySchema } from '../../../../runtime/config.ts';
import { decide as decideOn, type Decision } from '../../../../runtime/core/decision/decide.ts';
import { findGround } from '../../../../runtime/core/decision/ground.ts';
import { memberOf } from '../../../../runtime/core/model/member.ts';
import type { Rules } from '../../../../runtime/core/model/rules.ts';
import { NO_CONTROL, type Control } from '../../../../runtime/core/model/control.ts';
import type { Term } from '../../../../runtime/core/model/term.ts';
import { holderOf, type CalledRoll, type Facts, type RecordFacts } from '../../../../runtime/core/model/facts.ts';
import { formatLease, type Ground, type Lease } from '../../../../runtime/core/model/lease.ts';
import { emptyMemory } from '../../../../runtime/core/decision/memory.ts';
import { DEFAULT_TIMING } from '../../../../runtime/timing.ts';

const NOW = 1_700_000_000;
const RULES: Rules = { policy: policySchema.parse({}), timing: DEFAULT_TIMING };

/** The scene: this is cluster B, in touch and healthy; cluster A holds term 5. */
interface Scene {
  online?: number;
  inTouch?: number;
  heard?: number;
  former?: RecordFacts[];
  holderOnline?: number;
  holderTotal?: number;
  /** How old the holder's lease is; undefined: no lease in its note. */
  holderAge?: number | undefined;
  memory?: Partial<Lease['memory']>;
  ground?: Ground;
  stood?: number;
  termAge?: number;
  control?: Facts['control'];
  term?: Facts['term'];
  roll?: Facts['roll'];
  holderRecord?: RecordFacts['read'];
  ownRecord?: RecordFacts['read'];
  preferred?: boolean;
}

const lease = (
  cluster: string,
  at: number,
  online: number,
  total: number,
  memory: Partial<Lease['memory']> = {},
): Lease => ({
  cluster,
  online,
  total,
  holder: 'cluster-a',
  term: 5,
  at,
  inTouchSince: at - 600,
  heardSince: at - 600,
  wanted: { settled: total, least: [{ count: total, at }], since: at - 600, wholeSince: 0 },
  rivals: [],
  memory: { ...emptyMemory(5), ...memory },
});

const record = (id: number, note: string | null, tags: string[]): RecordFacts['read'] => ({
  kind: 'found',
  at: NOW,
  value: { id, tags, paused: false, note, description: '', contactedAt: null },
});

const TERM: Term = {
  version: 1,
  number: 5,
  holder: 'cluster-a',
  previous: 'cluster-b',
  at: '2023-11-14T10:00:00Z',
  ground: 'silent',
  reason: 'test',
  records: { 'cluster-a': [1], 'cluster-b': [2] },
  evidence: {},
};

function factsOf(scene: Scene): Facts {
  const { online = 2, holderOnline = 2, holderTotal = 2, inTouch = 600 } = scene;
  const note =
    scene.holderAge === undefined
      ? null
      : formatLease(lease('cluster-a', NOW - scene.holderAge, holderOnline, holderTotal));
  const rival = memberOf(
    {
      name: 'cluster-a',
      report: { kind: 'absent', at: NOW },
      records: [{ id: 1, read: scene.holderRecord ?? record(1, note, ['runner-a', 'rnd-runner']) }],
      former: scene.former ?? [],
    },
    RULES.policy.minOnline,
  );
  const term = scene.term ?? { kind: 'term', term: TERM, at: NOW };
  const memory = { ground: scene.ground ?? 'none', since: NOW - (scene.stood ?? 0), ...scene.memory } as const;
  return {
    now: NOW,
    self: {
      name: 'cluster-b',
      preferred: scene.preferred ?? false,
      online,
      total: 2,
      ownTags: ['runner-b'],
      records: [{ id: 2, read: scene.ownRecord ?? record(2, null, ['runner-b']) }],
      lease: {
        ...lease('cluster-b', NOW, online, 2, memory),
        inTouchSince: NOW - inTouch,
        heardSince: NOW - (scene.heard ?? 600),
      },
    },
    rivals: [rival],
    mainTags: ['rnd-runner'],
    term,
    holder: holderOf(term, [rival]),
    control: scene.control ?? { kind: 'found', value: NO_CONTROL, at: NOW },
    ...(scene.roll && { roll: scene.roll }),
  };
}

const decide = (facts: Facts, rules: Rules): Decision =>
  decideOn(facts, findGround(facts, facts.self.lease, rules), rules);

const control = (more: Partial<Control>): Facts['control'] => ({
  kind: 'found',
  value: { ...NO_CONTROL, ...more },
  at: NOW,
});
const called = (answered: number, ownAnswered: number, ownContact = 0): CalledRoll => ({
  kind: 'called',
  at: NOW,
  answered,
  ownAnswered,
  contact: NOW - 100,
  ownContact,
});
const silentRoll = called(0, 2);
const silent: Scene = { holderAge: 100, ground: 'silent' };

/** Name, scene, what is decided, and what its reason must say. */
const TABLE: readonly [string, Scene, Decision['kind'], RegExp][] = [
  ['a healthy holder keeps the tags', { holderAge: 10 }, 'reconcile', /cluster-a 2\/2 is healthy/],
  [
    'unknown control: nothing',
    { ...silent, control: { kind: 'unknown', why: '503' } },
    'nothing',
    /control.json is unknown: 503/,
  ],
  [
    'paused: nothing, not even a converge',
    { holderAge: 10, control: control({ paused: true }) },
    'nothing',
    /^paused$/,
  ],
  [
    'unknown term: nothing',
    { ...silent, term: { kind: 'unknown', why: 'timeout' } },
    'nothing',
    /newest term is unknown/,
  ],
  [
    'an unknown record is not a silent one',
    { holderAge: 100, holderRecord: { kind: 'unknown', why: '403' } },
    'reconcile',
    /the holder is unknown: record 1/,
  ],
  ['a lapsed lease is called first', silent, 'call', /has no valid lease \(expired 40 s ago\)/],
  ['a silent roll is a claim', { ...silent, roll: silentRoll }, 'claim', /has no valid lease/],
  ['an answered roll keeps the tags', { ...silent, roll: called(1, 2) }, 'reconcile', /keeps the main tags/],
  [
    'a silence that is heard here too is not believed',
    { ...silent, roll: called(0, 0) },
    'reconcile',
    /inconclusive: our own runners did not answer the roll call either/,
  ],
  [
    'a contact of its own after an earlier call proves that GitLab hears, of a cluster at work as well',
    { ...silent, stood: 90, memory: { calledAt: NOW - 70 }, roll: called(0, 0, NOW - 40) },
    'claim',
    /has no valid lease/,
  ],
  [
    'nor without any call before this one: it may have been pinned away all the time',
    { ...silent, stood: 900, roll: called(0, 0, NOW - 40) },
    'reconcile',
    /inconclusive: our own runners did not answer the roll call either/,
  ],
  [
    'and one from before the first call does not, however long the silence',
    { ...silent, stood: 900, memory: { calledAt: NOW - 30 }, roll: called(0, 0, NOW - 40) },
    'reconcile',
    /inconclusive: our own runners did not answer the roll call either/,
  ],
  [
    'runners of its own that GitLab has not heard for a lease may not take over',
    { ...silent, heard: 59, roll: silentRoll },
    'reconcile',
    /heard its runners for 59 s of 60/,
  ],
  [
    'a record that is being replaced and cannot be read makes the holder unknown',
    { ...silent, former: [{ id: 9, read: { kind: 'unknown', why: '500' } }], roll: silentRoll },
    'reconcile',
    /the holder is unknown: record 9 of cluster-a: 500/,
  ],
  [
    'an unknown holder is not displaced, retired or not',
    { holderRecord: { kind: 'unknown', why: '500' }, control: control({ retired: ['cluster-a'] }) },
    'reconcile',
    /the holder is unknown/,
  ],
  [
    'an unknown roll is not a silent one',
    { ...silent, roll: { kind: 'unknown', why: '502' } },
    'reconcile',
    /roll call failed: 502/,
  ],
  [
    'a missing lease waits 2T before the roll',
    { holderAge: undefined, ground: 'silent', stood: 29 },
    'reconcile',
    /waiting: 29 s of 30 s/,
  ],
  [
    'and is called then',
    { holderAge: undefined, ground: 'silent', stood: 30 },
    'call',
    /has no valid lease: its record/,
  ],
  [
    'an unhealthy holder is believed after confirm stamps',
    { holderAge: 5, holderOnline: 0, memory: { unhealthy: 2 } },
    'claim',
    /0\/2 online is unhealthy in 2 stamps/,
  ],
  ['and not before', { holderAge: 5, holderOnline: 0, memory: { unhealthy: 1 } }, 'reconcile', /unhealthy in 1 of 2/],
  [
    'a stronger cluster claims',
    { holderAge: 5, holderOnline: 1, memory: { stronger: 2, stamp: NOW - 5, strongerSince: NOW - 185 } },
    'claim',
    /^2 runners online here, more than the degraded cluster-a 1\/2 for 180 s$/,
  ],
  [
    'a stronger cluster waits for confirmSeconds',
    { holderAge: 5, holderOnline: 1, memory: { stronger: 9, stamp: NOW - 5, strongerSince: NOW - 184 } },
    'reconcile',
    /for 179 s of 180 s$/,
  ],
  [
    'a stronger cluster waits for a second stamp of the holder',
    { holderAge: 5, holderOnline: 1, memory: { stronger: 1, stamp: NOW - 5, strongerSince: NOW - 185 } },
    'reconcile',
    /for 180 s of 180 s$/,
  ],
  ['equal strength never moves the tag, preferred or not', { holderAge: 5, preferred: true }, 'reconcile', /healthy/],
  [
    'not in touch for a lease',
    { ...silent, inTouch: 59, roll: silentRoll },
    'reconcile',
    /in touch with GitLab for 59 s of 60 s/,
  ],
  [
    'a full holder whose contacts GitLab has lost is given the time of two job reports',
    { ...silent, roll: { ...silentRoll, contact: NOW - 236 } },
    'reconcile',
    /GitLab has lost the contacts of its managers/,
  ],
  [
    'and is not believed to be alive for longer',
    { ...silent, memory: { calledAt: NOW - 135 }, roll: { ...silentRoll, contact: NOW - 236 } },
    'claim',
    /has no valid lease/,
  ],
  ['not online', { ...silent, online: 0, roll: silentRoll }, 'reconcile', /0\/2 online, 1 needed/],
  ['retired', { ...silent, control: control({ retired: ['cluster-b'] }), roll: silentRoll }, 'reconcile', /retired/],
  [
    'pinned away',
    { ...silent, control: control({ pin: { cluster: 'cluster-c' } }), roll: silentRoll },
    'reconcile',
    /pinned to cluster-c/,
  ],
  [
    'a pin that has ended binds nobody',
    { ...silent, control: control({ pin: { cluster: 'cluster-c', until: '2020-01-01T00:00:00Z' } }), roll: silentRoll },
    'claim',
    /./,
  ],
  [
    'pinned here, and the holder is silent but alive',
    { ...silent, control: control({ pin: { cluster: 'cluster-b' } }) },
    'claim',
    /pinned to this cluster/,
  ],
  [
    'pinned here, and the holder is unknown',
    { holderRecord: { kind: 'unknown', why: '500' }, control: control({ pin: { cluster: 'cluster-b' } }) },
    'reconcile',
    /the holder is unknown/,
  ],
  [
    'pinned here',
    { holderAge: 5, control: control({ pin: { cluster: 'cluster-b' } }) },
    'claim',
    /pinned to this cluster/,
  ],
  [
    'a record without room for the main tags',
    {
      ...silent,
      roll: silentRoll,
      ownRecord: record(
        2,
        null,
        Array.from({ length: 49 }, (_, i) => `t${i}`),
      ),
    },
    'reconcile',
    /no room/,
  ],
  [
    'records that are gone wait for a lease',
    { holderRecord: { kind: 'absent', at: NOW }, ground: 'gone', stood: 59 },
    'reconcile',
    /waiting: 59 s of 60 s/,
  ],
  [
    'and are believed then',
    { holderRecord: { kind: 'absent', at: NOW }, ground: 'gone', stood: 60 },
    'claim',
    /gone from GitLab/,
  ],
  [
    'a retired holder is followed',
    { holderAge: 5, control: control({ retired: ['cluster-a'] }) },
    'claim',
    /cluster-a is retired/,
  ],
  [
    'a lost term is left to whom the leases name',
    {
      holderAge: 5,
      term: { kind: 'damaged', number: 5, named: 'cluster-a', why: 'lost' },
      ground: 'damaged',
      stood: 30,
    },
    'nothing',
    /waiting 60 s for cluster-a to reassert the term/,
  ],
  [
    'and after a lease its silence counts, however often the ground changed since',
    {
      term: { kind: 'damaged', number: 5, named: 'cluster-a', why: 'lost' },
      holderAge: 90,
      ground: 'silent',
      memory: { damagedSince: NOW - 61 },
    },
    'call',
    /has no valid lease \(expired 30 s ago\)/,
  ],
  [
    'which says so again at once',
    { holderAge: 5, term: { kind: 'damaged', number: 5, named: 'cluster-b', why: 'lost' } },
    'claim',
    /held it and claims it again/,
  ],
];

describe('the decision', () => {
  for (const [name, scene, kind, reason] of TABLE)
    it(name, () => {
      const decision = decide(factsOf(scene), RULES);
      assert.equal(decision.kind, kind, decision.reason);
      assert.match(decision.reason, reason);
    });

  it('claims a number above every lease and term', () => {
    const facts = factsOf({ ...silent, roll: silentRoll });
    const knows9 = { ...facts, self: { ...facts.self, lease: { ...facts.self.lease, term: 9 } } };
    const decision = decide(knows9, RULES);
    assert.ok(decision.kind === 'claim' && decision.number === 10);
  });

  const scenes: fc.Arbitrary<Scene> = fc.record({
    online: fc.nat(2),
    inTouch: fc.nat(120),
    holderOnline: fc.nat(2),
    holderAge: fc.option(fc.nat(300), { nil: undefined }),
    memory: fc.record({ unhealthy: fc.nat(3), stronger: fc.nat(3), evenSince: fc.constantFrom(0, NOW - 5000) }),
    ground: fc.constantFrom<Ground>('silent', 'unhealthy', 'gone', 'damaged', 'stronger'),
    stood: fc.nat(200),
    preferred: fc.boolean(),
    control: fc.constantFrom<Facts['control'][]>(
      control({}),
      control({ paused: true }),
      control({ pin: { cluster: 'cluster-a' } }),
      { kind: 'unknown', why: 'x' },
    ),
    term: fc.constantFrom<Facts['term'][]>(
      { kind: 'none' },
      { kind: 'unknown', why: 'x' },
      { kind: 'term', term: TERM, at: NOW },
      { kind: 'damaged', number: 5, named: 'cluster-a', why: 'x' },
    ),
    roll: fc.constantFrom<NonNullable<Facts['roll']>[]>(silentRoll, { kind: 'unknown', why: 'x' }, called(2, 2)),
    holderRecord: fc.constantFrom<RecordFacts['read'][]>(
      { kind: 'unknown', why: 'x' },
      { kind: 'absent', at: NOW },
      record(1, null, ['runner-a']),
    ),
  });

  it('I3, I10: never acts on an unknown term or control, nor under a pause', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const facts = factsOf(scene);
        const { kind } = decide(facts, RULES);
        const blind = facts.term.kind === 'unknown' || facts.control.kind === 'unknown';
        const paused = facts.control.kind === 'found' && facts.control.value.paused;
        if (blind || paused) assert.equal(kind, 'nothing');
      }),
    );
  });

  it('I3, I4: claims only for an eligible cluster, never from an unknown holder, and never what it holds', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const facts = factsOf(scene);
        const decision = decide(facts, RULES);
        if (decision.kind !== 'claim') return;
        assert.ok(facts.self.online >= 1);
        assert.ok((scene.inTouch ?? 0) >= DEFAULT_TIMING.leaseSeconds);
        if (facts.term.kind === 'term') assert.notEqual(facts.rivals[0]?.records[0]?.read.kind, 'unknown');
        assert.ok(decision.number >= 1 && (facts.term.kind === 'none' || decision.number > 5));
      }),
    );
  });

  it('is the same for the same facts', () => {
    fc.assert(
      fc.property(scenes, (scene) => assert.deepEqual(decide(factsOf(scene), RULES), decide(factsOf(scene), RULES))),
    );
  });
});
