/** Online / Total: what Kubernetes says of our own pods, and what GitLab must say too of adopted ones. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isoOf } from '../../../../runtime/core/model/time.ts';
import { unknown, type Read } from '../../../../runtime/core/model/read.ts';
import {
  countOf,
  heardManagers,
  silentWithin,
  type Counted,
  type ManagersByRecord,
} from '../../../../runtime/core/decision/count.ts';
import type { ManagerView, RecordFacts } from '../../../../runtime/core/model/facts.ts';
import { emptyMemory } from '../../../../runtime/core/decision/memory.ts';
import type { Lease } from '../../../../runtime/core/model/lease.ts';
import {
  DEFAULT_TIMING,
  silentWithinSeconds,
  unlimitedAfterSeconds,
  vouchSeconds,
} from '../../../../runtime/timing.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z') / 1000;
const RECORD = 11;
const WITHIN = silentWithinSeconds(DEFAULT_TIMING);

const manager = (index: number, ageSeconds: number | null, busy = false): ManagerView => ({
  systemId: `r_${index}`,
  contactedAt: ageSeconds === null ? null : isoOf(NOW - ageSeconds),
  busy,
});

const heardOf = (managers: readonly ManagerView[]): number =>
  heardManagers({ kind: 'found', value: managers, at: NOW }, WITHIN);

const record = (id: number, paused = false): RecordFacts => ({
  id,
  read: {
    kind: 'found',
    at: NOW,
    value: { id, tags: [], paused, note: null, description: '', contactedAt: null },
  },
});

const deployment = (over: Partial<Counted> = {}): Counted => ({
  name: 'gitlab-runner',
  record: RECORD,
  adopted: true,
  desired: 2,
  ready: 2,
  ...over,
});

const said = (...managers: ManagerView[]): ManagersByRecord =>
  new Map<number, Read<readonly ManagerView[]>>([[RECORD, { kind: 'found', value: managers, at: NOW }]]);

const count = (counted: Counted, managers: ManagersByRecord, records = [record(counted.record)]) =>
  countOf([counted], records, managers, WITHIN);

describe('the managers that GitLab hears', () => {
  const cases: readonly (readonly [string, ManagerView, number])[] = [
    ['one that was just there', manager(1, 0), 1],
    ['one at the very end of its time', manager(1, WITHIN), 1],
    ['one a second later', manager(1, WITHIN + 1), 0],
    ['one a second later, with running jobs', manager(1, WITHIN + 1, true), 0],
    ['one that never came', manager(1, null, true), 0],
  ];
  for (const [name, view, heard] of cases)
    it(`${heard === 1 ? 'include' : 'leave out'} ${name}`, () => assert.equal(heardOf([view]), heard));

  it('count a manager once, however many rows it has', () => assert.equal(heardOf([manager(1, 3), manager(1, 9)]), 1));
});

const leaseOf = (at: number, heardSince: number): Lease => ({
  cluster: 'cluster-b',
  online: 2,
  total: 2,
  holder: 'cluster-a',
  term: 5,
  at,
  inTouchSince: at - 600,
  heardSince,
  wanted: undefined,
  rivals: [],
  memory: emptyMemory(5),
});

describe('the time within which a manager must be heard', () => {
  const rival = (heardFor: number, age = 5) => ({
    kind: 'lease' as const,
    readAt: NOW,
    lease: leaseOf(NOW - age, heardFor === 0 ? 0 : NOW - age - heardFor),
  });
  const hearing = { heardSince: NOW - 600, at: NOW, rivals: [rival(600)] };
  const vouch = vouchSeconds(DEFAULT_TIMING);
  const unlimited = unlimitedAfterSeconds(DEFAULT_TIMING);
  const AGELESS = Number.POSITIVE_INFINITY;

  it('is 201 s with the default times: a limit on all runners must not look like an end', () =>
    assert.equal(silentWithin(hearing, DEFAULT_TIMING), 201));

  for (const [what, over, expected] of [
    [
      'GitLab has heard this cluster again only since a shorter time than jobs need to report',
      { heardSince: NOW - vouch + 1 },
      AGELESS,
    ],
    ['GitLab has heard this cluster again for as long as jobs need to report', { heardSince: NOW - vouch }, WITHIN],
    ['GitLab hears none of this cluster, and another one', { heardSince: 0 }, WITHIN],
    ['GitLab hears no runner of any cluster', { heardSince: 0, rivals: [rival(0)] }, AGELESS],
    [
      'the other cluster is heard for a shorter time than a Retry-After can last',
      { heardSince: 0, rivals: [rival(unlimited - 1)] },
      AGELESS,
    ],
    [
      'the other cluster is heard for as long as a Retry-After can last',
      { heardSince: 0, rivals: [rival(unlimited)] },
      WITHIN,
    ],
    ['the lease of the other cluster lapsed', { heardSince: 0, rivals: [rival(600, 61)] }, AGELESS],
    ['one of two other clusters is heard', { heardSince: 0, rivals: [rival(0), rival(600)] }, WITHIN],
    ['no other cluster is known', { heardSince: 0, rivals: [] }, AGELESS],
  ] as const)
    it(`${expected === AGELESS ? 'has no end' : 'ends'} where ${what}`, () =>
      assert.equal(silentWithin({ ...hearing, ...over }, DEFAULT_TIMING), expected));
});

describe('the count of runners', () => {
  it('counts a Ready pod with our sidecar as online, without GitLab', () =>
    assert.deepEqual(count(deployment({ adopted: false }), new Map()), {
      kind: 'known',
      value: { online: 2, total: 2, unheard: [] },
    }));

  it('counts no more adopted runners than GitLab hears, and names the Deployment with fewer', () =>
    assert.deepEqual(count(deployment(), said(manager(1, 4), manager(2, 3000))), {
      kind: 'known',
      value: {
        online: 1,
        total: 2,
        unheard: [{ name: 'gitlab-runner', record: RECORD, ready: 2, heard: 1 }],
      },
    }));

  it('counts no more than the ready pods, because GitLab heard managers of old pods too', () =>
    assert.deepEqual(count(deployment({ ready: 1 }), said(manager(1, 4), manager(2, 5), manager(3, 6))), {
      kind: 'known',
      value: { online: 1, total: 2, unheard: [] },
    }));

  it('counts none under a record that is paused or gone', () => {
    const gone: RecordFacts = { id: RECORD, read: { kind: 'absent', at: NOW } };
    for (const records of [[record(RECORD, true)], [gone]])
      assert.deepEqual(count(deployment(), said(manager(1, 1), manager(2, 1)), records), {
        kind: 'known',
        value: { online: 0, total: 2, unheard: [] },
      });
  });

  it('counts each Deployment under its own record', () => {
    const managers = new Map([
      ...said(manager(1, 1)),
      [12, { kind: 'found', value: [manager(2, 1), manager(3, 1)], at: NOW }] as const,
    ]);
    const counted = countOf(
      [deployment({ desired: 1, ready: 1 }), deployment({ record: 12, name: 'other' })],
      [record(RECORD), record(12)],
      managers,
      WITHIN,
    );
    assert.deepEqual(counted, { kind: 'known', value: { online: 3, total: 3, unheard: [] } });
  });

  it('is unknown when the managers are unknown', () => {
    const failed: ManagersByRecord = new Map([[RECORD, unknown('502')]]);
    assert.deepEqual(count(deployment(), failed), { kind: 'unknown', why: `the managers of record ${RECORD}: 502` });
    assert.equal(count(deployment(), new Map()).kind, 'unknown');
  });

  it('is never above ready, desired or heard, and names each Deployment of which fewer than its ready pods are heard', () => {
    const amounts = fc.integer({ min: 0, max: 6 });
    const ages = fc.array(fc.integer({ min: 0, max: 2 * WITHIN }), { maxLength: 8 });
    fc.assert(
      fc.property(amounts, amounts, ages, (desired, ready, silences) => {
        const managers = silences.map((age, index) => manager(index, age));
        const counted = count(deployment({ desired, ready }), said(...managers));
        assert.equal(counted.kind, 'known');
        if (counted.kind !== 'known') return;
        const standing = Math.min(desired, ready);
        assert.equal(counted.value.online, Math.min(standing, heardOf(managers)));
        assert.equal(counted.value.total, desired);
        assert.equal(counted.value.unheard.length, heardOf(managers) < standing ? 1 : 0);
      }),
    );
  });
});

describe('the count of several records', () => {
  const others = [deployment({ adopted: false }), deployment({ adopted: false, name: 'large', record: 12 })];
  const of = (second: RecordFacts['read']) =>
    countOf(others, [record(RECORD), { id: 12, read: second }], new Map(), WITHIN);

  it('is unknown when one of them cannot be read', () => {
    assert.deepEqual(of(unknown('429 Retry later')), unknown('record 12: 429 Retry later'));
  });

  it('counts no runners under a record that GitLab says is gone', () => {
    const counted = of({ kind: 'absent', at: NOW });
    assert.deepEqual(counted.kind === 'known' && [counted.value.online, counted.value.total], [2, 4]);
  });
});
