import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { type Decision } from '../../../../runtime/core/decision/decide.ts';
import { type Facts, type RecordFacts } from '../../../../runtime/core/model/facts.ts';
import { type Ground } from '../../../../runtime/core/model/lease.ts';
import { DEFAULT_TIMING } from '../../../../runtime/timing.ts';

import { NOW, RULES, TERM, called, control, decide, factsOf, record, silent, silentRoll, type Scene } from './scene.ts';

/** Name, scene, what is decided, and what its reason must say. */
const TABLE: readonly [string, Scene, Decision['kind'], RegExp][] = [
  ['reconciles when the holder is healthy', { holderAge: 10 }, 'reconcile', /cluster-a 2\/2 is healthy/],
  [
    'does nothing when control.json is unknown',
    { ...silent, control: { kind: 'unknown', why: '503' } },
    'nothing',
    /control.json is unknown: 503/,
  ],
  [
    'does nothing while the fleet is paused, and does not reconcile',
    { holderAge: 10, control: control({ paused: true }) },
    'nothing',
    /^paused$/,
  ],
  [
    'does nothing when the newest term is unknown',
    { ...silent, term: { kind: 'unknown', why: 'timeout' } },
    'nothing',
    /newest term is unknown/,
  ],
  [
    'does not call the roll of a holder whose record cannot be read',
    { holderAge: 100, holderRecord: { kind: 'unknown', why: '403' } },
    'reconcile',
    /the holder is unknown: record 1/,
  ],
  [
    'calls the roll before it claims from a holder without a valid lease',
    silent,
    'call',
    /has no valid lease \(expired 40 s ago\)/,
  ],
  [
    'claims when no runner of the holder answered the roll call',
    { ...silent, roll: silentRoll },
    'claim',
    /has no valid lease/,
  ],
  [
    'keeps the tags when a runner of the holder answered the roll call',
    { ...silent, roll: called(1, 2) },
    'reconcile',
    /keeps the main tags/,
  ],
  [
    'does not claim when its own runners did not answer the roll call either',
    { ...silent, roll: called(0, 0) },
    'reconcile',
    /inconclusive: our own runners did not answer the roll call either/,
  ],
  [
    'claims when its busy runners did not answer but contacted GitLab after an earlier roll call',
    { ...silent, stood: 90, memory: { calledAt: NOW - 70 }, roll: called(0, 0, NOW - 40) },
    'claim',
    /has no valid lease/,
  ],
  [
    'does not claim on old contacts of its own when this is its first roll call',
    { ...silent, stood: 900, roll: called(0, 0, NOW - 40) },
    'reconcile',
    /inconclusive: our own runners did not answer the roll call either/,
  ],
  [
    'does not claim on a contact of its own from before its first roll call',
    { ...silent, stood: 900, memory: { calledAt: NOW - 30 }, roll: called(0, 0, NOW - 40) },
    'reconcile',
    /inconclusive: our own runners did not answer the roll call either/,
  ],
  [
    'does not claim when GitLab has heard its own runners for less than a lease',
    { ...silent, heard: 59, roll: silentRoll },
    'reconcile',
    /heard its runners for 59 s of 60/,
  ],
  [
    'does not claim when a former record of the holder cannot be read',
    { ...silent, former: [{ id: 9, read: { kind: 'unknown', why: '500' } }], roll: silentRoll },
    'reconcile',
    /the holder is unknown: record 9 of cluster-a: 500/,
  ],
  [
    'does not claim from a retired holder whose record cannot be read',
    { holderRecord: { kind: 'unknown', why: '500' }, control: control({ retired: ['cluster-a'] }) },
    'reconcile',
    /the holder is unknown/,
  ],
  [
    'does not claim when the roll call is unknown',
    { ...silent, roll: { kind: 'unknown', why: '502' } },
    'reconcile',
    /roll call failed: 502/,
  ],
  [
    'waits two rounds before it calls the roll of a holder without a lease',
    { holderAge: undefined, ground: 'silent', stood: 29 },
    'reconcile',
    /waiting: 29 s of 30 s/,
  ],
  [
    'calls the roll of a holder that has had no lease for two rounds',
    { holderAge: undefined, ground: 'silent', stood: 30 },
    'call',
    /has no valid lease: its record/,
  ],
  [
    'claims when the holder was unhealthy in `confirm` stamps',
    { holderAge: 5, holderOnline: 0, memory: { unhealthy: 2 } },
    'claim',
    /0\/2 online is unhealthy in 2 stamps/,
  ],
  [
    'does not claim when the holder was unhealthy in fewer than `confirm` stamps',
    { holderAge: 5, holderOnline: 0, memory: { unhealthy: 1 } },
    'reconcile',
    /unhealthy in 1 of 2/,
  ],
  [
    'claims as the stronger cluster',
    { holderAge: 5, holderOnline: 1, memory: { stronger: 2, stamp: NOW - 5, strongerSince: NOW - 185 } },
    'claim',
    /^2 runners online here, more than the degraded cluster-a 1\/2 for 180 s$/,
  ],
  [
    'waits for confirmSeconds before it claims as the stronger cluster',
    { holderAge: 5, holderOnline: 1, memory: { stronger: 9, stamp: NOW - 5, strongerSince: NOW - 184 } },
    'reconcile',
    /for 179 s of 180 s$/,
  ],
  [
    'waits for a second stamp of the holder before it claims as the stronger cluster',
    { holderAge: 5, holderOnline: 1, memory: { stronger: 1, stamp: NOW - 5, strongerSince: NOW - 185 } },
    'reconcile',
    /for 180 s of 180 s$/,
  ],
  [
    'keeps the tags at equal strength, also when this cluster is preferred',
    { holderAge: 5, preferred: true },
    'reconcile',
    /healthy/,
  ],
  [
    'does not claim when it has been in touch for less than a lease',
    { ...silent, inTouch: 59, roll: silentRoll },
    'reconcile',
    /in touch with GitLab for 59 s of 60 s/,
  ],
  [
    'waits for two job reports when GitLab has lost the contacts of a full holder',
    { ...silent, roll: { ...silentRoll, busy: 1, contact: NOW - 236 } },
    'reconcile',
    /GitLab has lost the contacts of its managers/,
  ],
  [
    'claims when a full holder sent no job report in that time',
    { ...silent, memory: { calledAt: NOW - 135 }, roll: { ...silentRoll, busy: 1, contact: NOW - 236 } },
    'claim',
    /has no valid lease/,
  ],
  [
    'claims at once when GitLab has lost the contacts of a holder without running jobs',
    { ...silent, roll: { ...silentRoll, contact: NOW - 236 } },
    'claim',
    /has no valid lease/,
  ],
  [
    'does not claim with fewer runners online than minOnline',
    { ...silent, online: 0, roll: silentRoll },
    'reconcile',
    /0\/2 online, 1 needed/,
  ],
  [
    'does not claim while this cluster is retired',
    { ...silent, control: control({ retired: ['cluster-b'] }), roll: silentRoll },
    'reconcile',
    /retired/,
  ],
  [
    'does not claim while another cluster is pinned',
    { ...silent, control: control({ pin: { cluster: 'cluster-c' } }), roll: silentRoll },
    'reconcile',
    /pinned to cluster-c/,
  ],
  [
    'claims when a pin to another cluster has expired',
    { ...silent, control: control({ pin: { cluster: 'cluster-c', until: '2020-01-01T00:00:00Z' } }), roll: silentRoll },
    'claim',
    /./,
  ],
  [
    'claims when it is pinned here and the holder without a lease answered the roll call',
    { ...silent, control: control({ pin: { cluster: 'cluster-b' } }) },
    'claim',
    /pinned to this cluster/,
  ],
  [
    'does not claim when it is pinned here and the holder is unknown',
    { holderRecord: { kind: 'unknown', why: '500' }, control: control({ pin: { cluster: 'cluster-b' } }) },
    'reconcile',
    /the holder is unknown/,
  ],
  [
    'claims when it is pinned here',
    { holderAge: 5, control: control({ pin: { cluster: 'cluster-b' } }) },
    'claim',
    /pinned to this cluster/,
  ],
  [
    'does not claim when its record has no room for the main tags',
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
    'waits a lease when the records of the holder are gone',
    { holderRecord: { kind: 'absent', at: NOW }, ground: 'gone', stood: 59 },
    'reconcile',
    /waiting: 59 s of 60 s/,
  ],
  [
    'claims when the records of the holder have been gone for a lease',
    { holderRecord: { kind: 'absent', at: NOW }, ground: 'gone', stood: 60 },
    'claim',
    /gone from GitLab/,
  ],
  [
    'claims when the holder is retired',
    { holderAge: 5, control: control({ retired: ['cluster-a'] }) },
    'claim',
    /cluster-a is retired/,
  ],
  [
    'does nothing about a lost term while the cluster that the leases name may claim it again',
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
    'calls the roll of a cluster that did not claim its lost term again within a lease',
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
    'claims its own lost term again at once',
    { holderAge: 5, term: { kind: 'damaged', number: 5, named: 'cluster-b', why: 'lost' } },
    'claim',
    /held it and claims it again/,
  ],
];

describe('decide', () => {
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
