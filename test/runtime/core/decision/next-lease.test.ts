import assert from 'node:assert/strict';
import { policySchema } from '../../../../runtime/config.ts';
import { heardSince, inTouchSince, nextLease } from '../../../../runtime/core/decision/next-lease.ts';
import { memberOf } from '../../../../runtime/core/model/member.ts';
import { holderOf, type RoundFacts } from '../../../../runtime/core/model/facts.ts';
import { NO_CONTROL } from '../../../../runtime/core/model/control.ts';
import { formatLease, type Lease, type Memory } from '../../../../runtime/core/model/lease.ts';
import { emptyMemory } from '../../../../runtime/core/decision/memory.ts';
import { DEFAULT_TIMING } from '../../../../runtime/timing.ts';

const START = 1_700_000_000;
const RULES = { policy: policySchema.parse({}), timing: DEFAULT_TIMING };
const { leaseSeconds, roundSeconds } = DEFAULT_TIMING;

/** What cluster B sees `after` seconds, when cluster A, the holder, has just stamped so many online. */
function seen(after: number, online: number, previousLease: Lease | undefined): RoundFacts {
  const now = START + after;
  const lease: Lease = {
    cluster: 'cluster-a',
    online,
    total: 2,
    holder: 'cluster-a',
    term: 1,
    at: now - 1,
    inTouchSince: START,
    heardSince: START,
    wanted: { settled: 2, least: [{ count: 2, at: now - 1 }], since: START - 600, wholeSince: 0 },
    rivals: [],
    memory: emptyMemory(1),
  };
  const value = { id: 1, tags: [], paused: false, note: formatLease(lease), description: '', contactedAt: null };
  const term = {
    version: 1,
    number: 1,
    holder: 'cluster-a',
    previous: 'nobody',
    at: '2023-11-14T00:00:00Z',
    ground: 'first',
    reason: '',
    records: {},
    evidence: null,
  } as const;
  const report = { kind: 'absent', at: now } as const;
  const records = [{ id: 1, read: { kind: 'found', at: now, value } }] as const;
  const rivals = [memberOf({ name: 'cluster-a', report, records, former: [] }, 1)];
  const found = { kind: 'term', term, at: now } as const;
  return {
    now,
    self: {
      name: 'cluster-b',
      preferred: true,
      online: 2,
      total: 2,
      ownTags: ['runner-b'],
      records: [],
      report,
      lowest: { ...value, id: 2, note: null },
      previousLease,
      stampAt: now,
      heardSince: START,
    },
    rivals,
    mainTags: ['rnd-runner'],
    term: found,
    holder: holderOf(found, rivals),
    control: { kind: 'found', at: now, value: NO_CONTROL },
  };
}

const after = (...looks: (readonly [number, number])[]): Memory => {
  const lease = looks.reduce<Lease | undefined>(
    (previous, [seconds, online]) => nextLease(seen(seconds, online, previous), RULES).lease,
    undefined,
  );
  assert.ok(lease);
  return lease.memory;
};

describe('what a challenger remembers', () => {
  it('counts the different stamps of the holder in a row', () => {
    assert.equal(after([0, 0], [roundSeconds, 0], [2 * roundSeconds, 0]).unhealthy, 3);
    assert.equal(after([0, 0], [roundSeconds, 2], [2 * roundSeconds, 0]).unhealthy, 1);
    assert.equal(after([0, 1], [roundSeconds, 1]).stronger, 2);
  });

  it('D7: stops counting at the width that the lease line has for a count', () => {
    const counted: Lease['memory'] = { ...emptyMemory(1), stamp: START - 1, unhealthy: 9999, stronger: 9999 };
    const next = (online: number): Memory => {
      const { lease } = nextLease(seen(1, online, undefined), RULES);
      return nextLease(seen(1, online, { ...lease, memory: counted }), RULES).lease.memory;
    };
    assert.equal(next(0).unhealthy, 9999);
    assert.equal(next(1).stronger, 9999);
  });

  it('starts counting again after a gap in what is known', () => {
    assert.equal(after([0, 0], [leaseSeconds, 0]).unhealthy, 2);
    const gap = leaseSeconds + 1;
    assert.equal(after([0, 0], [gap, 0]).unhealthy, 1);
    assert.equal(after([0, 1], [gap, 1]).stronger, 1);
    assert.equal(after([0, 1], [gap, 1]).strongerSince, START + gap - 1);
  });
});

describe('a next lease', () => {
  it('names every record of each other cluster, the lowest first, and keeps them while none is known', () => {
    const facts = seen(0, 2, undefined);
    const [rival] = facts.rivals;
    assert.ok(rival);
    const gone = { kind: 'absent', at: START } as const;
    const two = { ...rival, records: [{ id: 3, read: gone }, ...rival.records] };
    const { lease: first } = nextLease({ ...facts, rivals: [two] }, RULES);
    assert.deepEqual(
      first.rivals.map(({ cluster, record }) => [cluster, record]),
      [
        ['cluster-a', 1],
        ['cluster-a', 3],
      ],
    );
    const later = seen(15, 2, first);
    const { lease: second } = nextLease({ ...later, rivals: [{ ...two, records: [] }] }, RULES);
    assert.deepEqual(second.rivals, first.rivals);
  });

  const lease: Lease = {
    cluster: 'cluster-a',
    online: 2,
    total: 2,
    holder: 'cluster-a',
    term: 7,
    at: START,
    inTouchSince: START - 1000,
    heardSince: 0,
    wanted: undefined,
    rivals: [],
    memory: emptyMemory(7),
  };

  it('keeps in touch over a gap of L + T and starts anew after a longer one', () => {
    assert.equal(inTouchSince(lease, lease.at + 75, 75), lease.inTouchSince);
    assert.equal(inTouchSince(lease, lease.at + 76, 75), lease.at + 76);
    assert.equal(inTouchSince(undefined, 5, 75), 5);
  });

  it('counts as heard while neither the contact of its managers nor its own stamps have a gap', () => {
    const at = lease.at + 15;
    const heard = { ...lease, heardSince: lease.at - 300 };
    assert.equal(heardSince(heard, at - 65, at, 65), lease.at - 300);
    assert.equal(heardSince(heard, at - 66, at, 65), 0);
    assert.equal(heardSince(heard, undefined, at, 65), 0);
    // Back after an outage, and after a time in which nobody looked: from this contact on.
    assert.equal(heardSince({ ...lease, heardSince: 0 }, at - 3.5, at, 65), at - 4);
    assert.equal(heardSince(heard, lease.at + 98, lease.at + 100, 65), lease.at + 98);
  });
});
