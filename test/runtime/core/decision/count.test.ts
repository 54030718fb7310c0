/** Online / Total: what Kubernetes says of our own pods, and what GitLab must say too of adopted ones. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isoOf } from '../../../../runtime/core/model/time.ts';
import { unknown, type Read } from '../../../../runtime/core/model/read.ts';
import {
  busyWithin,
  countOf,
  heardManagers,
  type Counted,
  type ManagersByRecord,
} from '../../../../runtime/core/decision/count.ts';
import type { ManagerView, RecordFacts } from '../../../../runtime/core/model/facts.ts';
import { DEFAULT_TIMING, heardWithinSeconds, vouchSeconds } from '../../../../runtime/timing.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z') / 1000;
const RECORD = 11;

const manager = (index: number, ageSeconds: number | null, busy = false): ManagerView => ({
  systemId: `r_${index}`,
  contactedAt: ageSeconds === null ? null : isoOf(NOW - ageSeconds),
  busy,
});

const heardOf = (managers: readonly ManagerView[]): number =>
  heardManagers({ kind: 'found', value: managers, at: NOW }, DEFAULT_TIMING);

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
  countOf([counted], records, managers, DEFAULT_TIMING);

describe('the managers that GitLab hears', () => {
  const within = heardWithinSeconds(DEFAULT_TIMING);
  const vouch = vouchSeconds(DEFAULT_TIMING);
  const cases: readonly (readonly [string, ManagerView, number])[] = [
    ['one that was just there', manager(1, 0), 1],
    ['one at the very end of its time', manager(1, within), 1],
    ['one a second later', manager(1, within + 1), 0],
    ['one with jobs, of which a report was lost', manager(1, vouch - 1, true), 1],
    ['one whose jobs are running and silent', manager(1, vouch, true), 0],
    ['one that never came', manager(1, null, true), 0],
  ];
  for (const [name, view, heard] of cases)
    it(`${heard === 1 ? 'include' : 'leave out'} ${name}`, () => assert.equal(heardOf([view]), heard));

  it('include a manager with jobs and an old contact, right after GitLab hears the cluster again', () => {
    const silent = { kind: 'found' as const, value: [manager(1, 3000, true), manager(2, 3000)], at: NOW };
    const heard = (since: number) => heardManagers(silent, DEFAULT_TIMING, busyWithin(since, NOW, DEFAULT_TIMING));
    assert.deepEqual([heard(NOW), heard(NOW - vouch + 1)], [1, 1]);
    assert.deepEqual([heard(NOW - vouch), heard(0)], [0, 0], 'nobody who is heard: jobs do not vouch for all');
  });

  it('count a manager once, however many rows it has', () => assert.equal(heardOf([manager(1, 3), manager(1, 9)]), 1));
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
      DEFAULT_TIMING,
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
    const ages = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 8 });
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
    countOf(others, [record(RECORD), { id: 12, read: second }], new Map(), DEFAULT_TIMING);

  it('is unknown when one of them cannot be read', () => {
    assert.deepEqual(of(unknown('429 Retry later')), unknown('record 12: 429 Retry later'));
  });

  it('counts no runners under a record that GitLab says is gone', () => {
    const counted = of({ kind: 'absent', at: NOW });
    assert.deepEqual(counted.kind === 'known' && [counted.value.online, counted.value.total], [2, 4]);
  });
});
